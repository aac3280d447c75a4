"""Limits of sources, the background taken off them, and a city's grades after HJ 640."""

from datetime import date

import numpy as np
import pytest

from domain.errors import Refused
from domain.instants import to_micros
from domain.places import NoiseZone
from rules.standards.noise.background import load_corrections
from rules.standards.noise.masking import Masked
from rules.standards.noise.regional import Survey, load_grades, region_mean, road_mean
from rules.standards.noise.sources import OCCASIONAL, Measurement, SourceMethod, measurements
from rules.standards.noise.standards import SHIPPED_STANDARDS, Kind, Limits, load_standard
from rules.standards.noise.validity import Validity
from rules.standards.noise.verdicts import Outcome, Why
from tests.standards.noise.series import ZONE, hourly, local, minutes

TODAY = date(2026, 6, 1)
CORRECTION = load_corrections().in_force(TODAY)
GRADES = load_grades()


def limits(kind: Kind, place: str = "outdoor", zone: str = "2") -> Limits:
    return Limits(load_standard(SHIPPED_STANDARDS[kind]), zone=NoiseZone(zone), place=place, timezone=ZONE)


def day_and_night(of: Limits, on: str = "2025-03-21") -> list[float]:
    found = [of.at(to_micros(local(f"{on}T{clock}"))) for clock in ("12:00", "23:00")]
    return [limit.value for limit in found if limit is not None]


def measured(series: Masked, of: Limits, **more: object) -> list[Measurement]:
    method = {"timezone": ZONE, "validity": Validity(), "corrections": load_corrections(), **more}
    return measurements(series, of, SourceMethod(**method))  # type: ignore[arg-type]  by name


@pytest.mark.parametrize(
    ("kind", "place", "zone", "expected"),
    [
        (Kind.CONSTRUCTION, "outdoor", "2", [70, 55]),
        (Kind.CONSTRUCTION, "indoor", "0", [60, 45]),
        *((kind, "outdoor", zone, pair) for kind in (Kind.SOCIAL, Kind.INDUSTRIAL) for zone, pair in (
            ("0", [50, 40]), ("1", [55, 45]), ("2", [60, 50]), ("3", [65, 55]), ("4a", [70, 55]), ("4b", [70, 55])
        )),
        (Kind.SOCIAL, "indoor", "2", [50, 40]),
        *((Kind.SOCIAL, "room-a", zone, pair) for zone, pair in (
            ("0", [40, 30]), ("1", [40, 30]), ("2", [45, 35]), ("4a", [45, 35])
        )),
        *((Kind.SOCIAL, "room-b", zone, pair) for zone, pair in (
            ("0", [40, 30]), ("1", [45, 35]), ("2", [50, 40]), ("4b", [50, 40])
        )),
    ],
)  # fmt: skip
def test_limits_of_sources_by_place_and_zone(kind: Kind, place: str, zone: str, expected: list[float]) -> None:
    assert day_and_night(limits(kind, place, zone)) == expected


def test_the_edition_for_construction_is_that_of_the_day_of_the_measurement() -> None:
    of = limits(Kind.CONSTRUCTION)
    found = [of.at(to_micros(local(f"{day}T12:00"))) for day in ("2025-12-31", "2026-01-01")]
    assert [(limit.edition, limit.confidence) for limit in found if limit] == [
        ("GB 12523-2011", "S"),
        ("GB 12523-2025", "F"),
    ]


@pytest.mark.parametrize(
    ("difference", "off"),
    [
        (2.0, None),
        (2.4, None),
        (2.6, 3),
        (3, 3),
        (3.4, 3),
        (3.6, 2),
        (4, 2),
        (5, 2),
        (6, 1),
        (10, 1),
        (10.6, 0),
        (20, 0),
    ],
)
def test_the_background_takes_off_by_the_rounded_difference(difference: float, off: float | None) -> None:
    alone = CORRECTION.source_alone(50 + difference, 50)
    assert alone == (None if off is None else pytest.approx(50 + difference - off))


def test_a_source_that_swings_by_3_db_is_steady() -> None:
    assert CORRECTION.is_steady(np.array([55.1, 58.1]))
    assert not CORRECTION.is_steady(np.array([55.1, 58.2]))


def test_a_building_site_is_measured_in_20_minutes_each_judged_by_itself() -> None:
    found = measured(
        minutes(local("2025-03-21T10:00"), [69.0] * 20 + [71.0] * 20 + [60.0] * 10), limits(Kind.CONSTRUCTION)
    )
    assert [one.verdicts[0].outcome for one in found] == [Outcome.COMPLIANT, Outcome.NOT_COMPLIANT, Outcome.INVALID]
    assert [f"{one.begin:%H:%M}" for one in found] == ["10:00", "10:20", "10:40"]


def test_an_hourly_level_is_no_measurement_of_20_minutes() -> None:
    [one] = measured(hourly(local("2025-03-21T10:00"), [80.0]), limits(Kind.CONSTRUCTION))
    assert (one.verdicts[0].outcome, one.verdicts[0].why) == (Outcome.INVALID, Why.TOO_LITTLE)


def test_the_maximum_of_a_building_site_at_night_may_be_15_above() -> None:
    quiet, loud = (
        measured(
            minutes(local("2025-03-21T23:00"), [54.0] * 20, peaks=[60.0] * 19 + [peak]), limits(Kind.CONSTRUCTION)
        )[0]
        for peak in (70.0, 70.1)
    )
    assert [one.verdicts[1].outcome for one in (quiet, loud)] == [Outcome.COMPLIANT, Outcome.NOT_COMPLIANT]


def test_a_factory_at_night_may_be_10_above_if_often_and_15_if_seldom() -> None:
    series = minutes(local("2025-03-21T22:00"), [49.0] * 60, peaks=[62.0] * 60)
    [often] = measured(series, limits(Kind.INDUSTRIAL))
    [seldom] = measured(series, limits(Kind.INDUSTRIAL), peaks=OCCASIONAL)
    assert [(v.quantity, v.outcome) for v in often.verdicts[1:]] == [("lmax_frequent", Outcome.NOT_COMPLIANT)]
    assert [(v.quantity, v.outcome) for v in seldom.verdicts[1:]] == [("lmax_occasional", Outcome.COMPLIANT)]


def test_by_day_a_factory_has_no_limit_for_its_maximum() -> None:
    [one] = measured(minutes(local("2025-03-21T12:00"), [55.0] * 60, peaks=[95.0] * 60), limits(Kind.INDUSTRIAL))
    assert [verdict.quantity for verdict in one.verdicts] == ["leq"]


def test_in_a_room_only_unsteady_noise_is_held_against_10_more() -> None:
    room = limits(Kind.SOCIAL, "room-a")
    begin = local("2025-03-21T12:00")
    [steady] = measured(minutes(begin, [40.0] * 10, peaks=[60.0] * 10), room)
    [lift] = measured(minutes(begin, [35.0, 42.0] * 5, peaks=[60.0] * 10), room)
    assert [verdict.quantity for verdict in steady.verdicts] == ["leq"]
    assert [(v.quantity, v.outcome) for v in lift.verdicts[1:]] == [("lmax_unsteady", Outcome.NOT_COMPLIANT)]


def test_a_source_too_close_to_its_background_is_measured_again() -> None:
    series = minutes(local("2025-03-21T12:00"), [62.0] * 10)
    [near] = measured(series, limits(Kind.INDUSTRIAL), background=60.0)
    [far] = measured(series, limits(Kind.INDUSTRIAL), background=58.0)
    assert (near.verdicts[0].outcome, near.verdicts[0].why) == (Outcome.INVALID, Why.BACKGROUND)
    assert (far.corrected, far.verdicts[0].outcome) == (pytest.approx(60.0), Outcome.COMPLIANT)


def test_a_night_of_work_is_one_measurement_across_midnight() -> None:
    [night] = measured(hourly(local("2025-03-21T22:00"), [49.0] * 8), limits(Kind.INDUSTRIAL))
    assert (night.date, night.period, night.minutes) == (date(2025, 3, 21), "night", 480.0)


def test_a_citys_mean_over_its_grid_is_the_arithmetic_one() -> None:
    assert region_mean([50.0, 60.0]) == 55.0


def test_a_citys_mean_over_its_roads_goes_by_their_length() -> None:
    assert road_mean([66.0, 72.0], [2.0, 1.0]) == pytest.approx(68.0)
    for lengths in ([0.0, 0.0], [-1.0, 2.0]):
        with pytest.raises(ValueError, match="lengths of roads"):
            road_mean([66.0, 72.0], lengths)


@pytest.mark.parametrize(
    ("mean", "survey", "period", "number"),
    [
        (50.0, Survey.REGION, "day", 1),
        (50.04, Survey.REGION, "day", 1),
        (50.05, Survey.REGION, "day", 1),
        (50.06, Survey.REGION, "day", 2),
        (50.15, Survey.REGION, "day", 2),
        (54.1, Survey.REGION, "day", 2),
        (65.1, Survey.REGION, "day", 5),
        (50.0, Survey.REGION, "night", 3),
        (68.0, Survey.ROAD, "day", 1),
        (68.1, Survey.ROAD, "day", 2),
        (74.1, Survey.ROAD, "day", 5),
        (64.0, Survey.ROAD, "night", 4),
    ],
)
def test_grades_of_a_city(mean: float, survey: Survey, period: str, number: int) -> None:
    grade = GRADES.grade(mean, survey, period, on=TODAY)  # type: ignore[arg-type]  day or night
    assert (grade.number, grade.edition) == (number, "HJ 640-2012")


def test_before_hj_640_there_are_no_grades() -> None:
    with pytest.raises(Refused, match="no grades were in force on 2010-01-01"):
        GRADES.grade(50.0, Survey.REGION, "day", on=date(2010, 1, 1))
