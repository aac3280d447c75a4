"""How many messages a second the real engine takes (decode, rules, ledger, journal, store), against baselines of the
same run on the same machine."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from citybrain.bench.bare import bare_bulk_rate, bare_paho_rate
from citybrain.bench.influxd import DATABASE, SCRIPT_DATABASE, influxd, raw_rate
from citybrain.bench.load import SHORTEST_ALERTS, Load
from citybrain.bench.publisher import Publisher
from citybrain.bench.script import influx_script_rate, sqlite_script_rate
from citybrain.bench.site import Site, site, usage

LATENCY_S = 10.0
ALERTS_ASKED = 150
SCRIPT_MESSAGES = 30_000
"""Enough for what takes some thousands a second."""
RAW_READINGS = 300_000

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """`broker`: embedded or mosquitto. `session`: bulk, paho or auto. `store`: embedded or influx. `rate`: of the
    latency part; None = half of what was reached.
    """

    load: Load
    broker: str = "embedded"
    session: str = "auto"
    store: str = "embedded"
    influx_url: str | None = None
    rate: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """Rates in messages per second; `engine_per_s` counts until rules, records and store have everything.

    `ratio_bare`: what the session takes in, engine ÷ bare session. `ratio_raw`: readings in the store, engine ÷ raw
    line protocol. CPU in microseconds of processor time for each message, of all cores.
    """

    messages: int
    devices: int
    garbage: int
    taken_per_s: float
    engine_per_s: float
    bare_per_s: float
    ratio_bare: float
    script_per_s: float
    ratio_script: float
    raw_readings_per_s: float | None
    ratio_raw: float | None
    engine_cpu_us: float
    broker_cpu_us: float
    publisher_cpu_us: float
    engine_memory_mb: float
    engine_peak_mb: float
    latency_rate_per_s: float
    publish_to_alert_p50_ms: float | None
    publish_to_alert_p99_ms: float | None
    balanced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Baselines:
    """In messages per second; `raw` in readings per second."""

    bare: float
    script: float
    raw: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """The engine under full load."""

    taken_per_s: float
    stored_per_s: float
    engine_cpu_us: float
    broker_cpu_us: float
    publisher_cpu_us: float


def bench_ingest(folder: Path, options: IngestOptions, tell: Tell) -> IngestResult:
    """`tell` hears of the progress. Raises Refused when not every message arrives."""
    with (
        _series(folder, options) as (series, influx_url),
        site(folder, load=options.load, broker=options.broker, session=options.session, series=series) as ours,
    ):
        baselines = _baselines(folder, ours, options, influx_url=influx_url, tell=tell)
        tell("engine starts")
        ours.start_engine()
        tell("engine under full load")
        run = _full_load(ours, options.load)
        rate = options.rate or max(run.stored_per_s / 2, 1.0)
        tell(f"publish to alert at {rate:.0f} /s")
        return _result(options.load, ours, run, baselines, _at_rate(ours, options.load, rate))


def _baselines(folder: Path, ours: Site, options: IngestOptions, *, influx_url: str | None, tell: Tell) -> _Baselines:
    load, port = options.load, ours.settings.ingest.broker.port
    few = replace(load, messages=min(load.messages, SCRIPT_MESSAGES), garbage=0.0)
    tell("bare session")
    bare = _bare(ours, options)
    tell("ordinary script")
    if influx_url is None:
        file = folder / "script.sqlite"
        return _Baselines(bare=bare, script=sqlite_script_rate(ours.account, few, port_v5=port, file=file), raw=None)
    script = influx_script_rate(ours.account, few, port_v5=port, url=influx_url, database=SCRIPT_DATABASE)
    tell("raw line protocol")
    return _Baselines(bare=bare, script=script, raw=raw_rate(influx_url, devices=load.devices, readings=RAW_READINGS))


def _bare(ours: Site, options: IngestOptions) -> float:
    """Of the same kind of session: `auto` finds MQTT 5 at either broker, and so becomes bulk."""
    if options.session == "paho":
        return bare_paho_rate(ours.account, options.load, port_v5=ours.settings.ingest.broker.port)
    return bare_bulk_rate(ours.settings.ingest.broker, ours.account, options.load)


def _full_load(ours: Site, load: Load) -> _Run:
    with Publisher(ours.account, load) as publisher:
        engine, broker = usage(ours.engine_pid), usage(ours.broker_pid)
        publisher.begin()
        began = time.monotonic()
        taken, stored = ours.wait_for(load.messages)
        published = publisher.finished(within_s=60.0)
    count = load.messages
    return _Run(
        taken_per_s=count / (taken - began),
        stored_per_s=count / (stored - began),
        engine_cpu_us=(usage(ours.engine_pid).cpu_s - engine.cpu_s) / count * 1e6,
        broker_cpu_us=(usage(ours.broker_pid).cpu_s - broker.cpu_s) / count * 1e6,
        publisher_cpu_us=published.cpu_s / count * 1e6,
    )


def _at_rate(ours: Site, load: Load, rate: float) -> Load:
    """Publish steadily, with some readings above every limit; what was sent."""
    count = max(1, round(rate * LATENCY_S))
    every = max(1, count // ALERTS_ASKED) // SHORTEST_ALERTS * SHORTEST_ALERTS or SHORTEST_ALERTS
    quiet = replace(load, messages=count, garbage=0.0, alert_every=every, rate=rate)
    with Publisher(ours.account, quiet) as publisher:
        publisher.begin()
        publisher.finished(within_s=LATENCY_S * 6)
        ours.wait_for(load.messages + count)
    return quiet


def _result(load: Load, ours: Site, run: _Run, baselines: _Baselines, quiet: Load) -> IngestResult:
    told, engine, raw = ours.statistics(), usage(ours.engine_pid), baselines.raw
    latency = told["publish_to_alert_s"]
    readings_per_s = run.stored_per_s * load.readings / load.messages
    return IngestResult(
        messages=load.messages,
        devices=load.devices,
        garbage=load.unreadable,
        taken_per_s=round(run.taken_per_s),
        engine_per_s=round(run.stored_per_s),
        bare_per_s=round(baselines.bare),
        ratio_bare=round(run.taken_per_s / baselines.bare, 3),
        script_per_s=round(baselines.script),
        ratio_script=round(run.stored_per_s / baselines.script, 2),
        raw_readings_per_s=None if raw is None else round(raw),
        ratio_raw=None if raw is None else round(readings_per_s / raw, 3),
        engine_cpu_us=round(run.engine_cpu_us, 1),
        broker_cpu_us=round(run.broker_cpu_us, 1),
        publisher_cpu_us=round(run.publisher_cpu_us, 1),
        engine_memory_mb=round(engine.memory_mb, 1),
        engine_peak_mb=round(engine.peak_mb, 1),
        latency_rate_per_s=round(quiet.rate or 0.0),
        publish_to_alert_p50_ms=_millis(latency["p50"]),
        publish_to_alert_p99_ms=_millis(latency["p99"]),
        balanced=_is_balanced(told, load, quiet),
    )


def _is_balanced(told: Mapping[str, Any], load: Load, quiet: Load) -> bool:
    """Everything arrived once, every good reading is stored, every unreadable message is in quarantine."""
    messages, readings = told["messages"], told["readings"]
    return bool(
        messages["imbalance"] == readings["imbalance"] == 0
        and messages["received"] == load.messages + quiet.messages
        and messages["quarantined"] == load.unreadable
        and readings["stored"] == load.readings + quiet.readings
    )


@contextmanager
def _series(folder: Path, options: IngestOptions) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    """The section of the settings, and the server's address where there is one."""
    if options.store == "embedded":
        yield {"kind": "embedded"}, None
        return
    with influxd(folder / "influxd", given=options.influx_url) as url:
        yield {"kind": "influxdb", "influxdb": {"generation": 1, "url": url, "database": DATABASE}}, url


def _millis(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
