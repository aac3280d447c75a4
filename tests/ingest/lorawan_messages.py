"""Uplinks as LoRaWAN network servers publish them, and what is decoded of them."""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from domain.devices import PLAIN, Dialect
from domain.messages import Message
from ingest.formats.choosing import FormatChoice, Formats
from ingest.formats.decoded import Decoded

RECEIVED = 1_790_000_000_000_000
V4_TOPIC = "application/17c82e96-be03-4f38-aef3-f83d48582d97/device/0101010101010101/event/up"
METER_TOPIC = V4_TOPIC.replace("0101010101010101", "24e124126a229e1b")
"""Of the device that TTS has heard too."""
V3_TOPIC = "application/102/device/24e124329e090021/event/up"
TTS_TOPIC = "v3/my-app@ttn/devices/foo-bar-baz/up"

CHIRPSTACK_V4: dict[str, Any] = {
    "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
    "time": "2022-07-18T09:34:15.775023242+00:00",
    "deviceInfo": {
        "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
        "tenantName": "ChirpStack",
        "applicationId": "17c82e96-be03-4f38-aef3-f83d48582d97",
        "applicationName": "Test application",
        "deviceProfileName": "Test device-profile",
        "deviceName": "Test device",
        "devEui": "0101010101010101",
        "tags": {"key": "value"},
    },
    "devAddr": "00189440",
    "dr": 1,
    "fPort": 1,
    "data": "qg==",
    "rxInfo": [{"gatewayId": "0016c001f153a14c", "uplinkId": 4217106255, "rssi": -36, "snr": 10.5}],
}
"""Published by diwise/iot-agent in the tests of its facade for ChirpStack 4."""

CHIRPSTACK_V3: dict[str, Any] = {
    "applicationID": "102",
    "applicationName": "3_IoT-For-Klimat",
    "deviceName": "TLD-01",
    "deviceProfileName": "Milesight EM400TLD",
    "devEUI": "24e124329e090021",
    "rxInfo": [
        {
            "gatewayID": "24e124fffef477f6",
            "name": "SN-LGW-047",
            "time": "2025-04-10T11:44:01.912259Z",
            "rssi": -110,
            "loRaSNR": -5.8,
        },
        {"gatewayID": "fcc23dfffe0a752b", "rssi": -104, "loRaSNR": 1.2},
    ],
    "object": {"battery": 87, "distance": 2140, "position": "normal", "temperature": 5.6},
}
"""The same project, facade for the city network of Sundsvall; shortened."""

CHIRPSTACK_V3_ERROR: dict[str, Any] = {
    "applicationID": "102",
    "deviceName": "TLD-01",
    "devEUI": "24e124329e090021",
    "type": "UPLINK_FCNT_RETRANSMISSION",
    "error": "frame-counter did not increment",
    "fCnt": 45797,
}

TTS: dict[str, Any] = {
    "end_device_ids": {
        "device_id": "foo-bar-baz",
        "application_ids": {"application_id": "my-app"},
        "dev_eui": "24E124126A229E1B",
        "dev_addr": "260B4ECC",
    },
    "received_at": "2022-01-19T19:02:34.007345025Z",
    "uplink_message": {
        "session_key_id": "AX5EAhuWcAKw05B5vIdPsA==",
        "f_port": 1,
        "f_cnt": 2289,
        "frm_payload": "AWcAKg==",
        "decoded_payload": {"analog_in_1": 59.04, "temperature_2": 4.2},
        "rx_metadata": [
            {"gateway_ids": {"gateway_id": "a"}, "timestamp": 4294967295, "rssi": -101, "snr": 4.5},
            {"gateway_ids": {"gateway_id": "b"}, "time": "2022-01-19T19:02:33Z", "rssi": -90, "snr": 8},
        ],
        "settings": {"frequency": "868300000"},
        "received_at": "2022-01-19T19:02:33.799830945Z",
    },
}
"""Fields and values after the recorded uplink in daq-tools/kotori, test/test_tts_ttn_full.json."""

NETMORE: dict[str, Any] = {
    "devEui": "70b3d554600002e7",
    "sensorType": "cube02",
    "timestamp": "2025-04-10T20:48:22.053Z",
    "payload": "b006b800013008cc98000002b8a8000399000000190840e40000",
    "spreadingFactor": "12",
    "dr": 0,
    "rssi": "-104",
    "snr": "-2",
    "gatewayIdentifier": "824",
    "messageType": "payload",
    "fPort": "2",
}
"""diwise/iot-agent, facade for Netmore."""


def message(content: object, topic: str = "bridge/of/somebody", **more: Any) -> Message:
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Message(**{"feed": "city", "topic": topic, "payload": payload, "received": RECEIVED, **more})


def decode(
    content: object,
    topic: str = "bridge/of/somebody",
    *,
    dialects: Mapping[str, Dialect] | None = None,
    name: str | None = None,
) -> Sequence[Decoded]:
    """As the engine decodes it: the format told by topic and looks, or that of the feed where `name` is given."""
    by_feed = {} if name is None else {"city": name}
    return Formats(FormatChoice(by_feed=by_feed, dialects=dialects or {})).decode(message(content, topic))


def only(decoded: Sequence[Decoded]) -> Decoded:
    (one,) = decoded
    return one


def values(decoded: Decoded) -> dict[str, float]:
    assert len({one.metric for one in decoded.measurements}) == len(decoded.measurements)
    return {one.metric: one.value for one in decoded.measurements}


def skipped(decoded: Decoded) -> dict[str, str]:
    return {one.field: one.why for one in decoded.skipped}


def encoded(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()


WITH_WS302 = Dialect(codec="milesight-ws302")
WITH_TILT = Dialect(codec="milesight-em310-tilt", installed=(0.0, 0.0, 90.0))
PLAIN_DIALECT = PLAIN
