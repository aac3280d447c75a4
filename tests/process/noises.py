"""Garbage in every format, on many topics, each with the reason for which it must stand in the quarantine."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.messages import Reason
from tests.ingest.hj212_station import framed, packet
from tests.process.voices import Moment, json_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What must stand in the quarantine, and why."""

    topic: str
    payload: bytes
    reason: Reason


def noises(moment: datetime) -> list[Noise]:
    """At least one for every reason that a message can give by itself, in as many formats."""
    at = Moment(moment)
    later = Moment(moment + timedelta(days=2))
    up = "citybrain/v1/up/NM-001"
    secret = packet("secret", mn="NM-004", flag=9)
    return [
        Noise(topic="weather/today", payload=b"it rains", reason=Reason.UNKNOWN_TOPIC),
        Noise(topic=up, payload=b'{"v": {"laeq": 1}, "x": "' + b"x" * 300_000 + b'"}', reason=Reason.TOO_LARGE),
        Noise(
            topic=up,
            payload=json_bytes({"t": at.ms, "v": {f"m{number}": 1 for number in range(10_001)}}),
            reason=Reason.TOO_MANY_POINTS,
        ),
        Noise(topic="tele/hall/SENSOR", payload=b'{"Time": ', reason=Reason.NOT_JSON),
        Noise(topic="zigbee2mqtt/roof", payload=b"\xff\xfe", reason=Reason.NOT_JSON),
        Noise(topic="acme/box-20/report", payload=b"[", reason=Reason.NOT_JSON),
        Noise(topic="application/1/device/0101010101010105/event/up", payload=b"{", reason=Reason.NOT_JSON),
        Noise(topic="spBv1.0/city/DDATA/edge-7/box", payload=b"\xff" * 9, reason=Reason.WRONG_SHAPE),
        Noise(
            topic="hj212/relay",
            payload=framed(packet("LA-Rtd=50.0", mn="NM-004"), checksum="0000"),
            reason=Reason.WRONG_SHAPE,
        ),
        Noise(topic="hj212/relay", payload=framed(secret), reason=Reason.ENCRYPTED),
        Noise(topic="/ul/key/N10/attrs", payload=b"t|15.5|h", reason=Reason.WRONG_SHAPE),
        Noise(
            topic="senml",
            payload=json_bytes([{"bn": "N12/", "bver": 99, "n": "temperature", "v": 1}]),
            reason=Reason.WRONG_SHAPE,
        ),
        Noise(
            topic="v1.1/Datastreams(5)/Observations",
            payload=json_bytes({"phenomenonTime": at.zulu, "result": "warm"}),
            reason=Reason.BAD_NUMBER,
        ),
        Noise(
            topic="airrohr",
            payload=json_bytes({"esp8266id": "12331981", "sensordatavalues": [{"value_type": "SDS_P1", "value": "x"}]}),
            reason=Reason.BAD_NUMBER,
        ),
        Noise(topic=up, payload=json_bytes({"t": 0, "v": {"laeq": 50}}), reason=Reason.BAD_TIME),
        Noise(
            topic="bridged/$sys/product/N16/thing/property/post",
            payload=json_bytes({"params": {"temperature": {"value": 5, "time": later.ms}}}),
            reason=Reason.FUTURE_TIME,
        ),
        Noise(
            topic="clouds",
            payload=json_bytes({"productKey": "pk", "deviceName": "stranger", "items": {"temperature": {"value": 5}}}),
            reason=Reason.UNKNOWN_DEVICE,
        ),
        Noise(
            topic="v3/app@ttn/devices/six/up",
            payload=json_bytes(
                {
                    "end_device_ids": {"device_id": "six", "dev_eui": "0101010101010106"},
                    "uplink_message": {"f_cnt": 8, "received_at": at.zulu, "decoded_payload": {"mood": 5}},
                }
            ),
            reason=Reason.UNKNOWN_METRIC,
        ),
        Noise(
            topic="orion",
            payload=json_bytes(
                {
                    **{"id": "N8", "type": "NoiseLevelObserved", "dateObserved": at.zulu},
                    "temperature": {"value": 5, "metadata": {"unitCode": {"value": "ZZZ"}}},
                }
            ),
            reason=Reason.UNKNOWN_UNIT,
        ),
        Noise(
            topic="bridged/$oc/devices/N18/sys/properties/report",
            payload=json_bytes(
                {"services": [{"service_id": "a", "properties": {"temperature": 9000}, "event_time": at.basic}]}
            ),
            reason=Reason.OUT_OF_RANGE,
        ),
        Noise(
            topic=up,
            payload=json_bytes({"device": "NM-002", "t": at.ms, "v": {"laeq": 5}}),
            reason=Reason.DEVICE_MISMATCH,
        ),
        Noise(
            topic="application/1/device/0101010101010105/event/up",
            payload=json_bytes(
                {
                    **{"deduplicationId": "raw", "time": at.iso, "deviceInfo": {"devEui": "0101010101010105"}},
                    **{"fCnt": 9, "fPort": 1, "data": base64.b64encode(b"\x01\x02").decode()},
                }
            ),
            reason=Reason.NO_CODEC,
        ),
    ]
