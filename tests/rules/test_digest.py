"""The digest of transitions: equal for the same, whatever their order, and different for anything else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.conditions import Signal, Target, TargetKind, Transition
from domain.instants import MICROS_PER_S
from rules.digest import digest, line_of
from tests.rules.city import Run, at, meter, registry_of, shipped

S = MICROS_PER_S
START = at("2026-11-22T12:00:00")


def told() -> list[Transition]:
    run = Run.of(shipped(), registry_of(meter("N", "2", interval_s=10)))
    for second in range(0, 100, 10):
        run.readings([("N", "laeq", START + second * S, 90.1 if second < 50 else 40.0)])
    run.tick(START + 200 * S)
    return run.told


TOLD = told()


def test_there_is_something_to_digest() -> None:
    assert len(TOLD) >= 4


def test_the_order_does_not_matter() -> None:
    assert digest(TOLD) == digest(reversed(TOLD))


def test_one_transition_more_or_twice_matters() -> None:
    assert len({digest(TOLD), digest(TOLD[1:]), digest([*TOLD, TOLD[0]])}) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"rule": "other"},
        {"target": Target(kind=TargetKind.DEVICE, id="M")},
        {"signal": Signal.LOST},
        {"at": TOLD[0].at + timedelta(microseconds=1)},
        {"since": TOLD[0].since - timedelta(microseconds=1)},
        {"evidence": replace(TOLD[0].evidence, value=90.10000000000001)},
        {"evidence": replace(TOLD[0].evidence, limit=None)},
    ],
)
def test_every_part_matters_to_the_last_bit(change: dict[str, object]) -> None:
    assert digest([replace(TOLD[0], **change)]) != digest(TOLD[:1])  # type: ignore[arg-type]  # one field at a time


def test_the_line_can_be_read_by_people() -> None:
    first = next(change for change in TOLD if change.rule == "noise-zone")
    assert line_of(first) == f"{START} noise-zone device:N violated {START} 90.1 60.0"
