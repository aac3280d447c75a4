"""One reading, 20.5 °C of NM-0001 at noon, as it sounds in every format that can say its time."""

from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from config.catalogue import load_catalogue
from domain.devices import Dialect, Registry
from domain.ledger import Tally
from domain.messages import Message, Reason
from domain.metrics import Catalogue
from domain.names import folded
from domain.settlements import Settlement
from ingest.formats.choosing import FormatChoice, Formats, mapping_formats
from ingest.formats.table import FORMATS, Format
from ingest.pipeline import Pipeline
from ingest.settings import IngestSettings
from ingest.statistics import Statistics
from tests.ingest.fakes import NOW, NOW_MS, message, small_city
from tests.ingest.hj212_station import frame
from tests.ingest.lorawan_messages import CHIRPSTACK_V4, METER_TOPIC, TTS, TTS_TOPIC
from tests.ingest.sparkplug_edge import metric
from tests.ingest.sparkplug_edge import payload as sparkplug

MAPPING = Path(__file__).parents[2] / "examples" / "mapping.yaml"
EUI = "24e124126a229e1b"
ZIGBEE, AIRROHR = "zigbee2mqtt/kitchen/meter", "bridge/airrohr"
NOON_UTC, NOON_LOCAL = "2026-11-22T12:00:00Z", "2026-11-22T20:00:00"
DIALECT = Dialect(timezone="Asia/Shanghai", metrics={"5": "temperature"})
ALIASES = (
    "24-E1-24-12-6A-22-9E-1B",
    "city/edge/NM-1",
    "kitchen/meter",
    "Datastreams(5)",
    "esp8266-12",
    "TF-1",
)


class Voice(NamedTuple):
    """What is published where."""

    name: str
    payload: Any
    topic: str

    def said(self, **more: Any) -> Message:
        content = self.payload if isinstance(self.payload, bytes) else msgspec.json.encode(self.payload)
        return message(content, topic=self.topic, **more)


VOICES = (
    Voice("native", {"t": NOW_MS, "v": {"temperature": 20.5}}, "citybrain/v1/up/NM-0001"),
    Voice("native-batch", [{"device": "NM-0001", "t": NOW_MS, "v": {"temperature": 20.5}}], "citybrain/v1/batch/gw"),
    Voice(
        "mapping", {"list": [{"sn": "TF-1", "ts": NOON_LOCAL, "st": "OK", "met": {"t": 20.5}}]}, "tingfeng/a/b/report"
    ),
    Voice("sparkplug-b", sparkplug([metric("temperature", double_value=20.5)]), "spBv1.0/city/DDATA/edge/NM-1"),
    Voice("tasmota", {"Time": NOON_LOCAL, "DS18B20": {"Temperature": 20.5}}, "tele/NM-0001/SENSOR"),
    Voice("zigbee2mqtt", {"temperature": 20.5, "last_seen": NOON_UTC}, "zigbee2mqtt/kitchen/meter"),
    Voice("hj212", frame("DataTime=20261122200000;a01001-Rtd=20.5,a01001-Flag=N"), "hj212/NM-0001"),
    Voice(
        "ngsi-v2",
        {"id": "NM-0001", "type": "AirQualityObserved", "dateObserved": NOON_UTC, "temperature": 20.5},
        "ngsi",
    ),
    Voice("iota-ul", f"{NOON_UTC}|temperature|20.5".encode(), "/ul/key/NM-0001/attrs"),
    Voice("iota-json", {"TimeInstant": NOON_UTC, "temperature": 20.5}, "/json/key/NM-0001/attrs"),
    Voice("sensorthings", {"result": 20.5, "phenomenonTime": NOON_UTC}, "v1.1/Datastreams(5)/Observations"),
    Voice("senml", [{"bn": "NM-0001/", "bt": NOW_MS / 1000, "n": "temperature", "u": "Cel", "v": 20.5}], "senml"),
    Voice(
        "chirpstack",
        {**CHIRPSTACK_V4, "time": NOON_UTC, "deviceInfo": {"devEui": EUI}, "object": {"temperature": "20.5"}},
        METER_TOPIC,
    ),
    Voice(
        "tts-v3",
        {
            **TTS,
            "uplink_message": {
                **TTS["uplink_message"],
                "received_at": NOON_UTC,
                "decoded_payload": {"temperature_2": 20.5},
            },
        },
        TTS_TOPIC,
    ),
    Voice(
        "onenet",
        {"id": "1", "params": {"temperature": {"value": 20.5, "time": NOW_MS}}},
        "$sys/p/NM-0001/thing/property/post",
    ),
    Voice(
        "edge-batch",
        {
            "msgType": "up",
            "batch": [{"timestamp": "20261122200000000", "device_id": "NM-0001", "metrics": {"temperature": 20.5}}],
        },
        "edge",
    ),
)


@cache
def town() -> Registry:
    """The small city; its first meter goes by many names."""
    registry = small_city()
    meter = replace(registry.devices["NM-0001"], aliases=ALIASES)
    return replace(registry, devices={**registry.devices, "NM-0001": meter})


@cache
def _table() -> tuple[Format, ...]:
    return (*mapping_formats((MAPPING,)), *FORMATS)


def formats(dialect: Dialect = DIALECT) -> Formats:
    """With the example of a mapping; the meter speaks in the dialect under all its names."""
    return Formats(FormatChoice(table=_table(), dialects=dict.fromkeys(("NM-0001", *map(folded, ALIASES)), dialect)))


def hall(dialect: Dialect = DIALECT) -> Pipeline:
    """The intake of the town."""
    settings = IngestSettings()
    statistics = Statistics([feed.id for feed in settings.feeds])
    return Pipeline(town(), _catalogue(), settings, statistics=statistics, formats=formats(dialect))


@cache
def _catalogue() -> Catalogue:
    return load_catalogue()[0]


def settle(*messages: Message, dialect: Dialect = DIALECT, pipeline: Pipeline | None = None) -> Settlement:
    return (pipeline or hall(dialect)).settle(messages, NOW)


def rows(settlement: Settlement) -> list[tuple[str, str, float]]:
    return [(row.device, row.metric, row.value) for row in settlement.readings.rows()]


def total(settlement: Settlement) -> Tally:
    return sum((line.readings for line in settlement.ledger), Tally())


def reasons(settlement: Settlement) -> Counter[Reason]:
    return Counter({one.reason: one.readings for one in settlement.quarantined})


def airrohr(**values: object) -> Message:
    items = [{"value_type": name, "value": value} for name, value in values.items()]
    return message({"esp8266id": 12, "sensordatavalues": items}, topic=AIRROHR)


def zigbee(**fields: object) -> Message:
    return message({"last_seen": NOON_UTC, **fields}, topic=ZIGBEE)
