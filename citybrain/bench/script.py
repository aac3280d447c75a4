"""The ordinary script, as most would write it: paho's on_message, json.loads, and the store's own client."""

import json
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import WriteOptions
from influxdb_client.domain.write_precision import WritePrecision
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
    """Messages per second with influxdb-client's batching writer, until its queue is empty."""
    with InfluxDBClient(url=url, token="", org="-") as client:
        with client.write_api(write_options=WriteOptions(batch_size=BATCH, flush_interval=1_000)) as writer:

            def take(message: MQTTMessage) -> None:
                device, at, values = _read(message)
                for metric, value in values.items():
                    point = {"measurement": metric, "tags": {"device": device}, "fields": {"value": value}, "time": at}
                    writer.write(f"{database}/autogen", record=point, write_precision=WritePrecision.MS)

            first, _ = paho_run(account, load, port_v5=port_v5, manual_ack=False, take=take)
        return load.messages / (time.monotonic() - first)


def _read(message: MQTTMessage) -> tuple[str, int, Mapping[str, Any]]:
    content = json.loads(message.payload)
    return message.topic.rpartition("/")[2], content["t"], content["v"]
