"""Drives the rules: compile once, then batch by batch and tick by tick; the same readings give the same transitions.

The contract of time: a tick at `now` says that every reading up to now - settle has arrived. What comes later still
counts, but no longer before what was told.
"""

from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np

from domain.conditions import Transition
from domain.devices import Registry
from domain.errors import Misconfigured, Problem
from domain.instants import MICROS_PER_S
from domain.readings import Quality, ReadingBatch, Vocabulary
from rules.core.arrivals import Arrivals
from rules.core.feeds import Feed
from rules.core.queues import Queue
from rules.core.rounds import is_once
from rules.judges import Site
from rules.kinds.table import KINDS
from rules.loading import Rule, RuleSet
from rules.program import Lane, Lateness, Program
from rules.state import State

IN_ORDER = Lateness()


def compile_rules(
    ruleset: RuleSet,
    registry: Registry,
    vocabulary: Vocabulary,
    *,
    settle_s: float = 2.0,
    blind_after_s: float = 30.0,
    late: Lateness = IN_ORDER,
) -> Program:
    """Bind rules to devices. Raises Misconfigured with all scopes that name roads the city does not have.

    Raises ValueError when the vocabulary lacks a device of the registry, or a metric of a rule.
    """
    problems = [problem for rule in ruleset.rules for problem in _unknown_roads(rule, registry)]
    problems += [
        rule.problem(message, where=where) for rule in ruleset.rules for where, message in rule.entry.misfits(registry)
    ]
    if problems:
        raise Misconfigured(problems)
    missing = [device.id for device in registry if device.id not in vocabulary.device_ordinal]
    if missing:
        raise ValueError(f"vocabulary lacks {len(missing)} devices of the registry, such as {missing[0]}")
    site = Site(
        registry=registry,
        vocabulary=vocabulary,
        tables=ruleset.tables,
        units={metric.code: metric.unit for metric in ruleset.catalogue},
        blind_after_us=round(blind_after_s * MICROS_PER_S),
        lateness_us=round(late.allowed_s * MICROS_PER_S),
    )
    return Program(
        vocabulary=vocabulary,
        judges={rule.entry.id: KINDS[rule.entry.kind].compile(rule.entry, site) for rule in ruleset.rules},
        settle_us=round(settle_s * MICROS_PER_S),
        lateness={rule.entry.id: site.lateness_of(rule.entry.lateness) for rule in ruleset.rules},
        lag_limit_us=round(late.lag_limit_s * MICROS_PER_S),
    )


def initial_state(program: Program) -> State:
    """Nothing heard, nothing judged."""
    return program.initial()


def evaluate(program: Program, state: State, batch: ReadingBatch) -> tuple[State, list[Transition]]:
    """Judge what a batch brings, ordered by event time. Consumes `state`: go on with the one that comes back.

    History, devices that the program does not know and (except as signs of life) readings that are not good are passed
    over; so is what is not newer than the newest reading of its series. A value that is no number (NaN, infinite) is
    not good, whatever its mark: intake lets none through, since every metric of the catalogue has a finite range, but
    what is judged may come from elsewhere.
    """
    arrivals = _arrivals(program, batch)
    told: list[Transition] = []
    if len(arrivals):
        heard = _heard(program, state, arrivals)
        for lane in program.lanes:
            if not lane.awake:
                continue
            told += _observe(lane, state, heard) if not lane.lateness else _in_order(program, lane, state, heard.every)
    return state, sorted(told, key=attrgetter("at"))


def advance(program: Program, state: State, now_micros: int) -> tuple[State, list[Transition]]:
    """Let the city's time come to `now_micros`. Consumes `state`: go on with the one that comes back."""
    told: list[Transition] = []
    for lane in program.lanes:
        if not lane.awake:
            continue
        frontier = now_micros - max(program.settle_us, lane.lateness)
        if lane.queue in state.queues:
            told += _observe(lane, state, _by_metric(program, state.queues[lane.queue].advance(frontier)))
        for panel in lane.awake:
            told += panel.advance(state, frontier=frontier, now=now_micros)
    return state, sorted(told, key=attrgetter("at"))


def _arrivals(program: Program, batch: ReadingBatch) -> Arrivals:
    if batch.vocabulary is program.vocabulary:
        device, metric = batch.device.astype(np.intp), batch.metric.astype(np.intp)
    else:
        devices, metrics = program.translation(batch.vocabulary)
        device, metric = devices[batch.device], metrics[batch.metric]
    arrivals = Arrivals(
        device=device,
        metric=metric,
        at=batch.at,
        received=batch.received,
        value=batch.value,
        span=batch.span,
        good=(batch.quality == Quality.GOOD) & np.isfinite(batch.value),
        delay=np.zeros(len(batch), dtype=np.int64),
    )
    usable = batch.live & (device >= 0)
    return arrivals if usable.all() else arrivals.take(usable)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """All that arrived, and the same by metric, for the metrics that rules look at."""

    every: Arrivals
    by_metric: dict[int, Arrivals]


def _heard(program: Program, state: State, arrivals: Arrivals) -> Heard:
    """Take note of how late the feeds run; by metric, those that a rule looks at."""
    metric = arrivals.metric
    present = (np.flatnonzero(np.bincount(metric + 1)) - 1).tolist()  # -1: nobody's metric
    lag = np.minimum(np.maximum(arrivals.received - arrivals.at, 0), program.lag_limit_us)
    by_metric: dict[int, Arrivals] = {}
    for ordinal in present:
        if ordinal not in program.metrics:
            continue
        rows = None if len(present) == 1 else np.flatnonzero(metric == ordinal)
        mine = arrivals if rows is None else arrivals.take(rows)
        once = is_once(mine.device)
        feed = _feed(program, state, ordinal)
        mine.delay[:] = feed.hear(
            mine.device, mine.at, lag if rows is None else lag.take(rows), slack=program.slack_us, once=once
        )
        by_metric[ordinal] = mine.known_once() if once else mine
        if rows is not None:
            arrivals.delay[rows] = mine.delay
    return Heard(every=arrivals, by_metric=by_metric)


def _feed(program: Program, state: State, metric: int) -> Feed:
    feed = state.feeds.get(metric)
    if feed is None:
        feed = state.feeds[metric] = Feed.unheard(len(program.vocabulary.devices))
    return feed


def _in_order(program: Program, lane: Lane, state: State, arrivals: Arrivals) -> list[Transition]:
    """Through the queue of the lane: what may go of that which waited, and of what has just arrived."""
    queue = state.queues.get(lane.queue)
    if queue is None:
        queue = Queue(lateness=lane.lateness, devices=len(program.vocabulary.devices))
        state.queues[lane.queue] = queue
    if not lane.by_series:
        # what waits for one clock of all series must be there when that has passed
        arrivals = replace(arrivals, delay=np.zeros_like(arrivals.delay))
    return _observe(lane, state, _by_metric(program, queue.put(arrivals)))


def _by_metric(program: Program, arrivals: Arrivals) -> Heard:
    present = program.metrics.intersection(np.unique(arrivals.metric).tolist())
    return Heard(
        every=arrivals,
        by_metric={metric: arrivals.take(np.flatnonzero(arrivals.metric == metric)) for metric in present},
    )


def _observe(lane: Lane, state: State, heard: Heard) -> list[Transition]:
    told: list[Transition] = []
    if not len(heard.every):
        return told
    for panel in lane.awake:
        if panel.metric_ordinal is None:
            told += panel.observe(state, heard.every)
        elif panel.metric_ordinal in heard.by_metric:
            told += panel.observe(state, heard.by_metric[panel.metric_ordinal])
    return told


def _unknown_roads(rule: Rule, registry: Registry) -> list[Problem]:
    known = {road.id for road in registry.city.roads}
    return [
        rule.problem(f"scope.roads: {road!r} is no road of the city; it has {', '.join(sorted(known)[:5])}…")
        for road in rule.entry.scope.roads
        if road not in known
    ]
