"""A restart changes nothing, at any second, and neither a changed registry nor a changed rule breaks it."""

from pathlib import Path

import pytest

from domain.errors import Refused
from domain.instants import MICROS_PER_S
from rules import engine, snapshots
from tests.rules.city import (
    Run,
    Told,
    as_told,
    at,
    device,
    lamps,
    meter,
    registry_of,
    road,
    rules_of,
    shipped,
    vocabulary_of,
)

S = MICROS_PER_S
START = at("2026-11-22T12:00:00")


def air_story(*, cut: int | None) -> list[Told]:
    """A minute's hold, ticked every second; killed and started again after second `cut`."""
    run = Run.of(shipped(), registry_of(device("AQ", "air_station", interval_s=30)))
    for second in range(0, 200):
        if second % 30 == 0:
            value = 80.0 if 30 <= second < 120 else 40.0
            run.readings([("AQ", "pm2_5", START + second * S, value)])
        run.tick(START + second * S)
        if second == cut:
            run.state = snapshots.load(snapshots.dump(run.state), run.program)
    return [as_told(change) for change in run.told]


WHOLE = air_story(cut=None)


def test_the_story_has_a_hold_to_cut() -> None:
    assert [(signal, (when - START) // S) for _, signal, when, _ in WHOLE] == [
        ("violated", 30),
        ("held", 90),
        ("cleared", 180),
    ]


@pytest.mark.parametrize("cut", range(30, 91))
def test_restart_at_any_second_of_a_hold_changes_nothing(cut: int) -> None:
    assert air_story(cut=cut) == WHOLE


def test_readings_that_wait_for_the_watermark_survive() -> None:
    run = Run.of(shipped(), registry_of(*lamps("R", 3), roads=[road("R")]))
    night = at("2026-11-22T20:00:00")
    run.tick(night)
    run.readings([(f"R-L{n}", "lamp_on", night, float(n > 0)) for n in range(3)])
    run.state = snapshots.load(snapshots.dump(run.state), run.program)
    run.tick(night + 60 * S)
    assert [signal for _, signal, _, _ in run.of_rule("lamps-lit")] == ["violated", "held"]


def test_a_removed_device_is_forgotten_and_the_others_stay() -> None:
    both = Run.of(shipped(), registry_of(meter("A", "2"), meter("B", "2")))
    both.readings([("A", "laeq", START, 70.0), ("B", "laeq", START, 70.0)])
    one = registry_of(meter("B", "2"), meter("C", "2"))
    program = engine.compile_rules(shipped(), one, vocabulary_of(one))
    run = Run(program, snapshots.load(snapshots.dump(both.state), program), [])
    run.tick(START + 40 * S)
    assert [(target, signal) for target, signal, _, _ in run.of_rule("noise-zone")] == [("device:B", "held")]


def test_a_removed_rule_is_forgotten(tmp_path: Path) -> None:
    registry = registry_of(meter("A", "2"))
    state = Run.of(shipped(), registry).state
    entry = {"id": "other", "kind": "absence"}
    program = engine.compile_rules(rules_of(tmp_path, entry), registry, vocabulary_of(registry))
    assert set(snapshots.load(snapshots.dump(state), program).rules) == {"other"}


def test_a_running_hold_takes_the_new_hold_time(tmp_path: Path) -> None:
    registry = registry_of(meter("A", "2"))
    entry = {"id": "loud", "kind": "threshold", "metric": "laeq", "unit": "dB(A)", "compare": "<=", "limit": 60}
    run = Run.of(rules_of(tmp_path, {**entry, "hold": "100s"}), registry)
    run.readings([("A", "laeq", START, 70.0)])
    shorter = engine.compile_rules(rules_of(tmp_path, {**entry, "hold": "20s"}), registry, vocabulary_of(registry))
    again = Run(shorter, snapshots.load(snapshots.dump(run.state), shorter), [])
    again.tick(START + 25 * S)
    assert again.of_rule("loud") == [("device:A", "held", START + 20 * S, START)]


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x80"])
def test_an_unreadable_snapshot_is_refused_in_words(content: bytes) -> None:
    program = Run.of(shipped(), registry_of(meter("A", "2"))).program
    with pytest.raises(Refused, match="remove it to start"):
        snapshots.load(content, program)
