"""An InfluxDB 1.x of the benchmark's own, and how fast it takes raw line protocol."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

from domain.errors import Refused
from domain.readings import Vocabulary, batch_of
from runtime.ports import any_free
from store.series.line_protocol import LineWriter

DATABASE = "citybrain"
RAW_DATABASE = "citybrain_raw"
SCRIPT_DATABASE = "citybrain_script"
LINES_AT_ONCE = 5_000
READY_WITHIN_S = 30.0
_CONFIGURATION = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
dir = "{directory}/meta"
[data]
dir = "{directory}/data"
wal-dir = "{directory}/wal"
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{http}"
log-enabled = false
[logging]
level = "error"
"""


@contextmanager
def influxd(directory: Path, *, given: str | None) -> Iterator[str]:
    """The URL of a server with the databases: the given one, else one of our own. Raises Refused without any."""
    if given is not None:
        _make_databases(given)
        yield given
        return
    if shutil.which("influxd") is None:
        raise Refused("no influxd 1.x on PATH (Debian: apt-get install influxdb); install it or give --influx-url")
    directory.mkdir(parents=True)
    http, rpc = any_free(2)
    file = directory / "influxd.toml"
    file.write_text(_CONFIGURATION.format(http=http, rpc=rpc, directory=directory), encoding="utf-8")
    with (directory / "influxd.log").open("wb") as log:
        server = subprocess.Popen(["influxd", "-config", str(file)], stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{http}"
        _await(url)
        _make_databases(url)
        yield url
    finally:
        server.kill()
        server.wait()


def raw_rate(url: str, *, devices: int, readings: int) -> float:
    """Readings per second that the server takes over one connection, the lines spelled beforehand."""
    bodies = _bodies(devices=devices, readings=readings)
    with httpx.Client(base_url=url, timeout=60.0, trust_env=False) as client:
        began = time.monotonic()
        for body in bodies:
            answer = client.post("/write", params={"db": RAW_DATABASE, "precision": "u"}, content=body)
            if not answer.is_success:
                raise Refused(f"{url} takes no raw lines: {answer.text[:200]}")
        return readings / (time.monotonic() - began)


def _bodies(*, devices: int, readings: int) -> list[bytes]:
    metrics = ("laeq", "lamax", "battery")
    words = Vocabulary(devices=[f"NM-{1 + number:06d}" for number in range(devices)], metrics=metrics)
    number = np.arange(readings)
    message = number // len(metrics)
    writer = LineWriter()
    whole = batch_of(
        words,
        device=message % devices,
        metric=number % len(metrics),
        at=1_700_000_000_000_000 + message // devices * 1000,
        value=40 + message % 97 / 10,
    )
    return [
        writer.lines(whole.take(np.arange(start, min(start + LINES_AT_ONCE, readings))))
        for start in range(0, readings, LINES_AT_ONCE)
    ]


def _make_databases(url: str) -> None:
    for name in (DATABASE, RAW_DATABASE, SCRIPT_DATABASE):
        answer = httpx.post(f"{url}/query", params={"q": f'CREATE DATABASE "{name}"'}, timeout=30.0, trust_env=False)
        if not answer.is_success:
            raise Refused(f"{url} makes no database {name}: {answer.text[:200]}")


def _await(url: str) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            httpx.get(f"{url}/ping", timeout=2.0, trust_env=False).raise_for_status()
        except httpx.HTTPError as exc:
            if time.monotonic() > deadline:
                raise Refused(f"influxd did not answer within {READY_WITHIN_S:g} s: {exc}") from exc
            time.sleep(0.1)
        else:
            return
