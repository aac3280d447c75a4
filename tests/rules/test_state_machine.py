"""Rules of all kinds together through whatever may come: readings of every sort, ticks, restarts, reloads, other
devices. Signals keep their order, nothing raises, memory stays small; and what must change nothing changes nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.conditions import Transition
from domain.instants import MICROS_PER_S
from domain.readings import Quality, ReadingBatch, Vocabulary
from rules import engine, snapshots
from rules.fingerprints import without
from rules.loading import RuleSet
from rules.program import Program
from rules.state import State
from tests.rules.city import CATALOGUE, Row, at, batch
from tests.rules.small_city import DEVICES, METRICS, SWITCH, VALUES, Order, city_of, ruleset

S = MICROS_PER_S
STARTS = [at("2026-11-22T21:58:30"), at("2026-11-22T12:00:00"), at("2026-11-23T05:58:00"), at("2026-11-22T17:00:00")]
"""Before the night begins, at noon, before it ends, around the dusk of lamps."""
KINDS = {device.id: device.kind for device in DEVICES}
NAMES = tuple(KINDS)
LARGEST = 200_000
"""Bytes of a snapshot."""

moments = st.sampled_from([0, 0, 0, -1, -3, -10, -20, -44, -46, -90, -600, 2, 30, 3600])
"""Seconds from now to the reading's event time."""


qualities = st.sampled_from([*[Quality.GOOD] * 12, Quality.UNCERTAIN, Quality.BAD])
NO_NUMBERS = (math.nan, math.inf, -math.inf)
Heard = tuple[str, str, int, float, Quality]


@st.composite
def rows(draw: st.DrawFn) -> Heard:
    """Device, metric, seconds from now, value, quality; now and then a value that is no number, marked good or not."""
    name = draw(st.sampled_from(NAMES))
    metric = draw(st.sampled_from(METRICS[KINDS[name]]))
    numbers = VALUES.get(metric, SWITCH)
    value = draw(st.sampled_from([*numbers, *numbers, *numbers, *NO_NUMBERS]))
    return name, metric, draw(moments), value, draw(qualities)


@cache
def every_rule() -> RuleSet:
    with TemporaryDirectory() as folder:
        return ruleset(Path(folder))


ALL = tuple(rule.entry.id for rule in every_rule().rules)


@cache
def compiled(names: tuple[str, ...], devices: tuple[str, ...]) -> Program:
    registry = city_of(*(device for device in DEVICES if device.id in devices))
    words = Vocabulary(devices=[device.id for device in registry], metrics=CATALOGUE.codes)
    by_id = {rule.entry.id: rule for rule in every_rule().rules}
    chosen = replace(every_rule(), rules=tuple(by_id[name] for name in names))
    return engine.compile_rules(chosen, registry, words, settle_s=2)


@dataclass
class Engine:
    """A program on its way."""

    program: Program
    state: State

    @classmethod
    def of(cls, program: Program) -> "Engine":
        return cls(program, engine.initial_state(program))

    def hear(self, readings: ReadingBatch) -> list[Transition]:
        self.state, told = engine.evaluate(self.program, self.state, readings)
        return told

    def tick(self, now: int) -> list[Transition]:
        self.state, told = engine.advance(self.program, self.state, now)
        return told

    def go_on_with(self, program: Program, fresh: Sequence[str] = ()) -> None:
        content = snapshots.dump(self.state)
        self.program, self.state = program, snapshots.load(without(content, fresh), program)


class City(RuleBasedStateMachine):
    """`tried` goes through restarts and reloads; `calm` through none of those that must change nothing."""

    @initialize(start=st.sampled_from(STARTS), names=st.permutations(ALL))
    def begin(self, start: int, names: list[str]) -> None:
        self.now = start
        self.names = tuple(names)
        self.devices = NAMES
        self.words = Vocabulary(devices=NAMES, metrics=CATALOGUE.codes)
        self.tried, self.calm = (Engine.of(compiled(self.names, NAMES)) for _ in range(2))
        self.order = Order()

    @rule(
        rows=st.lists(rows(), min_size=1, max_size=6),
        live=st.sampled_from([True, True, True, True, False]),
        lag=st.sampled_from([0, 0, 1, 40]),
    )
    def hear(self, rows: list[Heard], live: bool, lag: int) -> None:
        """What is no number is to `tried` what a bad number is to `calm`: a sign of life, and nothing else."""
        told = []
        for one, plainly in ((self.tried, False), (self.calm, True)):
            bad = [plainly and not math.isfinite(value) for _, _, _, value, _ in rows]
            timed: list[Row] = [
                (name, metric, self.now + offset * S, 0.0 if is_bad else value)
                for (name, metric, offset, value, _), is_bad in zip(rows, bad, strict=True)
            ]
            columns = {
                "received": [self.now + lag * S] * len(rows),
                "quality": [Quality.BAD if is_bad else row[4] for row, is_bad in zip(rows, bad, strict=True)],
                "live": [live] * len(rows),
            }
            told.append(one.hear(batch(self.words, timed, **columns)))
        self.compare(*told)

    @rule(step=st.sampled_from([0.5, 1, 1, 5, 10, 20, 31, 61, 600, 5400]))
    def tick(self, step: float) -> None:
        self.now += round(step * S)
        self.compare(self.tried.tick(self.now), self.calm.tick(self.now))

    @rule()
    def restart(self) -> None:
        content = snapshots.dump(self.tried.state)
        assert len(content) <= LARGEST
        self.tried.state = snapshots.load(content, self.tried.program)
        assert snapshots.dump(self.tried.state) == content

    @rule(data=st.data())
    def reload_in_another_order(self, data: st.DataObject) -> None:
        self.names = tuple(data.draw(st.permutations(self.names)))
        self.tried.go_on_with(compiled(self.names, self.devices))

    @rule(name=st.sampled_from(ALL))
    def reload_with_a_rule_that_starts_afresh(self, name: str) -> None:
        """Both: what comes after must not depend on what was before; the other rules do not notice."""
        for one in (self.tried, self.calm):
            one.go_on_with(one.program, [name])
        self.order.forget(frozenset({name}))

    @rule(name=st.sampled_from(ALL))
    def a_rule_goes_or_comes(self, name: str) -> None:
        names = tuple(other for other in self.names if other != name)
        self.names = names if name in self.names else (*names, name)
        self.tried.go_on_with(compiled(self.names, self.devices), [name])
        self.calm.go_on_with(self.calm.program, [name])
        # how late the feeds run that nobody else listens to is forgotten with the rule
        others = compiled(tuple(other for other in self.names if other != name), self.devices)
        heard = {metric: feed for metric, feed in self.calm.state.feeds.items() if metric in others.metrics}
        self.calm.state = replace(self.calm.state, feeds=heard)
        self.order.forget(frozenset({name}))

    @rule(name=st.sampled_from(NAMES))
    def a_device_goes_or_comes(self, name: str) -> None:
        """Its neighbours are judged otherwise without it, so from here on both go the same way."""
        self.devices = tuple(other for other in NAMES if (other in self.devices) != (other == name))
        for one in (self.tried, self.calm):
            one.go_on_with(compiled(tuple(one.program.judges), self.devices))
        self.order.forget(frozenset(ALL))
        self.order = Order(begun=True)

    @invariant()
    def what_waits_is_what_came(self) -> None:
        if not hasattr(self, "tried"):
            return
        for known in self.tried.state.rules.values():
            assert len(known.agenda or ()) <= 70_000
            assert len(known.waiting) + len(known.rows) <= 2_000

    def compare(self, tried: Sequence[Transition], calm: Sequence[Transition]) -> None:
        self.order.follow(tried)
        assert spelled(tried) == spelled(change for change in calm if change.rule in self.names)


def spelled(told: Any) -> list[str]:
    """Comparable, NaN or not; by rule and target in the order in which they were told."""
    return [repr(change) for change in sorted(told, key=lambda change: (change.rule, str(change.target)))]


City.TestCase.settings = settings(max_examples=8, stateful_step_count=30, deadline=None)
TestCity = pytest.mark.thorough(City.TestCase)
