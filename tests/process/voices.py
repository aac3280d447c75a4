"""One good message of every format, each of a device of its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import yaml

from tests.ingest.hj212_station import frame
from tests.ingest.sparkplug_edge import DOUBLE, metric
from tests.ingest.sparkplug_edge import payload as sparkplug

BEIJING = timedelta(hours=8)
SENML_LABELS = {"bn": -2, "bt": -3, "n": 0, "u": 1, "v": 2}
"""RFC 8428, section 6."""
MAPPING = {
    "name": "acme",
    "topics": ["acme/{box}/report"],
    "device": "{box}",
    "time": {"path": "$.ms", "form": "epoch"},
    "values": [{"path": "$.celsius", "metric": "temperature", "unit": "°C"}],
    "extra": "quarantine",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A device by its format: what the registry must say of it, its message, and the value that must be stored."""

    format: str
    device: str
    topic: str
    payload: bytes
    expected: tuple[str, float]
    aliases: tuple[str, ...] = ()
    dialect: Mapping[str, Any] = field(default_factory=dict)


def json_bytes(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


class Moment:
    """One moment in all the spellings of it."""

    def __init__(self, moment: datetime) -> None:
        self.utc = moment.astimezone(UTC).replace(microsecond=0)
        self.ms = round(self.utc.timestamp() * 1000)
        self.iso = self.utc.isoformat()
        self.zulu = self.utc.strftime("%Y-%m-%dT%H:%M:%SZ")
        self.local = self.utc.strftime("%Y-%m-%dT%H:%M:%S")
        self.beijing = (self.utc + BEIJING).strftime("%Y%m%d%H%M%S")
        self.basic = self.utc.strftime("%Y%m%dT%H%M%SZ")


def own_and_home(at: Moment) -> list[Voice]:
    report = {"t": at.ms, "v": {"laeq": 51.0}}
    home = {"timezone": "UTC"}
    return [
        Voice(
            format="native",
            device="NM-001",
            topic="citybrain/v1/up/NM-001",
            payload=json_bytes(report),
            expected=("laeq", 51.0),
        ),
        Voice(
            format="native-batch",
            device="NM-002",
            topic="citybrain/v1/batch/gw",
            payload=json_bytes([{**report, "device": "NM-002"}]),
            expected=("laeq", 51.0),
        ),
        Voice(
            format="sparkplug-b",
            device="NM-003",
            aliases=("city/edge-7/box",),
            topic="spBv1.0/city/DDATA/edge-7/box",
            payload=sparkplug([metric("laeq", datatype=DOUBLE, double_value=53.0)], timestamp=at.ms),
            expected=("laeq", 53.0),
        ),
        Voice(
            format="tasmota",
            device="AS-001",
            aliases=("hall",),
            dialect=home,
            topic="tele/hall/SENSOR",
            payload=json_bytes({"Time": at.local, "AM2301": {"Temperature": 11.5}, "TempUnit": "C"}),
            expected=("temperature", 11.5),
        ),
        Voice(
            format="zigbee2mqtt",
            device="AS-002",
            aliases=("roof",),
            topic="zigbee2mqtt/roof",
            payload=json_bytes({"temperature": 12.5, "linkquality": 90, "last_seen": at.zulu}),
            expected=("temperature", 12.5),
        ),
        Voice(
            format="sensor-community",
            device="AS-003",
            aliases=("esp8266-12331981",),
            topic="airrohr",
            payload=json_bytes(
                {"esp8266id": "12331981", "sensordatavalues": [{"value_type": "SDS_P1", "value": "13.50"}]}
            ),
            expected=("pm10", 13.5),
        ),
        Voice(
            format="mapping:acme",
            device="NM-020",
            aliases=("box-20",),
            topic="acme/box-20/report",
            payload=json_bytes({"ms": at.ms, "celsius": 14.5}),
            expected=("temperature", 14.5),
        ),
    ]


def standards(at: Moment) -> list[Voice]:
    pack = [{"bn": "N12/", "bt": at.ms / 1000, "n": "temperature", "u": "Cel", "v": 17.5}]
    binary = {SENML_LABELS[name]: value for name, value in {**pack[0], "bn": "N13/"}.items()}
    entity = {"type": "NoiseLevelObserved", "dateObserved": at.zulu}
    linked = {"type": "Property", "value": 55.0, "observedAt": at.zulu}
    return [
        Voice(
            format="hj212",
            device="NM-004",
            topic="hj212/relay",
            payload=frame(f"DataTime={at.beijing};LA-Rtd=54.0,LA-Flag=N", mn="NM-004", qn=f"{at.beijing}000"),
            expected=("laeq", 54.0),
        ),
        Voice(
            format="ngsi-v2",
            device="NM-008",
            aliases=("N8",),
            topic="orion",
            payload=json_bytes({"subscriptionId": "5", "data": [{**entity, "id": "N8", "LAeq": 54.5}]}),
            expected=("laeq", 54.5),
        ),
        Voice(
            format="ngsi-ld",
            device="NM-009",
            aliases=("urn:ngsi-ld:NoiseLevelObserved:N9",),
            topic="orion",
            payload=json_bytes(
                {
                    **{"id": "urn:ngsi-ld:NoiseLevelObserved:N9", "type": "NoiseLevelObserved", "LAeq": linked},
                    "@context": ["https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"],
                }
            ),
            expected=("laeq", 55.0),
        ),
        Voice(
            format="iota-ul",
            device="NM-010",
            aliases=("N10",),
            dialect={"metrics": {"t": "temperature"}},
            topic="/ul/key/N10/attrs",
            payload=b"t|15.5",
            expected=("temperature", 15.5),
        ),
        Voice(
            format="iota-json",
            device="NM-011",
            aliases=("N11",),
            topic="/json/key/N11/attrs",
            payload=json_bytes({"temperature": 16.5}),
            expected=("temperature", 16.5),
        ),
        Voice(
            format="senml",
            device="NM-012",
            aliases=("N12",),
            topic="senml",
            payload=json_bytes(pack),
            expected=("temperature", 17.5),
        ),
        Voice(
            format="senml",
            device="NM-013",
            aliases=("N13",),
            topic="senml",
            payload=cbor2.dumps([binary]),
            expected=("temperature", 17.5),
        ),
        Voice(
            format="sensorthings",
            device="NM-014",
            aliases=("Datastreams(5)",),
            dialect={"metrics": {"5": "temperature"}},
            topic="v1.1/Datastreams(5)/Observations",
            payload=json_bytes({"phenomenonTime": at.zulu, "result": 18.5}),
            expected=("temperature", 18.5),
        ),
    ]


def networks(at: Moment) -> list[Voice]:
    battery = b"\x01\x75\x62"
    return [
        Voice(
            format="chirpstack",
            device="NM-005",
            aliases=("0101010101010105",),
            topic="application/1/device/0101010101010105/event/up",
            payload=json_bytes(
                {
                    **{"deduplicationId": "5", "time": at.iso, "deviceInfo": {"devEui": "0101010101010105"}},
                    **{"fCnt": 5, "fPort": 1, "data": "qg==", "object": {"temperature": 19.5}},
                }
            ),
            expected=("temperature", 19.5),
        ),
        Voice(
            format="tts-v3",
            device="NM-006",
            aliases=("0101010101010106",),
            topic="v3/app@ttn/devices/six/up",
            payload=json_bytes(
                {
                    "end_device_ids": {"device_id": "six", "dev_eui": "0101010101010106"},
                    "uplink_message": {
                        **{"f_cnt": 6, "frm_payload": "qg==", "received_at": at.zulu},
                        "decoded_payload": {"temperature": 20.5},
                    },
                }
            ),
            expected=("temperature", 20.5),
        ),
        Voice(
            format="ttn-v2",
            device="NM-007",
            aliases=("0101010101010107",),
            topic="ttn",
            payload=json_bytes(
                {
                    **{"dev_id": "seven", "hardware_serial": "0101010101010107", "payload_raw": "qg==", "counter": 7},
                    **{"metadata": {"time": at.zulu}, "payload_fields": {"temperature": 21.5}},
                }
            ),
            expected=("temperature", 21.5),
        ),
        Voice(
            format="netmore",
            device="MH-010",
            aliases=("0101010101010110",),
            dialect={"codec": "milesight-em310-tilt"},
            topic="netmore",
            payload=json_bytes(
                [
                    {
                        **{"devEui": "0101010101010110", "sensorType": "tilt", "timestamp": at.zulu, "fCntUp": 10},
                        **{"fPort": "85", "payload": battery.hex()},
                    }
                ]
            ),
            expected=("battery", 98.0),
        ),
    ]


def clouds(at: Moment) -> list[Voice]:
    temperature = {"temperature": {"value": 22.5, "time": at.ms}}
    return [
        Voice(
            format="ctwing",
            device="MH-011",
            aliases=("40edca19b0124480",),
            dialect={"metrics": {"Alarm_Status": "cover_open"}},
            topic="clouds",
            payload=json_bytes(
                {
                    **{"messageType": "dataReport", "productId": "15114816", "deviceId": "40edca19b0124480"},
                    **{"timestamp": at.ms, "payload": {"serviceData": {"Alarm_Status": 0}}},
                }
            ),
            expected=("cover_open", 0.0),
        ),
        Voice(
            format="onenet",
            device="NM-016",
            aliases=("N16",),
            topic="bridged/$sys/product/N16/thing/property/post",
            payload=json_bytes({"id": "1", "version": "1.0", "params": temperature}),
            expected=("temperature", 22.5),
        ),
        Voice(
            format="aliyun",
            device="NM-017",
            aliases=("pk/N17",),
            topic="clouds",
            payload=json_bytes({"productKey": "pk", "deviceName": "N17", "items": temperature}),
            expected=("temperature", 22.5),
        ),
        Voice(
            format="huawei-iotda",
            device="NM-018",
            aliases=("N18",),
            topic="bridged/$oc/devices/N18/sys/properties/report",
            payload=json_bytes(
                {"services": [{"service_id": "a", "properties": {"temperature": 23.5}, "event_time": at.basic}]}
            ),
            expected=("temperature", 23.5),
        ),
        Voice(
            format="edge-batch",
            device="NM-019",
            aliases=("N19",),
            dialect={"timezone": "Asia/Shanghai"},
            topic="clouds",
            payload=json_bytes(
                {
                    "msgType": "up",
                    "batch": [{"timestamp": at.beijing, "device_id": "N19", "metrics": {"temperature": 24.5}}],
                }
            ),
            expected=("temperature", 24.5),
        ),
    ]


def voices(moment: datetime) -> list[Voice]:
    at = Moment(moment)
    return [*own_and_home(at), *standards(at), *networks(at), *clouds(at)]


def register(devices: Path, spoken: list[Voice]) -> None:
    """Aliases and dialects into the registry's file."""
    content = yaml.safe_load(devices.read_text(encoding="utf-8"))
    by_id = {voice.device: voice for voice in spoken}
    for entry in content["devices"]:
        if voice := by_id.get(entry["id"]):
            entry.update({"aliases": list(voice.aliases)} if voice.aliases else {})
            entry.update({"dialect": dict(voice.dialect)} if voice.dialect else {})
    devices.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
