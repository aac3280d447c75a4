"""How fast a month of readings is judged again, against the loop that everybody would write first."""

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from citybrain.backtest.columns import ColumnsFile
from citybrain.backtest.running import Plan, run_rules
from citybrain.backtest.source import Wanted
from citybrain.backtest.subject import Period
from citybrain.bench.loop import Stretch, naive_activations
from config.catalogue import load_catalogue
from domain.devices import Device, DeviceKind, Registry
from domain.instants import MICROS_PER_S, from_micros, to_micros
from domain.metrics import Catalogue
from domain.places import City, NoiseZone, Place, Road, RoadGrade
from domain.series import ReadingQuery
from rules.loading import RuleSet, load_rules
from rules.settings import SHIPPED_LIMITS, SHIPPED_RULES
from store.series import embedded_sql
from store.series.embedded import EmbeddedSeriesStore

BEGIN = 1_790_784_000 * MICROS_PER_S
"""2026-10-01 00:00 in Shanghai."""
DAY_US = 86_400 * MICROS_PER_S
Column = npt.NDArray[Any]
NAIVE_READINGS = 400_000
"""Enough for the slow way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One kind of device in the city: its share of all devices, how often it reports, and what."""

    kind: str
    share: float
    interval_s: int
    metrics: tuple[str, ...]


MIX = (
    Part(kind="noise_meter", share=400 / 1500, interval_s=60, metrics=("laeq", "lamax")),
    Part(kind="air_station", share=100 / 1500, interval_s=60, metrics=("pm2_5", "pm10", "no2", "o3", "temperature")),
    Part(kind="lamp", share=900 / 1500, interval_s=300, metrics=("lamp_on", "active_power")),
    Part(kind="manhole_cover", share=100 / 1500, interval_s=600, metrics=("cover_open", "tilt", "water_level")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestResult:
    """Processor seconds of one thread, reading included. The ratio is for one reading, loop against backtest."""

    devices: int
    days: int
    readings: int
    rules: int
    alerts: int
    read_cpu_s: float
    """Of that: nothing but reading and sorting."""
    cpu_s: float
    wall_s: float
    month_cpu_s: float
    """The same for thirty days."""
    us_per_reading: float
    loop_us_per_reading: float
    """The loop does less: no silence, no lamps, no evidence."""
    ratio: float
    agrees: bool
    """Whether the loop counts the same alerts of the rules that it knows, over its part of the readings."""
    memory_mb: float


def bench_backtest(folder: Path, *, devices: int, days: int, tell: Callable[[str], None]) -> BacktestResult:
    """A city with the shipped rules; `tell` hears what is being done."""
    catalogue, kinds = load_catalogue()
    ruleset = load_rules((SHIPPED_RULES,), catalogue=catalogue, kinds=kinds, limits=SHIPPED_LIMITS)
    registry = _city(devices, kinds)
    tell(f"writing {days} days of {len(registry)} devices")
    path = folder / "readings.duckdb"
    number = _write(path, registry, days)
    period = Period(start=BEGIN, end=BEGIN + days * DAY_US)
    tell(f"reading {number} readings")
    read_s, _ = _timed(lambda: _drain(path, period))
    tell("judging them")
    alerts, cpu_s, wall_s = _judge(path, ruleset, registry, period)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    tell("the loop")
    loop_us, agrees = _loop(path, ruleset, registry, catalogue)
    own_us = cpu_s / number * 1e6
    return BacktestResult(
        devices=len(registry),
        days=days,
        readings=number,
        rules=len(ruleset.rules),
        alerts=alerts,
        read_cpu_s=round(read_s, 2),
        cpu_s=round(cpu_s, 2),
        wall_s=round(wall_s, 2),
        month_cpu_s=round(cpu_s * 30 / days, 1),
        us_per_reading=round(own_us, 3),
        loop_us_per_reading=round(loop_us, 3),
        ratio=round(loop_us / own_us, 1),
        agrees=agrees,
        memory_mb=round(memory, 1),
    )


def _judge(path: Path, ruleset: RuleSet, registry: Registry, period: Period) -> tuple[int, float, float]:
    """Alerts, processor seconds, seconds on the wall."""
    source = ColumnsFile(path)
    wall, cpu = time.monotonic(), time.process_time()
    outcome = run_rules(ruleset, registry, source, Plan(period=period, gap_s=3600.0), lambda _: None)
    cpu_s, wall_s = time.process_time() - cpu, time.monotonic() - wall
    source.close()
    return len(outcome.episodes), cpu_s, wall_s


def _loop(path: Path, ruleset: RuleSet, registry: Registry, catalogue: Catalogue) -> tuple[float, bool]:
    """Microseconds a reading of the loop over what the store's port hands out, and whether it agrees."""
    store = EmbeddedSeriesStore(path, catalogue)
    query = ReadingQuery(start=from_micros(BEGIN), end=from_micros(BEGIN + DAY_US), limit=NAIVE_READINGS)
    end = max(to_micros(reading.at) for reading in store.readings(query)) + 1
    cpu = time.process_time()
    counts, number = naive_activations(store.readings(query), ruleset, registry, Stretch(begin=BEGIN, end=end))
    seconds = time.process_time() - cpu
    store.close()
    source = ColumnsFile(path)
    plan = Plan(period=Period(start=BEGIN, end=end), gap_s=3600.0)
    outcome = run_rules(ruleset, registry, source, plan, lambda _: None)
    source.close()
    own = {rule: sum(episode.rule == rule for episode in outcome.episodes) for rule in counts}
    return seconds / number * 1e6, own == dict(counts)


def _drain(path: Path, period: Period) -> None:
    source = ColumnsFile(path)
    for _ in source.batches(period.start, period.end, Wanted(metrics=None)):
        pass
    source.close()


def _city(devices: int, kinds: Mapping[str, DeviceKind]) -> Registry:
    centre = Place(lon=121.4, lat=31.2)
    roads = tuple(Road(id=f"R{n}", zh=f"{n} 路", en=f"Road {n}", grade=RoadGrade.MAIN) for n in range(30))
    city = City(zh="基准城", en="Benchville", timezone="Asia/Shanghai", centre=centre, roads=roads)
    zones = tuple(NoiseZone)
    made = [
        Device(
            id=f"{part.kind}-{number:05d}",
            kind=part.kind,
            zh=f"设备 {number}",
            en=f"Device {number}",
            place=centre,
            interval_s=part.interval_s,
            zone=zones[number % len(zones)] if part.kind == "noise_meter" else None,
            road=roads[number % len(roads)].id if part.kind == "lamp" else None,
        )
        for part in MIX
        for number in range(max(1, round(devices * part.share)))
    ]
    return Registry(city=city, kinds=kinds, devices={device.id: device for device in made})


def _write(path: Path, registry: Registry, days: int) -> int:
    """As the engine would have stored it: in order of arrival, an hour at a time."""
    metrics = sorted({metric for part in MIX for metric in part.metrics})
    names = tuple(registry.devices)
    dice = np.random.default_rng(2026)
    number = 0
    with duckdb.connect(str(path), config={"threads": 1, "memory_limit": "256MB"}) as connection:
        for statement in filter(str.strip, embedded_sql.TABLES.split(";")):
            connection.execute(statement, {"format": embedded_sql.FORMAT} if "$format" in statement else None)
        for table, words in (("devices", names), ("metrics", metrics)):
            numbered = {"ordinals": list(range(len(words))), "names": list(words)}
            connection.execute(f"INSERT INTO {table} SELECT unnest($ordinals), unnest($names)", numbered)
        for hour in range(24 * days):
            columns = _hour(hour, registry, {metric: place for place, metric in enumerate(metrics)}, dice)
            connection.register("batch", columns)
            connection.execute(
                'INSERT INTO readings SELECT device, metric, "at", "at" + 300000, value, 60, 0, true FROM batch'
            )
            connection.unregister("batch")
            number += len(columns["at"])
    return number


def _hour(hour: int, registry: Registry, metrics: Mapping[str, int], dice: np.random.Generator) -> dict[str, Column]:
    """Every device at its own second, the values of one message one after the other."""
    place = {device.id: number for number, device in enumerate(registry)}
    parts: list[tuple[Column, ...]] = []
    for part in MIX:
        devices = np.array([place[device.id] for device in registry.of_kind(part.kind)])
        moments = np.arange(0, 3600, part.interval_s)
        phase = devices * 7919 % part.interval_s
        at = BEGIN + (hour * 3600 + moments[:, None] + phase[None, :]) * MICROS_PER_S
        for order, metric in enumerate(part.metrics):
            value = _values(metric, hour, (len(moments), len(devices)), dice)
            which = np.full((2, at.size), [[metrics[metric]], [order]])
            parts.append((np.broadcast_to(devices, at.shape).ravel(), which[0], at.ravel(), value.ravel(), which[1]))
    columns = [np.concatenate(several) for several in zip(*parts, strict=True)]
    rows = np.lexsort((columns[4], columns[0], columns[2]))
    return {name: column[rows] for name, column in zip(("device", "metric", "at", "value"), columns, strict=False)}


def _values(metric: str, hour: int, shape: tuple[int, int], dice: np.random.Generator) -> Column:
    """A day's course with weather, and now and then a violation that lasts, or does not."""
    is_night = not 6 <= hour % 24 < 22
    if metric == "laeq":
        # a meter is loud for a while, not for a minute
        loud = np.repeat(dice.random((1, shape[1])) < 0.004, shape[0], axis=0)
        return np.where(loud, 75.0, 36.0 if is_night else 44.0) + dice.normal(0, 1.2, shape)
    if metric == "lamp_on":
        return (dice.random(shape) > 0.004).astype(np.float64)
    if metric == "cover_open":
        return (dice.random(shape) < 0.00005).astype(np.float64)
    mean, spread = {"pm2_5": (30.0 + 12 * np.sin(hour / 37), 4.0), "tilt": (1.0, 0.6), "water_level": (0.4, 0.1)}.get(
        metric, (20.0, 3.0)
    )
    return np.abs(dice.normal(mean, spread, shape))


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of processor, and by the clock on the wall."""
    wall, cpu = time.monotonic(), time.process_time()
    work()
    return time.process_time() - cpu, time.monotonic() - wall
