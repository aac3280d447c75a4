"""What casebooks cannot say of the shipped rules: many variants of one story, and what holds of all of them."""

from collections.abc import Sequence

import pytest

from domain.devices import Registry
from domain.instants import MICROS_PER_S
from domain.places import RoadGrade
from rules.entries import NO_SOURCE
from tests.rules.city import Run, at, device, lamps, meter, registry_of, road, seconds, shipped

S = MICROS_PER_S
NOON = at("2026-11-22T12:00:00")
EVENING = at("2026-11-22T21:00:00")

Series = Sequence[tuple[float, float]]
"""Second, value."""
Book = list[tuple[str, float, float]]
"""Signal, at, since; in seconds."""


def story(registry: Registry, metric: str, series: Series, *, start: int = NOON, until: float = 250) -> Run:
    """The readings of the registry's first device, ticked every second."""
    run = Run.of(shipped(), registry)
    name = next(iter(registry)).id
    waiting = list(series)
    for second in range(int(until) + 1):
        while waiting and waiting[0][0] <= second:
            when, value = waiting.pop(0)
            run.readings([(name, metric, start + round(when * S), value)])
        run.tick(start + second * S)
    return run


def book(run: Run, rule: str, start: int = NOON) -> Book:
    return seconds(run.of_rule(rule), start)


@pytest.mark.parametrize(
    ("day", "value", "is_violated"),
    [
        ("2017-01-01", 75.0, False),
        ("2017-01-01", 75.1, True),
        ("2026-02-28", 75.0, False),
        ("2026-03-01", 60.1, True),
        ("2030-12-31", 60.0, False),
        ("2031-01-01", 50.1, True),
    ],
)
def test_the_pm2_5_limit_is_that_of_the_observations_date(day: str, value: float, is_violated: bool) -> None:
    run = story(
        registry_of(device("AQ", "air_station", interval_s=30)), "pm2_5", [(0, value)], start=at(f"{day}T12:00:00")
    )
    assert [transition.signal for transition in run.told if transition.rule == "pm2_5-early-warning"][:1] == (
        ["violated"] if is_violated else []
    )


def lamp_story(dark: int, grade: RoadGrade, *, offline: int = 0) -> Run:
    """A road of 100 lamps in the evening: all lit, from second 10 `dark` are not, from 600 all are again."""
    run = Run.of(shipped(), registry_of(*lamps("R", 100), roads=[road("R", grade)]))
    names = [f"R-L{number}" for number in range(100 - offline)]
    run.tick(EVENING)
    run.readings([(name, "lamp_on", EVENING + S, 1.0) for name in names])
    run.readings([(name, "lamp_on", EVENING + 10 * S, 0.0) for name in names[:dark]])
    run.tick(EVENING + 300 * S)
    run.readings([(name, "lamp_on", EVENING + 600 * S, 1.0) for name in names])
    run.tick(EVENING + 700 * S)
    return run


FIRED = [("violated", 10, 10), ("held", 55, 10), ("cleared", 660, 600)]


@pytest.mark.parametrize(
    "grade, dark, expected",
    [
        (RoadGrade.MAIN, 2, []),
        (RoadGrade.MAIN, 3, FIRED),
        (RoadGrade.SECONDARY, 4, []),
        (RoadGrade.SECONDARY, 5, FIRED),
        (RoadGrade.BRANCH, 4, []),
        (RoadGrade.BRANCH, 5, FIRED),
    ],
)
def test_a_road_owes_its_share_of_lit_lamps(grade: RoadGrade, dark: int, expected: Book) -> None:
    assert book(lamp_story(dark, grade), "lamps-lit", EVENING) == expected


def test_lamps_that_come_back_at_the_very_end_of_the_hold_do_not_brighten_its_evidence() -> None:
    run = Run.of(shipped(), registry_of(*lamps("R", 2), roads=[road("R")]))
    run.tick(EVENING)
    run.readings([("R-L0", "lamp_on", EVENING + S, 0.0), ("R-L1", "lamp_on", EVENING + S, 1.0)])
    run.readings([("R-L0", "lamp_on", EVENING + 46 * S, 1.0)])
    run.tick(EVENING + 60 * S)
    assert [(change.signal, change.evidence.value) for change in run.told] == [("violated", 50.0), ("held", 50.0)]


def test_every_shipped_rule_names_its_clause_in_both_languages() -> None:
    cards = Run.of(shipped(), registry_of(meter("N", "2"))).program.cards
    assert all(card.clause != NO_SOURCE for card in cards.values())
    assert all(card.clause.zh and card.clause.en and card.zh and card.en for card in cards.values())
