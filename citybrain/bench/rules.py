"""How fast the rules judge, against the ordinary loop of the same run, which has to come to the same transitions."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from citybrain.bench.rules_feed import START, Town, feed, town
from citybrain.bench.rules_plain import plain_loop
from domain.conditions import Transition
from domain.instants import MICROS_PER_S
from domain.readings import ReadingBatch
from rules import engine, snapshots
from rules.columns import RuleState
from rules.digest import digest, digest_of_lines
from rules.program import Program
from rules.state import State

BATCHES = (100, 1_000, 10_000)
PLAIN_TICK_EVERY = 10_000
"""Readings between two ticks of the ordinary loop; each looks at all that is open, and the outcome does not change."""
RULES_A_READING = 10
RUNS = 3
"""Of each; the best counts, of the baseline too."""
SETTLE_S = 2.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """Readings that ten rules each looked at, per second of the processor: `readings_per_s` with a tick after every
    batch, `evaluated_per_s` without the ticks.
    """

    size: int
    readings_per_s: float
    evaluated_per_s: float
    us_a_batch: float
    us_a_tick: float
    ratio_plain: float
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesResult:
    """All seconds are of the processor, the best of three runs. `equal`: engine and ordinary loop told the same, down
    to value and limit.
    """

    devices: int
    readings: int
    rules_a_reading: int
    violated_share: float
    transitions: int
    plain_per_s: float
    batches: tuple[BatchResult, ...]
    equal: bool
    bytes_a_series: float
    """Memory of the state for a device and all ten rules."""
    snapshot_dump_s: float
    snapshot_load_s: float
    snapshot_mb: float


def bench_rules(folder: Path, *, devices: int, readings: int, tell: Callable[[str], None]) -> RulesResult:
    """Rules are written into `folder`; `tell` hears what is being done."""
    tell(f"{devices} devices, {readings} readings")
    where = town(folder, devices=devices)
    batch = feed(where, readings=devices + readings)
    tell("the ordinary loop")
    plain_s, lines = min((_plain(where, batch, warm=devices) for _ in range(RUNS)), key=itemgetter(0))
    plain_digest = digest_of_lines(lines)
    results: list[BatchResult] = []
    for size in BATCHES:
        tell(f"batches of {size}")
        program = engine.compile_rules(where.ruleset, where.registry, where.vocabulary, settle_s=SETTLE_S)
        runs = (_engine(program, batch, size, warm=devices) for _ in range(RUNS))
        engine_s, tick_s, state, told = min(runs, key=itemgetter(0))
        results.append(
            BatchResult(
                size=size,
                readings_per_s=round(readings / engine_s),
                evaluated_per_s=round(readings / (engine_s - tick_s)),
                us_a_batch=round((engine_s - tick_s) / -(-readings // size) * 1e6, 1),
                us_a_tick=round(tick_s / -(-readings // size) * 1e6, 1),
                ratio_plain=round(plain_s / engine_s, 1),
                digest=digest(told),
            )
        )
    tell("snapshot")
    content, dump_s = _timed(lambda: snapshots.dump(state))
    _, load_s = _timed(lambda: snapshots.load(content, program))
    high = batch.value > np.where(batch.metric == where.vocabulary.metric_ordinal["laeq"], 60, 0)
    return RulesResult(
        devices=devices,
        readings=readings,
        rules_a_reading=RULES_A_READING,
        violated_share=round(float(high.mean()), 4),
        transitions=len(lines),
        plain_per_s=round(readings / plain_s),
        batches=tuple(results),
        equal={result.digest for result in results} == {plain_digest},
        bytes_a_series=round(_weight(state) / devices, 1),
        snapshot_dump_s=round(dump_s, 3),
        snapshot_load_s=round(load_s, 3),
        snapshot_mb=round(len(content) / 1e6, 2),
    )


def _engine(
    program: Program, batch: ReadingBatch, size: int, *, warm: int
) -> tuple[float, float, State, Sequence[Transition]]:
    """Seconds after the first `warm` readings, in all and in ticks, the state at the end, and what was told."""
    pieces = [batch.take(np.arange(begin, min(begin + size, len(batch)))) for begin in range(warm, len(batch), size)]
    state, told = engine.evaluate(program, engine.initial_state(program), batch.take(np.arange(warm)))
    ticking = 0.0
    gc.collect()
    began = time.process_time()
    for piece in pieces:
        state, found = engine.evaluate(program, state, piece)
        before = time.process_time()
        state, due = engine.advance(program, state, int(piece.received[-1]))
        ticking += time.process_time() - before
        told += found
        told += due
    took = time.process_time() - began
    state, due = engine.advance(program, state, _end(batch))
    return took, ticking, state, [*told, *due]


def _plain(where: Town, batch: ReadingBatch, *, warm: int) -> tuple[float, list[str]]:
    """Seconds after the first `warm` readings, and what was told."""
    loop = plain_loop(where.ruleset, where.registry, around=START)
    devices, metrics = where.vocabulary.devices, where.vocabulary.metrics
    columns = (batch.device.tolist(), batch.metric.tolist(), batch.at.tolist(), batch.value.tolist())
    rows = [(devices[device], metrics[metric], at, value) for device, metric, at, value in zip(*columns, strict=True)]
    for row in rows[:warm]:
        loop.read(row)
    gc.collect()
    began = time.process_time()
    for number, row in enumerate(rows[warm:], start=1):
        loop.read(row)
        if number % PLAIN_TICK_EVERY == 0:
            loop.tick(row[2] - round(SETTLE_S * MICROS_PER_S))
    took = time.process_time() - began
    loop.tick(_end(batch) - round(SETTLE_S * MICROS_PER_S))
    return took, loop.lines


def _end(batch: ReadingBatch) -> int:
    """Long after the last reading: timers and evidence are over."""
    return int(batch.received[-1]) + 3600 * MICROS_PER_S


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    gc.collect()
    began = time.process_time()
    return work(), time.process_time() - began


def _weight(state: State) -> int:
    """Bytes of all columns, those that several rules share counted once."""
    columns: dict[int, npt.NDArray[np.generic]] = {}
    for known in (*state.rules.values(), *state.panels.values()):
        for column in _columns(known):
            whole = column if column.base is None else column.base
            columns[id(whole)] = whole
    for feed_of_metric in state.feeds.values():
        columns |= {id(column): column for column in (feed_of_metric.at, feed_of_metric.lag, feed_of_metric.delay)}
    return sum(column.nbytes for column in columns.values())


def _columns(known: RuleState) -> list[npt.NDArray[np.generic]]:
    parts = (known.sightings, known.judgements)
    return [
        column
        for part in parts
        for column in (getattr(part, name) for name in part.__slots__)
        if isinstance(column, np.ndarray)
    ]
