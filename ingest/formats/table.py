"""The table of formats. A new format is one module and one entry here."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.messages import Message
from ingest.formats import (
    aliyun,
    chirpstack,
    ctwing,
    edge_batch,
    fiware,
    huawei,
    iota,
    native,
    netmore,
    onenet,
    senml,
    sensor_community,
    sensorthings,
    sparkplug,
    tasmota,
    ttn_v2,
    tts,
    zigbee2mqtt,
)
from ingest.formats.decoded import Decode
from ingest.formats.hj212 import decoder as hj212


def never(message: Message) -> bool:
    """For formats that are known by their topic alone."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format. `topics` are the filters under which it is looked for, `looks_like` tells it on any other topic."""

    name: str
    open: Callable[[], Decode]
    """Makes a decoder; one that remembers something between messages remembers it for its pipeline alone."""
    topics: tuple[str, ...] = ()
    looks_like: Callable[[Message], bool] = never


FORMATS: tuple[Format, ...] = (
    Format(name="native", topics=("citybrain/v1/up/+",), open=lambda: native.decode_up),
    Format(name="native-batch", topics=("citybrain/v1/batch/+",), open=lambda: native.decode_batch),
    Format(name="sparkplug-b", topics=sparkplug.TOPICS, looks_like=sparkplug.looks_like, open=sparkplug.open_sparkplug),
    Format(name="tasmota", topics=tasmota.TOPICS, looks_like=tasmota.looks_like, open=lambda: tasmota.decode),
    Format(
        name="zigbee2mqtt",
        topics=zigbee2mqtt.TOPICS,
        looks_like=zigbee2mqtt.looks_like,
        open=lambda: zigbee2mqtt.decode,
    ),
    Format(name="sensor-community", looks_like=sensor_community.looks_like, open=lambda: sensor_community.decode),
    Format(name="hj212", topics=("hj212/#",), open=lambda: hj212.Hj212().decode, looks_like=hj212.looks_like),
    Format(name="ngsi-ld", looks_like=fiware.looks_like_ld, open=lambda: fiware.decode),
    Format(name="ngsi-v2", looks_like=fiware.looks_like_v2, open=lambda: fiware.decode),
    Format(name="iota-json", topics=iota.JSON_TOPICS, looks_like=iota.looks_like_json, open=lambda: iota.decode_json),
    Format(name="iota-ul", topics=iota.UL_TOPICS, looks_like=iota.looks_like_ul, open=lambda: iota.decode_ul),
    Format(
        name="sensorthings",
        topics=sensorthings.TOPICS,
        looks_like=sensorthings.looks_like,
        open=lambda: sensorthings.decode,
    ),
    Format(name="senml", looks_like=senml.looks_like, open=lambda: senml.decode),
    Format(
        name="chirpstack", topics=chirpstack.TOPICS, looks_like=chirpstack.looks_like, open=lambda: chirpstack.decode
    ),
    Format(name="chirpstack-v4", open=lambda: chirpstack.decode_v4),
    Format(name="chirpstack-v3", open=lambda: chirpstack.decode_v3),
    Format(name="tts-v3", topics=tts.TOPICS, looks_like=tts.looks_like, open=lambda: tts.decode),
    Format(name="ttn-v2", looks_like=ttn_v2.looks_like, open=lambda: ttn_v2.decode),
    Format(name="netmore", looks_like=netmore.looks_like, open=lambda: netmore.decode),
    Format(name="ctwing", looks_like=ctwing.looks_like, open=ctwing.open_ctwing),
    Format(name="onenet", topics=onenet.TOPICS, looks_like=onenet.looks_like, open=lambda: onenet.decode),
    Format(name="aliyun", topics=aliyun.TOPICS, looks_like=aliyun.looks_like, open=lambda: aliyun.decode),
    Format(name="huawei-iotda", topics=huawei.TOPICS, looks_like=huawei.looks_like, open=lambda: huawei.decode),
    Format(name="edge-batch", looks_like=edge_batch.looks_like, open=lambda: edge_batch.decode),
)
"""For `auto`: the first whose topic matches, then the first that the message looks like."""

NAMES = tuple(entry.name for entry in FORMATS)
