"""How fast readings are spelled, written and asked for again: the embedded file, InfluxDB, and the usual way."""

import math
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from citybrain.bench.influxd import DATABASE, influxd, raw_rate
from config.catalogue import load_catalogue
from domain.errors import Refused
from domain.instants import MICROS_PER_S, to_micros
from domain.readings import ReadingBatch, Vocabulary, batch_of
from domain.series import TrendQuery
from domain.settlements import Settlement
from runtime.clock import ManualClock
from store.journal import Journal
from store.series.levels import LeveledStore
from store.series.line_protocol import LineWriter
from store.series.opening import open_series_store
from store.series.pump import SeriesPump
from store.series.roller import Roller
from store.settings import InfluxSettings, SeriesKind, SeriesSettings

METRICS = ("laeq", "temperature", "wind_direction", "energy")
DAYS = 30
EVERY_US = 60 * MICROS_PER_S
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=DAYS)
POINTS_TIMED = 20_000
"""Enough for the slow way."""
JOURNALLED_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFigures:
    """One store. Rates in readings a second, the journal's reading included; times of answers in milliseconds."""

    readings_per_s: float
    cpu_us: float
    """Processor time of ours for each reading, in microseconds."""
    rollup_s: float
    """To make all the minutes and hours of it."""
    month_from_readings_ms: float
    month_from_hours_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreResult:
    """`influxdb` is None where no influxd is on PATH; `raw_per_s` is what it takes of lines spelled beforehand."""

    readings: int
    line_us: float
    point_us: float
    line_ratio: float
    """How many times as long point by point takes."""
    embedded: StoreFigures
    influxdb: StoreFigures | None
    raw_per_s: float | None
    influxdb_ratio: float | None
    memory_mb: float


def bench_store(folder: Path, *, readings: int, influx_url: str | None, tell: Callable[[str], None]) -> StoreResult:
    """Everything on one machine in one run. Raises Temporary when the given server is away."""
    tell("line protocol")
    line_us, point_us = _line_us(_readings(POINTS_TIMED)), _point_us(_readings(POINTS_TIMED))
    tell("embedded file")
    embedded = _store_figures(folder / "embedded", SeriesSettings(), readings=readings)
    influxdb, raw = None, None
    try:
        with influxd(folder / "influxd", given=influx_url) as url:
            tell(f"InfluxDB at {url}")
            raw = raw_rate(url, devices=devices_for(readings), readings=readings)
            server = InfluxSettings(generation=1, url=url, database=DATABASE)
            settings = SeriesSettings(kind=SeriesKind.INFLUXDB, influxdb=server)
            influxdb = _store_figures(folder / "influxdb", settings, readings=readings)
    except Refused as exc:
        tell(str(exc))
    return StoreResult(
        readings=readings,
        line_us=round(line_us, 3),
        point_us=round(point_us, 3),
        line_ratio=round(point_us / line_us, 1),
        embedded=embedded,
        influxdb=influxdb,
        raw_per_s=None if raw is None else round(raw),
        influxdb_ratio=round(influxdb.readings_per_s / raw, 3) if influxdb and raw else None,
        memory_mb=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


def _store_figures(folder: Path, settings: SeriesSettings, *, readings: int) -> StoreFigures:
    folder.mkdir(parents=True)
    catalogue, _ = load_catalogue()
    clock = ManualClock(END)
    batch = _readings(readings)
    store = open_series_store(settings, folder, catalogue)
    try:
        with Journal(folder / "journal", vocabulary=batch.vocabulary, settings=None) as journal:
            for start in range(0, readings, JOURNALLED_AT_ONCE):
                part = batch.take(np.arange(start, min(start + JOURNALLED_AT_ONCE, readings)))
                journal.append(Settlement(now=int(part.received[-1]), readings=part))
            pump = SeriesPump(journal=journal, store=store, clock=clock)
            seconds, cpu = _timed(lambda: _drain(pump))
            slow, _ = _timed(lambda: _ask(store, readings))
            roller = Roller(journal=journal, store=store, catalogue=catalogue, settings=settings)
            rolling, _ = _timed(lambda: roller.run_once(END + timedelta(hours=2)))
            quick, _ = _timed(lambda: _ask(store, readings))
    finally:
        store.close()
    return StoreFigures(
        readings_per_s=round(readings / seconds),
        cpu_us=round(cpu / readings * 1e6, 3),
        rollup_s=round(rolling, 2),
        month_from_readings_ms=round(slow * 1000, 1),
        month_from_hours_ms=round(quick * 1000, 1),
    )


def _drain(pump: SeriesPump) -> None:
    while pump.status().behind_entries:
        pump.step()
        if not pump.status().ok:
            raise Refused(f"the store does not take the readings: {pump.status().last_error}")


def _ask(store: LeveledStore, readings: int) -> None:
    """A month of levels by the hour over all devices. Raises Refused when a reading is missing in the answer."""
    query = TrendQuery(metric="laeq", devices=(), start=BEGIN, end=END, bucket_s=3600)
    counted = sum(point.count for point in store.trend(query))
    if counted != math.ceil(readings / len(METRICS)):
        raise Refused(f"{counted} readings answered, {math.ceil(readings / len(METRICS))} were written")


def devices_for(readings: int) -> int:
    """So many that each reports every metric once a minute for the month."""
    return -(-readings * EVERY_US // (len(METRICS) * to_micros(END) - len(METRICS) * to_micros(BEGIN)))


def _readings(count: int) -> ReadingBatch:
    """In order of time, all metrics of a device at the same moment, the devices one after the other in each minute."""
    number = np.arange(count)
    moment = number // len(METRICS)
    devices = devices_for(count)
    at = to_micros(BEGIN) + moment // devices * EVERY_US + moment % devices * 1000
    words = Vocabulary(devices=[f"NM-{n:05d}" for n in range(devices)], metrics=METRICS)
    return batch_of(
        words,
        device=moment % devices,
        metric=number % len(METRICS),
        at=at,
        received=at + 200_000,
        value=40 + number % 397 / 10,
        span=np.full(count, 60.0),
    )


def _line_us(batch: ReadingBatch) -> float:
    writer = LineWriter()
    return min(_timed(lambda: writer.lines(batch))[1] for _ in range(5)) / len(batch) * 1e6


def _point_us(batch: ReadingBatch) -> float:
    """The same lines by the client library's own means, a Point for each."""
    from influxdb_client.client.write.point import Point
    from influxdb_client.domain.write_precision import WritePrecision

    new_point: Callable[[str], Any] = Point  # the library has no types
    rows = list(zip(batch.rows(), batch.received.tolist(), strict=True))  # not what is measured

    def spell() -> None:
        for one, received in rows:
            point: Any = new_point(one.metric).tag("device", one.device)
            point.field("value", one.value).field("span", one.span_s)
            point.field("quality", int(one.quality)).field("live", True).field("received", received)
            point.time(one.at, WritePrecision.US).to_line_protocol()

    return _timed(spell)[1] / len(batch) * 1e6


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock on the wall, and of processor."""
    wall, cpu = time.monotonic(), time.process_time()
    work()
    return time.monotonic() - wall, time.process_time() - cpu
