"""Drives the rules: compile once, then batch by batch and tick by tick; the same readings give the same transitions.

The contract of time: a tick at `now` says that every reading up to now - settle has arrived. What comes later still
counts, but no longer before what was told.
"""

from operator import attrgetter

import numpy as np

from domain.conditions import Transition
from domain.devices import Registry
from domain.errors import Misconfigured, Problem
from domain.instants import MICROS_PER_S
from domain.readings import Quality, ReadingBatch, Vocabulary
from rules.kinds.table import KINDS
from rules.loading import Rule, RuleSet
from rules.program import Arrivals, Program, Site
from rules.state import State


def compile_rules(
    ruleset: RuleSet,
    registry: Registry,
    vocabulary: Vocabulary,
    *,
    settle_s: float = 2.0,
    blind_after_s: float = 30.0,
) -> Program:
    """Bind rules to devices. Raises Misconfigured with all scopes that name roads the city does not have.

    Raises ValueError when the vocabulary lacks a device of the registry, or a metric of a rule.
    """
    problems = [problem for rule in ruleset.rules for problem in _unknown_roads(rule, registry)]
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
    )
    return Program(
        vocabulary=vocabulary,
        judges={rule.entry.id: KINDS[rule.entry.kind].compile(rule.entry, site) for rule in ruleset.rules},
        settle_us=round(settle_s * MICROS_PER_S),
    )


def initial_state(program: Program) -> State:
    """Nothing heard, nothing judged."""
    return State(rules={rule: judge.initial() for rule, judge in program.judges.items()})


def evaluate(program: Program, state: State, batch: ReadingBatch) -> tuple[State, list[Transition]]:
    """Judge what a batch brings, ordered by event time. Consumes `state`: go on with the one that comes back.

    History, devices that the program does not know and (except as signs of life) readings that are not good are passed
    over; so is what is not newer than the newest reading of its series.
    """
    arrivals = _arrivals(program, batch)
    told: list[Transition] = []
    if len(arrivals.at):
        present = set((np.flatnonzero(np.bincount(arrivals.metric + 1)) - 1).tolist())  # -1: nobody's metric
        for rule, judge in program.judges.items():
            if judge.metric_ordinal is None or judge.metric_ordinal in present:
                told += judge.observe(state.rules[rule], arrivals)
    return state, sorted(told, key=attrgetter("at"))


def advance(program: Program, state: State, now_micros: int) -> tuple[State, list[Transition]]:
    """Let the city's time come to `now_micros`. Consumes `state`: go on with the one that comes back."""
    told: list[Transition] = []
    for rule, judge in program.judges.items():
        if not judge.devices:
            continue
        remembered = state.rules[rule]
        frontier = max(now_micros - program.settle_us, remembered.through)
        told += judge.advance(remembered, frontier=frontier, now=max(now_micros, remembered.now))
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
        value=batch.value,
        span=batch.span,
        good=batch.quality == Quality.GOOD,
    )
    usable = batch.live & (device >= 0)
    return arrivals if usable.all() else arrivals.take(usable)


def _unknown_roads(rule: Rule, registry: Registry) -> list[Problem]:
    known = {road.id for road in registry.city.roads}
    return [
        rule.problem(f"scope.roads: {road!r} is no road of the city; it has {', '.join(sorted(known)[:5])}…")
        for road in rule.entry.scope.roads
        if road not in known
    ]
