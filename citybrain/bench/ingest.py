"""How many messages a second the real engine takes (decode, rules, ledger, journal, store), against a bare session."""

import json
import os
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from citybrain.bench.bare import bare_rate
from citybrain.bench.publisher import Account, publish
from citybrain.demo.files import DemoFiles, make_city, write_files
from citybrain.edge.address import EngineAddress
from citybrain.edge.client import EngineClient
from citybrain.household import Household, broker_member, engine_member
from domain.errors import Refused
from runtime.clock import Anchor, SystemClock
from runtime.stopping import Stop

DEVICES = 60
TIMEOUT_S = 300.0
POLL_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """Rates in messages per second, whole run; `ratio` = engine ÷ bare session of the same run."""

    messages: int
    bare_per_s: float
    engine_per_s: float
    ratio: float
    engine_cpu_us: float
    """Processor time of the engine for each message, in microseconds."""
    engine_memory_mb: float
    balanced: bool


def bench_ingest(folder: Path, *, messages: int) -> IngestResult:
    """Raises Refused when not every message arrives."""
    make_city(folder, seed=1)
    now = SystemClock().now()
    files = write_files(folder, web_port=0, anchor=Anchor(real=now, city=now))
    stop = Stop()
    household = Household(
        logs=folder / "logs", on_death=lambda _: None, on_restart=lambda *_: None, on_ready=lambda _: None
    )
    broker = broker_member(files.settings)
    try:
        if broker is not None:
            household.start([broker], stop)
        account = _account(files)
        load = _load(messages, begin_ms=int(now.timestamp() * 1000))
        bare = bare_rate(account, port_v5=files.settings.ingest.broker.port, messages=load)
        household.start([engine_member(files.settings, files.file)], stop)
        return _measure(files, account, load, bare=bare, process=psutil.Process(household.supervisor.pid("engine")))
    finally:
        household.supervisor.stop(within_s=5.0)


def _measure(
    files: DemoFiles, account: Account, load: list[tuple[str, bytes]], *, bare: float, process: psutil.Process
) -> IngestResult:
    address = EngineAddress.read(files.settings.data)
    if address is None:
        raise Refused("the engine has no address")
    with EngineClient(address) as engine:
        cpu = sum(process.cpu_times()[:2])
        began = time.monotonic()
        publish(account, load)
        statistics = _await(engine, len(load), deadline=began + TIMEOUT_S)
        took = time.monotonic() - began
    rate = len(load) / took
    return IngestResult(
        messages=len(load),
        bare_per_s=round(bare),
        engine_per_s=round(rate),
        ratio=round(rate / bare, 3),
        engine_cpu_us=round((sum(process.cpu_times()[:2]) - cpu) / len(load) * 1e6, 1),
        engine_memory_mb=round(process.memory_info().rss / 2**20, 1),
        balanced=statistics["messages"]["imbalance"] == 0 and statistics["readings"]["stored"] == len(load),
    )


def _await(engine: EngineClient, count: int, *, deadline: float) -> Mapping[str, Any]:
    while True:
        statistics = engine.get("/internal/statistics")
        if statistics["messages"]["received"] >= count:
            return statistics
        if time.monotonic() > deadline:
            raise Refused(f"{statistics['messages']['received']} of {count} messages arrived within {TIMEOUT_S:g} s")
        time.sleep(POLL_S)


def _load(count: int, *, begin_ms: int) -> list[tuple[str, bytes]]:
    """About 200 bytes each, every reading new: one device after the other, each a millisecond later than before."""
    return [
        (
            f"citybrain/v1/up/NM-{1 + i % DEVICES:03d}",
            json.dumps(
                {"t": begin_ms - 600_000 + i // DEVICES, "span": 1, "v": {"laeq": 40 + i % 10}, "note": "x" * 110}
            ).encode(),
        )
        for i in range(count)
    ]


def _account(files: DemoFiles) -> Account:
    """The embedded broker's 3.1.1 port, out of its own file."""
    listener = tomllib.loads((files.settings.data / "broker.toml").read_text(encoding="utf-8"))["v4"]["1"]
    ((username, password),) = listener["connections"]["auth"].items()
    return Account(port=int(listener["listen"].rpartition(":")[2]), username=username, password=password)


def cores() -> int:
    """Of this machine; a figure without it says little."""
    return os.cpu_count() or 1
