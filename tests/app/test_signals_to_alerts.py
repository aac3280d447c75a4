"""Whatever the rules of any kind say becomes alerts: every HELD one that is active, and nothing is refused or lost."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from cases.service import AlertService
from domain.alerts import Alert, AlertMove, AlertState
from domain.commands import AcknowledgeAlert
from domain.conditions import Signal, Transition
from domain.instants import MICROS_PER_S, from_micros
from domain.readings import batch_of
from domain.settlements import Journalled, Settlement
from rules import engine
from rules.core.machine import Phase
from rules.state import State
from runtime.clock import ManualClock
from store.records.records import Records
from store.records.settings import RecordsSettings
from tests.rules.city import Row, at, batch, vocabulary_of
from tests.rules.small_city import DEVICES, METRICS, SWITCH, VALUES, Order, city_of, ruleset

S = MICROS_PER_S
START = at("2026-11-22T21:30:00")
STEPS = 150
HELD = {Phase.HELD, Phase.CLEARING, Phase.HELD_LOST}
MADE_ACTIVE = {AlertMove.HOLD, AlertMove.VIOLATE_AGAIN}


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records.open(f"sqlite:///{tmp_path}/records.db", settings=RecordsSettings())
    yield opened
    opened.close()


def readings_at(now: int, chance: np.random.Generator) -> list[Row]:
    """Most devices, most of the time; values stay for a while, so that hold times run out."""
    rows: list[Row] = []
    for place, device in enumerate(DEVICES):
        if chance.random() < 0.25:
            continue
        for metric in METRICS[device.kind]:
            values = VALUES.get(metric, SWITCH)
            spell = (now // (70 * S) + place) * 7 % (len(values) + 1)
            value = values[int(spell) % len(values)] if chance.random() < 0.95 else float(chance.choice(values))
            rows.append((device.id, metric, now - int(chance.integers(0, 30)) * S * (chance.random() < 0.1), value))
    return rows


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [1, 2])
def test_every_held_signal_is_one_active_alert_or_part_of_one(seed: int, records: Records, tmp_path: Path) -> None:
    chance, clock, order = np.random.default_rng(seed), ManualClock(from_micros(START)), Order()
    registry = city_of(*DEVICES)
    words = vocabulary_of(registry)
    program = engine.compile_rules(ruleset(tmp_path), registry, words)
    state = engine.initial_state(program)
    service = AlertService(records, cards=program.cards, planner=lambda _alert, _move: (), clock=clock)
    signals: Counter[tuple[str, str]] = Counter()
    active: Counter[tuple[str, str]] = Counter()
    now = START
    for sequence in range(1, STEPS + 1):
        step = int(chance.choice([1, 10, 15, 20, 20, 100]))
        now += step * S
        clock.advance(timedelta(seconds=step))
        state, told = engine.evaluate(program, state, batch(words, readings_at(now, chance)))
        state, due = engine.advance(program, state, now)
        transitions: list[Transition] = [*told, *due]
        order.follow(transitions)
        signals.update((t.rule, str(t.target)) for t in transitions if t.signal is Signal.HELD)
        steps = service.record(entry(sequence, now), transitions)
        active.update((alert.rule, str(alert.target)) for alert, move in steps if move.move in MADE_ACTIVE)
        with records.snapshot() as books:
            standing = {(alert.rule, str(alert.target)): alert for alert in books.alerts.every_open()}
        assert_says_the_same(program, state, standing)
        for alert in standing.values():
            if alert.state is not AlertState.PENDING and chance.random() < 0.01:
                service.execute(AcknowledgeAlert(alert_id=alert.id, actor="王工"))
    assert signals == active
    assert len({rule for rule, _ in signals}) >= 15


def assert_says_the_same(program: engine.Program, state: State, standing: dict[tuple[str, str], Alert]) -> None:
    """Rules and records agree on what is open, and on how far."""
    for rule, judge in program.judges.items():
        phases = state.rules[rule].judgements.phase.tolist()
        for target, phase in zip(judge.targets, phases, strict=True):
            alert = standing.get((rule, str(target)))
            is_active = alert is not None and alert.state in (AlertState.ACTIVE, AlertState.ACKNOWLEDGED)
            assert is_active == (phase in HELD), (rule, str(target), Phase(phase), alert)
            # who acknowledges a returned one closes it, also while it is about to begin again
            assert alert is not None or phase not in HELD


def entry(sequence: int, now: int) -> Journalled:
    nothing = batch_of(vocabulary_of(city_of(*DEVICES)), device=[], metric=[], at=[], value=[])
    return Journalled(sequence=sequence, settlement=Settlement(now=now, readings=nothing))
