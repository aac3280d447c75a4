"""The ordinary script, as most would write it: paho's on_message, json.loads, one write for each thousand values."""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from paho.mqtt.client import MQTTMessage

from citybrain.bench.bare import paho_run
from citybrain.bench.load import Load
from citybrain.bench.packets import Account

BATCH = 1_000


def sqlite_script_rate(account: Account, load: Load, *, port_v5: int, file: Path) -> float:
    """Messages per second with one INSERT of 1000 rows at a time into SQLite; no check, no deduplication, no alert."""
    rows: list[tuple[str, str, int, float]] = []
    with sqlite3.connect(file, check_same_thread=False) as database:
        database.execute("CREATE TABLE readings (device TEXT, metric TEXT, at INTEGER, value REAL)")

        def take(message: MQTTMessage) -> None:
            device, at, values = _read(message)
            rows.extend((device, metric, at, value) for metric, value in values.items())
            if len(rows) >= BATCH:
                database.executemany("INSERT INTO readings VALUES (?, ?, ?, ?)", rows)
                database.commit()
                rows.clear()

        first, last = paho_run(account, load, port_v5=port_v5, manual_ack=False, take=take)
        return load.messages / (last - first)


def influx_script_rate(account: Account, load: Load, *, port_v5: int, url: str, database: str) -> float:
    """Messages per second with one POST of 1000 lines at a time. influxdb-client would be more usual, but it speaks the
    API of generation 2, which Debian's 1.6 does not have.
    """
    lines: list[str] = []
    with httpx.Client(base_url=url, timeout=60.0, trust_env=False) as client:

        def take(message: MQTTMessage) -> None:
            device, at, values = _read(message)
            lines.extend(f"{metric},device={device} value={value} {at}" for metric, value in values.items())
            if len(lines) >= BATCH:
                body = "\n".join(lines).encode()
                client.post("/write", params={"db": database, "precision": "ms"}, content=body).raise_for_status()
                lines.clear()

        first, last = paho_run(account, load, port_v5=port_v5, manual_ack=False, take=take)
        return load.messages / (last - first)


def _read(message: MQTTMessage) -> tuple[str, int, Mapping[str, Any]]:
    content = json.loads(message.payload)
    return message.topic.rpartition("/")[2], content["t"], content["v"]
