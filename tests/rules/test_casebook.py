"""The shipped rules, each with its casebook: given these readings, exactly these signals at these seconds."""

from collections.abc import Sequence

import pytest

from domain.conditions import Transition
from domain.devices import Registry
from domain.instants import MICROS_PER_S
from domain.places import RoadGrade
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


def every(step: int, values: list[float]) -> Series:
    return [(step * number, value) for number, value in enumerate(values)]


def test_noise_above_the_city_target_holds_a_minute_and_clears_beyond_the_dead_band() -> None:
    run = story(
        registry_of(meter("N", "3", interval_s=10)), "laeq", every(10, [55, *[60.0] * 8, *[59.0] * 3, *[57.0] * 8])
    )
    assert book(run, "noise-city-target") == [("violated", 10, 10), ("held", 70, 10), ("cleared", 180, 120)]


@pytest.mark.parametrize("zone", ["4a", "4b"])
def test_the_city_target_leaves_the_traffic_belts_out(zone: str) -> None:
    run = story(registry_of(meter("N", zone)), "laeq", [(0, 90.0)])
    assert book(run, "noise-city-target") == []


@pytest.mark.parametrize(
    "zone, value, expected",
    [
        ("4a", 70.0, []),
        ("4a", 70.1, [("violated", 0, 0), ("held", 30, 0), ("lost", 180, 180)]),
        ("1", 55.1, [("violated", 0, 0), ("held", 30, 0), ("lost", 180, 180)]),
    ],
)
def test_zone_limits_by_day_are_compliant_at_the_limit(zone: str, value: float, expected: Book) -> None:
    run = story(registry_of(meter("N", zone)), "laeq", [(0, value)], until=200)
    assert book(run, "noise-zone") == expected


def test_at_ten_in_the_evening_the_next_reading_is_held_against_the_night_limit() -> None:
    start = at("2026-11-22T21:59:00")
    run = story(registry_of(meter("N", "2", interval_s=20)), "laeq", every(20, [55.0] * 6), start=start, until=100)
    violated = run.told[0]
    assert book(run, "noise-zone", start) == [("violated", 60, 60), ("held", 90, 60)]
    assert (violated.evidence.limit, dict(violated.evidence.figures)) == (
        50,
        {"zone": "2", "period": "night", "edition": "GB 3096-2008"},
    )


def test_at_six_in_the_morning_the_night_excess_ends() -> None:
    start = at("2026-11-23T05:59:00")
    run = story(registry_of(meter("N", "2", interval_s=20)), "laeq", every(20, [55.0] * 8), start=start, until=140)
    assert book(run, "noise-zone", start) == [("violated", 0, 0), ("held", 30, 0), ("cleared", 120, 60)]


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


def test_pm2_5_warns_after_a_minute_above_sixty() -> None:
    series = every(30, [60, 61, 75, 75, 56, 56, 55, 55, 55, 40])
    run = story(registry_of(device("AQ", "air_station", interval_s=30)), "pm2_5", series)
    assert book(run, "pm2_5-early-warning") == [("violated", 30, 30), ("held", 90, 30), ("cleared", 240, 180)]


def test_a_cover_that_reports_once_and_sleeps_fires() -> None:
    run = story(registry_of(device("MC", "manhole_cover")), "cover_open", [(3, 1.0)], until=30)
    assert book(run, "cover-open") == [("violated", 3, 3), ("held", 8, 3)]


def test_a_closed_cover_clears() -> None:
    run = story(registry_of(device("MC", "manhole_cover")), "cover_open", [(0, 1.0), (60, 0.0)], until=90)
    assert book(run, "cover-open") == [("violated", 0, 0), ("held", 5, 0), ("cleared", 70, 60)]


def test_a_cover_shaken_by_a_passing_vehicle_does_not_fire() -> None:
    run = story(registry_of(device("MC", "manhole_cover")), "tilt", [(0, 25.0), (2, 1.0)])
    assert book(run, "cover-tilt") == [("violated", 0, 0), ("cleared", 2, 2)]


def test_a_tilted_cover_fires_and_clears_below_eight_degrees() -> None:
    run = story(registry_of(device("MC", "manhole_cover")), "tilt", [(0, 10.1), (60, 9.0), (100, 8.0)])
    assert book(run, "cover-tilt") == [("violated", 0, 0), ("held", 30, 0), ("cleared", 130, 100)]


def test_rising_water_fires_and_falling_water_clears() -> None:
    series = [(0, 1.5), (60, 1.6), (120, 1.45), (180, 1.2)]
    run = story(registry_of(device("MC", "manhole_cover")), "water_level", series)
    assert book(run, "water-level") == [("violated", 60, 60), ("held", 90, 60), ("cleared", 240, 180)]


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


def test_offline_lamps_are_unknown_not_dark() -> None:
    held = next(change for change in lamp_story(3, RoadGrade.MAIN, offline=40).told if change.signal == "held")
    assert dict(held.evidence.figures) == {"lit": 57, "due": 60, "dark": 3, "offline": 40, "grade": "main"}
    assert (held.evidence.value, held.evidence.limit, held.evidence.comparison) == (95.0, 98.0, ">=")


def test_lamps_that_come_back_at_the_very_end_of_the_hold_do_not_brighten_its_evidence() -> None:
    run = Run.of(shipped(), registry_of(*lamps("R", 2), roads=[road("R")]))
    run.tick(EVENING)
    run.readings([("R-L0", "lamp_on", EVENING + S, 0.0), ("R-L1", "lamp_on", EVENING + S, 1.0)])
    run.readings([("R-L0", "lamp_on", EVENING + 46 * S, 1.0)])
    run.tick(EVENING + 60 * S)
    assert [(change.signal, change.evidence.value) for change in run.told] == [("violated", 50.0), ("held", 50.0)]


def test_a_road_of_which_too_few_lamps_are_known_is_unknown() -> None:
    assert book(lamp_story(20, RoadGrade.MAIN, offline=51), "lamps-lit", EVENING) == []


def test_dark_lamps_by_day_are_nothing() -> None:
    run = Run.of(shipped(), registry_of(*lamps("R", 10), roads=[road("R")]))
    run.tick(NOON)
    run.readings([(f"R-L{n}", "lamp_on", NOON + S, 0.0) for n in range(10)])
    run.tick(NOON + 600 * S)
    assert run.of_rule("lamps-lit") == []


def test_sunrise_loses_an_open_lamp_alert_and_the_evening_judges_it_again() -> None:
    run = Run.of(shipped(), registry_of(*lamps("R", 4), roads=[road("R")]))
    start = at("2026-11-23T06:00:00")
    for minute in range(0, 12 * 60, 5):
        lit = 1.0 if minute > 600 else 0.0
        run.tick(start + minute * 60 * S)
        run.readings([(f"R-L{n}", "lamp_on", start + minute * 60 * S, lit) for n in range(4)])
    run.tick(start + 12 * 3600 * S)
    sunrise, grace_over = at("2026-11-23T06:28:19.587806"), at("2026-11-23T17:07:47.157648")
    assert run.of_rule("lamps-lit") == [
        ("road:R", "violated", start, start),
        ("road:R", "held", start + 45 * S, start),
        ("road:R", "lost", sunrise, sunrise),
        ("road:R", "cleared", grace_over + 60 * S, grace_over),
    ]


def silence(run: Run) -> list[Transition]:
    return [change for change in run.told if change.rule == "device-silent"]


def test_a_silent_device_is_told_after_three_of_its_own_intervals_and_back_at_its_next_reading() -> None:
    run = story(registry_of(meter("N", "2", interval_s=10)), "laeq", [(0, 50), (10, 50), (70, 50)], until=80)
    assert book(run, "device-silent") == [("violated", 40, 40), ("held", 40, 40), ("cleared", 70, 70)]
    assert [change.evidence.value for change in silence(run)] == [30.0, 30.0, 60.0]


def test_a_device_never_heard_counts_from_the_first_tick() -> None:
    run = story(registry_of(meter("N", "2", interval_s=10)), "laeq", [], until=40)
    assert book(run, "device-silent") == [("violated", 30, 30), ("held", 30, 30)]


def test_a_silent_lamp_is_not_an_alert_of_its_own() -> None:
    run = story(registry_of(*lamps("R", 1, interval_s=10), roads=[road("R")]), "lamp_on", [(0, 1)], until=60)
    assert book(run, "device-silent") == []


def test_every_shipped_rule_names_its_clause_in_both_languages() -> None:
    cards = Run.of(shipped(), registry_of(meter("N", "2"))).program.cards
    assert set(cards) == {
        "noise-city-target",
        "noise-zone",
        "pm2_5-early-warning",
        "cover-open",
        "cover-tilt",
        "water-level",
        "lamps-lit",
        "device-silent",
    }
    assert all(card.clause.zh and card.clause.en and card.zh and card.en for card in cards.values())
