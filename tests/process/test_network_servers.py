"""LoRaWAN and cloud messages through a whole installation: a cover that tips alarms once, a simulated one never."""

import base64
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns
from typing import Any

import pytest
import yaml

from tests.ingest.publisher import publish
from tests.process.house import House, running_broker

pytestmark = [pytest.mark.process, pytest.mark.service]

EUIS = {"MH-001": "24E124785C389801", "MH-002": "24E124785C389802", "MH-003": "24E124785C389803"}
TILT = {"codec": "milesight-em310-tilt", "installed": [0.0, 0.0, 90.0]}
APPLICATION = "application/17c82e96-be03-4f38-aef3-f83d48582d97/device"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Three covers with a LoRaWAN sensor, and one behind CTWing."""
    with running_broker("mosquitto", tmp_path / "broker") as broker:
        feed = {"id": "city", "topics": ["application/#", "v3/#", "clouds/#"]}
        made = House(tmp_path / "house", broker)
        content = yaml.safe_load(made.file.read_text(encoding="utf-8"))
        content["ingest"]["feeds"] = [feed]
        devices = tmp_path / "house" / "city" / "devices.yaml"
        entries = yaml.safe_load(devices.read_text(encoding="utf-8"))
        for entry in entries["devices"]:
            if entry["id"] in EUIS:
                entry |= {"aliases": [EUIS[entry["id"]]], "dialect": TILT}
            if entry["id"] == "MH-004":
                entry |= {"aliases": ["40edca19b0124480"], "dialect": {"metrics": {"Alarm_Status": "cover_open"}}}
        devices.write_text(yaml.safe_dump(entries, allow_unicode=True), encoding="utf-8")
        made.file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        with made:
            yield made


def frame(degrees: float, *, tripped: bool) -> str:
    angles = struct.pack("<hhhB", round(degrees * 100), 0, round((90 - degrees) * 100), int(tripped))
    return base64.b64encode(b"\x03\xcf" + angles + b"\x01\x75\x62").decode()


def now() -> str:
    return datetime.now(UTC).isoformat()  # an installation of real processes runs by the machine's clock


def chirpstack(device: str, degrees: float, *, tripped: bool, **more: Any) -> tuple[str, bytes]:
    eui = EUIS[device].lower()
    content = {
        "deduplicationId": f"{device}-{degrees}",
        "time": now(),
        "deviceInfo": {"devEui": eui},
        "devAddr": "00189440",
        "fPort": 85,
        "fCnt": 1,
        "data": frame(degrees, tripped=tripped),
        **more,
    }
    return f"{APPLICATION}/{eui}/event/up", json.dumps(content).encode()


def simulated(device: str) -> tuple[str, bytes]:
    content = {
        "end_device_ids": {"device_id": "cover", "dev_eui": EUIS[device], "dev_addr": "260B4ECC"},
        "simulated": True,
        "uplink_message": {"f_cnt": 7, "frm_payload": frame(60, tripped=True), "received_at": now()},
    }
    return "v3/covers@ttn/devices/cover/up", json.dumps(content).encode()


def ctwing(offset_ms: int) -> tuple[str, bytes]:
    content = {
        "upPacketSN": -1,
        "topic": "v1/up/ad19prof",
        "timestamp": time_ns() // 1_000_000 + offset_ms,
        "productId": "15114816",
        "payload": {"serviceData": {"Alarm_Status": 1, "RSRP": 114}},
        "messageType": "dataReport",
        "deviceId": "40edca19b0124480",
    }
    return "clouds/ctwing", json.dumps(content).encode()


def test_a_cover_that_tips_alarms_once_through_each_network_and_a_simulated_one_never(house: House) -> None:
    house.start()
    tipped = chirpstack("MH-001", 45.0, tripped=True)
    messages = [
        tipped,
        tipped,  # a second subscriber of a shared group, or the broker again
        chirpstack("MH-002", 0.5, tripped=False),
        simulated("MH-003"),
        ctwing(-20_000),
        ctwing(-10_000),  # the cloud's retry
        (f"{APPLICATION}/{EUIS['MH-001'].lower()}/event/join", b'{"deviceInfo": {"devEui": "24e124785c389801"}}'),
        chirpstack("MH-002", 9.0, tripped=False, data="qg=="),
    ]
    publish(house.settings.ingest.broker, messages)
    house.wait_for_messages(5)
    books = house.books()
    stored = {(row["device"], row["metric"]): row["value"] for row in books.rows}
    assert stored == {
        ("MH-001", "tilt"): 45.0,
        ("MH-001", "cover_open"): 1.0,
        ("MH-001", "battery"): 98.0,
        ("MH-002", "tilt"): 0.5,
        ("MH-002", "cover_open"): 0.0,
        ("MH-002", "battery"): 98.0,
        ("MH-003", "tilt"): 60.0,
        ("MH-003", "cover_open"): 1.0,
        ("MH-003", "battery"): 98.0,
        ("MH-004", "cover_open"): 1.0,
    }
    assert len(books.rows) == len(stored)
    assert (books.messages.received, books.messages.imbalance, books.readings.imbalance) == (len(messages), 0, 0)
    assert [entry["reason"] for entry in house.query("quarantine")] == ["wrong-shape"]
    assert [len(house.alerts_of(f"MH-00{number}")) for number in range(1, 5)] == [1, 0, 0, 1]
