"""What the wall is told: roads, offline devices, counts and limits over time."""

import pytest

from domain.instants import MICROS_PER_S
from domain.places import NoiseZone, RoadGrade
from rules import figures
from rules.figures import LampRoad
from tests.rules.city import Run, at, lamps, meter, registry_of, road, shipped

S = MICROS_PER_S
NOON = at("2026-11-22T12:00:00")
EVENING = at("2026-11-22T21:00:00")


def evening() -> Run:
    """A road of ten lamps: seven lit, two dark, one never heard."""
    run = Run.of(shipped(), registry_of(*lamps("R", 10), roads=[road("R", RoadGrade.BRANCH)]))
    run.tick(EVENING)
    run.readings([(f"R-L{n}", "lamp_on", EVENING + S, float(n > 1)) for n in range(9)])
    return run


def test_a_road_shows_what_has_just_arrived() -> None:
    run = evening()
    [found] = figures.lamp_roads(run.program, run.state, EVENING + 2 * S)
    assert found == LampRoad(id="R", grade=RoadGrade.BRANCH, target=96, lit=7, due=9, dark=2, offline=1, rate=700 / 9)


def test_looking_changes_nothing() -> None:
    run = evening()
    first = figures.lamp_roads(run.program, run.state, EVENING + 60 * S)
    assert figures.lamp_roads(run.program, run.state, EVENING + 60 * S) == first
    assert len(run.state.rules["lamps-lit"].waiting) == 9


def test_dark_lamps_are_named() -> None:
    run = evening()
    assert figures.dark_lamps(run.program, run.state, EVENING + 2 * S, road="R") == ["R-L0", "R-L1"]


def test_by_day_no_lamp_is_due_and_the_rate_is_unknown() -> None:
    run = Run.of(shipped(), registry_of(*lamps("R", 2), roads=[road("R")]))
    run.tick(NOON)
    run.readings([("R-L0", "lamp_on", NOON, 0.0)])
    [found] = figures.lamp_roads(run.program, run.state, NOON + S)
    assert (found.lit, found.due, found.dark, found.offline, found.rate) == (0, 0, 0, 1, None)


def test_lamps_whose_evidence_ran_out_go_offline() -> None:
    run = evening()
    [found] = figures.lamp_roads(run.program, run.state, EVENING + 901 * S)
    assert (found.due, found.offline, found.rate) == (0, 10, None)


def test_offline_devices_are_those_silent_for_three_intervals() -> None:
    registry = registry_of(meter("A"), meter("B"), *lamps("R", 2), roads=[road("R")])
    run = Run.of(shipped(), registry, blind_after_s=1e6)
    run.tick(EVENING)
    run.readings([("A", "laeq", EVENING + 100 * S, 50.0), ("R-L1", "lamp_on", EVENING + 100 * S, 1.0)])
    assert figures.offline_devices(run.program, run.state, EVENING + 179 * S) == []
    assert figures.offline_devices(run.program, run.state, EVENING + 180 * S) == ["B"]
    assert figures.offline_devices(run.program, run.state, EVENING + 900 * S) == ["A", "B", "R-L0"]


def test_violations_are_counted_from_their_begin_to_their_end() -> None:
    run = Run.of(shipped(), registry_of(meter("A", "2"), meter("B", "2"), meter("C", "2")))
    run.tick(NOON)
    run.readings([("A", "laeq", NOON, 70.0), ("B", "laeq", NOON, 40.0)])
    assert figures.violated_count(run.program, run.state, "noise-zone") == (1, 2)
    run.readings([("A", "laeq", NOON + 60 * S, 40.0)])
    assert figures.violated_count(run.program, run.state, "noise-zone") == (0, 2)


def test_the_limit_over_time_of_a_zone_and_of_a_number() -> None:
    run = Run.of(shipped(), registry_of(meter("A", "2")))
    start, end = at("2026-11-22T21:00:00"), at("2026-11-22T23:00:00")
    night = at("2026-11-22T22:00:00")
    assert figures.limit_steps(run.program, "noise-zone", NoiseZone.FOUR_A, start, end) == [
        (start, night, 70.0),
        (night, end, 55.0),
    ]
    assert figures.limit_steps(run.program, "pm2_5-early-warning", None, start, end) == [(start, end, 60.0)]


@pytest.mark.parametrize("rule, words", [("lamps-lit", "no limit over time"), ("noise-zone", "name one")])
def test_a_limit_that_cannot_be_drawn_is_refused(rule: str, words: str) -> None:
    run = Run.of(shipped(), registry_of(meter("A", "2")))
    with pytest.raises(ValueError, match=words):
        figures.limit_steps(run.program, rule, None, NOON, EVENING)


def test_the_next_lighting_is_tonight_by_day_and_this_night_by_night() -> None:
    run = evening()
    by_day = figures.next_lighting(run.program, NOON)
    assert by_day is not None
    assert at("2026-11-22T17:07:00") < by_day[0] < at("2026-11-22T17:09:00")
    assert figures.next_lighting(run.program, EVENING) == by_day
    assert at("2026-11-23T06:28:00") < by_day[1] < at("2026-11-23T06:29:00")
