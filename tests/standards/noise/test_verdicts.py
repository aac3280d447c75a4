"""GB 3096: limits by class and time, day and night judged apart, the maximum of the night apart from both."""

import pytest

from domain.errors import Misconfigured, Refused
from domain.instants import to_micros
from domain.places import NoiseZone
from rules.standards.noise.ambient import Assessment, JudgedDay, assess, point_times
from rules.standards.noise.masking import Masked
from rules.standards.noise.standards import SHIPPED_STANDARDS, Kind, Limits, load_standard
from rules.standards.noise.validity import Rounding, Validity
from rules.standards.noise.verdicts import Outcome, PeakBasis, Verdict, Why, judge, peak_basis
from tests.standards.noise.series import ZONE, hourly, local, steps

AMBIENT = load_standard(SHIPPED_STANDARDS[Kind.AMBIENT])
DAWN = "2025-03-21T06:00"


def limits(zone: str, place: str = "outdoor") -> Limits:
    return Limits(AMBIENT, zone=NoiseZone(zone), place=place, timezone=ZONE)


def assessed(series: Masked, zone: str = "2", *, validity: Validity | None = None) -> Assessment:
    return assess(series, limits(zone), timezone=ZONE, validity=validity or Validity())


def verdicts(series: Masked, zone: str = "2", *, validity: Validity | None = None) -> dict[str, Verdict]:
    [day] = assessed(series, zone, validity=validity).days
    return {verdict.quantity: verdict for verdict in day.verdicts}


def value_at(of: Limits, when: str) -> float:
    limit = of.at(to_micros(local(when)))
    assert limit is not None
    return limit.value


@pytest.mark.parametrize(
    ("zone", "day", "night"),
    [("0", 50, 40), ("1", 55, 45), ("2", 60, 50), ("3", 65, 55), ("4a", 70, 55), ("4b", 70, 60)],
)
def test_limits_are_those_of_table_1_and_night_at_the_railway_is_60_but_55_at_the_road(
    zone: str, day: float, night: float
) -> None:
    assert [value_at(limits(zone), f"2025-03-21T{clock}") for clock in ("06:00", "21:59", "22:00", "05:59")] == [
        day,
        day,
        night,
        night,
    ]


def test_an_older_railway_is_held_against_70_and_55_without_trains() -> None:
    older = limits("4b", "old-railway")
    assert [value_at(older, f"2025-03-21T{clock}") for clock in ("12:00", "23:00")] == [70, 55]
    with pytest.raises(Refused, match="says nothing of zone 2; choose one of 4b"):
        limits("2", "old-railway")


def test_before_the_first_edition_nothing_is_judged() -> None:
    found = verdicts(hourly(local("2007-03-21T06:00"), [90.0] * 16))
    assert (found["ld"].outcome, found["ld"].why) == (Outcome.UNDETERMINED, Why.NO_EDITION)


def test_day_and_night_are_judged_apart() -> None:
    found = verdicts(hourly(local(DAWN), [60.0] * 16 + [50.5] * 8))
    assert (found["ld"].outcome, found["ln"].outcome) == (Outcome.COMPLIANT, Outcome.NOT_COMPLIANT)
    assert found["ln"].excess == pytest.approx(0.5)


def test_a_level_at_the_limit_is_compliant_whatever_the_floats_say() -> None:
    found = verdicts(hourly(local(DAWN), [60.0] * 15 + [60.0 + 1e-12] + [50.0] * 8))
    assert found["ld"].outcome is Outcome.COMPLIANT
    assert judge("ld", 60.00001, limits("2").at(to_micros(local(DAWN))), validity=Validity()).outcome is (
        Outcome.NOT_COMPLIANT
    )


@pytest.mark.parametrize(
    ("level", "judged", "outcome"),
    [(60.4, 60, Outcome.COMPLIANT), (60.5, 60, Outcome.COMPLIANT), (61.5, 62, Outcome.NOT_COMPLIANT)],
)
def test_rounding_to_whole_decibels_before_judging_is_a_setting_half_to_even(
    level: float, judged: float, outcome: Outcome
) -> None:
    limit = limits("2").at(to_micros(local(DAWN)))
    rounded = judge("ld", level, limit, validity=Validity(rounding=Rounding.INTEGER))
    assert (rounded.judged, rounded.outcome, rounded.level) == (judged, outcome, level)
    assert judge("ld", level, limit, validity=Validity()).outcome is Outcome.NOT_COMPLIANT


def test_a_half_decibel_that_floats_blur_is_still_rounded_to_even() -> None:
    assert [Validity(rounding=Rounding.INTEGER).judged(60.5 + blur) for blur in (-1e-12, 1e-12)] == [60.0, 60.0]


def test_one_hour_over_the_limit_is_an_alert_and_the_day_is_compliant() -> None:
    found = assessed(hourly(local(DAWN), [66.0] + [50.0] * 15))
    [day] = found.days
    assert [hour.is_over for hour in found.hours] == [True] + [False] * 15
    assert day.verdicts[0].outcome is Outcome.COMPLIANT


def test_an_hour_that_is_not_valid_is_neither_over_nor_under() -> None:
    found = assessed(steps(local(DAWN), [90.0] * 30, span_s=60.0))
    assert [hour.is_over for hour in found.hours] == [None]


def test_the_night_maximum_may_be_15_above_the_night_limit_and_is_a_test_of_its_own() -> None:
    peaks = [80.0] * 16 + [65.0] * 8
    found = verdicts(hourly(local(DAWN), [50.0] * 16 + [45.0] * 8, peaks=peaks))
    assert (found["ln"].outcome, found["lmax_night"].outcome) == (Outcome.COMPLIANT, Outcome.COMPLIANT)
    peaks[18] = 65.1
    found = verdicts(hourly(local(DAWN), [50.0] * 16 + [45.0] * 8, peaks=peaks))
    assert (found["ln"].outcome, found["lmax_night"].outcome) == (Outcome.COMPLIANT, Outcome.NOT_COMPLIANT)
    assert found["lmax_night"].excess == pytest.approx(0.1)


def test_a_maximum_of_means_condemns_but_does_not_acquit() -> None:
    quiet = verdicts(hourly(local(DAWN), [50.0] * 16 + [45.0] * 8))["lmax_night"]
    assert (quiet.outcome, quiet.why) == (Outcome.UNDETERMINED, Why.ONLY_A_LOWER_BOUND)
    loud = verdicts(hourly(local(DAWN), [50.0] * 16 + [45.0] * 7 + [66.0]))["lmax_night"]
    assert loud.outcome is Outcome.NOT_COMPLIANT


def test_the_maximum_comes_from_measured_maxima_or_from_levels_of_a_second() -> None:
    begin = local(DAWN)
    assert peak_basis(steps(begin, [50.0] * 3, span_s=1.0).kept) is PeakBasis.SHORT_LEVELS
    assert peak_basis(steps(begin, [50.0] * 3, span_s=60.0).kept) is PeakBasis.LOWER_BOUND
    assert peak_basis(steps(begin, [50.0] * 3, span_s=60.0, peaks=[60.0] * 3).kept) is PeakBasis.MEASURED
    partly = steps(begin, [50.0] * 3, span_s=60.0, peaks=[60.0, float("nan"), 60.0])
    assert peak_basis(partly.kept) is PeakBasis.LOWER_BOUND


def test_a_night_with_too_few_hours_cannot_have_a_quiet_maximum() -> None:
    found = verdicts(hourly(local("2025-03-21T22:00"), [45.0] * 5, peaks=[50.0] * 5))
    assert (found["lmax_night"].outcome, found["lmax_night"].why) == (Outcome.INVALID, Why.TOO_LITTLE)


def test_compliance_counts_point_times_and_does_not_average_levels() -> None:
    """One loud day and one very quiet one: their mean would comply, the point complies one day of two."""
    days: list[JudgedDay] = []
    for level in (61.0, 40.0):
        days.extend(assessed(hourly(local(DAWN), [level] * 16)).days)
    by_day, by_night = point_times(days)
    assert (by_day.valid, by_day.compliant, by_day.rate) == (2, 1, 50.0)
    assert (by_night.valid, by_night.rate) == (0, None)


def test_a_verdict_names_limit_clause_and_edition() -> None:
    limit = verdicts(hourly(local(DAWN), [61.0] * 16))["ld"].limit
    assert limit is not None
    assert (limit.value, limit.edition, limit.confidence) == (60.0, "GB 3096-2008", "S")
    assert "GB 3096-2008" in limit.clause.zh


def test_a_place_that_the_standard_does_not_know_is_refused() -> None:
    with pytest.raises(Refused, match="choose one of outdoor, old-railway"):
        limits("2", "room-a")


def test_a_standard_that_contradicts_itself_is_refused_whole(tmp_path: object) -> None:
    text = SHIPPED_STANDARDS[Kind.SOCIAL].read_text(encoding="utf-8")
    file = tmp_path / "broken.yaml"  # type: ignore[operator]  a Path
    file.write_text(text.replace("of: outdoor", "of: nowhere").replace("GB 22337-2008: S", "GB 1: S"), encoding="utf-8")
    with pytest.raises(Misconfigured) as told:
        load_standard(file)
    assert {"nowhere" in str(told.value), "has no confidence" in str(told.value)} == {True}
