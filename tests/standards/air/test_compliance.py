"""Held against GB 3095 by grade and by the limits of the date; what makes a year valid; how a percentile is taken."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.catalogue import SHIPPED
from config.loading import load
from rules.standards.air.assessment import assess
from rules.standards.air.compliance import (
    Tally,
    Year,
    day_tallies,
    hour_tallies,
    keeps,
    percentile,
    why_not_valid,
    years,
)
from rules.standards.air.days import days_of
from rules.standards.air.limits import Mean
from rules.tables import LimitTable
from tests.standards.air.places import ambient, editions, hours

CLEAN = ("so2", "no2", "co", "o3", "pm10")


def tally(tallies: Sequence[Tally], pollutant: str, mean: Mean) -> Tally:
    [found] = [one for one in tallies if (one.pollutant, one.mean) == (pollutant, mean)]
    return found


@pytest.mark.parametrize(
    ("day", "pm2_5", "pm10", "so2"),
    [
        ("2026-02-28", (35, 75), (50, 150), (50, 150)),
        ("2026-03-01", (35, 60), (50, 120), (50, 150)),
        ("2030-12-31", (35, 60), (50, 120), (50, 150)),
        ("2031-01-01", (25, 50), (50, 100), (50, 50)),
    ],
)
def test_the_limits_of_a_day_are_those_in_force_on_it(
    day: str, pm2_5: tuple[int, int], pm10: tuple[int, int], so2: tuple[int, int]
) -> None:
    limits = ambient().on(date.fromisoformat(day)).limits
    assert [limits[name][Mean.DAY] for name in ("pm2_5", "pm10", "so2")] == [pm2_5, pm10, so2]


def test_there_is_no_hourly_limit_for_particles() -> None:
    station = hours("2026-11-20T00:00", {"pm2_5": [500.0] * 24, "no2": [201.0] * 24})
    assert {one.pollutant for one in hour_tallies(station, ambient())} == {"no2"}


def test_compliance_of_a_mixed_year_goes_by_the_limit_of_each_day_and_not_by_the_index() -> None:
    found = day_tallies(days_of(hours("2026-02-28T00:00", {"pm2_5": [70.0] * 48}), ambient()), ambient())
    days = tally(found, "pm2_5", Mean.DAY)
    assert (days.valid, days.compliant) == (2, (0, 1))


def test_the_limit_itself_is_kept_and_values_are_rounded_to_its_place_first() -> None:
    limits = (Decimal(35), Decimal(60))
    for value, kept in ((Fraction(60), True), (Fraction("60.5"), True), (Fraction("60.51"), False)):
        assert keeps(value, limits, step=Decimal(1), ambient=ambient())[1] is kept
    as_measured = ambient().model_copy(update={"rounded_before_comparing": False})
    assert not keeps(Fraction("60.5"), limits, step=Decimal(1), ambient=as_measured)[1]


def test_ozone_is_judged_by_its_largest_eight_hours_and_by_its_hours_not_by_the_mean_of_the_day() -> None:
    station = hours("2026-11-20T00:00", {"o3": [10.0] * 12 + [165.0] * 8 + [10.0] * 4})
    found = day_tallies(days_of(station, ambient()), ambient())
    assert [(one.mean, one.compliant, one.highest) for one in found] == [(Mean.MAX8H, (0, 0), Fraction(165))]
    assert tally(hour_tallies(station, ambient()), "o3", Mean.HOUR).compliant == (16, 24)


def test_the_largest_value_is_found_among_means_of_different_numbers_of_hours() -> None:
    column: list[float | None] = [*([30.0] * 24), *([31.0] * 23), None]
    found = tally(
        day_tallies(days_of(hours("2026-11-20T00:00", {"pm2_5": column}), ambient()), ambient()), "pm2_5", Mean.DAY
    )
    assert (found.highest, found.highest_at) == (31, 1)


def all_days(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=n) for n in range(365)]


def test_a_year_needs_324_days_27_in_a_month_and_25_in_february() -> None:
    assert why_not_valid(all_days(2025), ambient()) == ""
    assert why_not_valid(all_days(2025)[:323], ambient()) == "323 valid days, 324 are needed"
    but_june = [day for day in all_days(2025) if day.month != 6 or day.day > 4]
    assert why_not_valid(but_june, ambient()) == "month 6: 26 valid days, 27 are needed"
    assert why_not_valid([day for day in all_days(2025) if day.month != 2 or day.day > 3], ambient()) == ""
    but_february = [day for day in all_days(2025) if day.month != 2 or day.day > 4]
    assert why_not_valid(but_february, ambient()) == "month 2: 24 valid days, 25 are needed"


def of_year(column: list[float | None]) -> Year:
    [found] = years(days_of(hours("2025-01-01T00:00", {"pm2_5": column}), ambient()), ambient())
    return found


def test_a_valid_year_is_judged_by_mean_and_percentile_an_invalid_one_by_neither() -> None:
    clean: list[float | None] = [30.0] * 24 * 345 + [90.0] * 24 * 20
    found = of_year(clean)
    assert found.is_valid
    assert found.mean == Fraction(345 * 30 + 20 * 90, 365)
    assert found.mean_compliant == (False, True)  # 33.3 against 15 and 35
    assert found.percentile == 90  # more than 5 % of the days: k = 346.8
    assert found.percentile_compliant == (False, False)
    short = of_year(clean[: 24 * 300])
    assert (short.is_valid, short.mean_compliant, short.percentile_compliant) == (False, None, None)
    assert short.because == "300 valid days, 324 are needed"


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([10, 20, 30], 50, 20),
        ([10, 20, 30, 40], 50, 25),
        ([10, 20], 90, 19),
        ([7], 98, 7),
        (list(range(1, 102)), 95, 96),
    ],
)
def test_a_percentile_stands_at_one_plus_n_minus_one_times_p(values: list[int], percent: int, expected: int) -> None:
    assert percentile(values, Fraction(percent)) == expected


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=60), st.integers(0, 100))
def test_the_percentile_is_that_of_numpy(values: list[int], percent: int) -> None:
    assert float(percentile(values, Fraction(percent))) == pytest.approx(np.percentile(values, percent))


def test_the_good_day_ratio_is_over_valid_days() -> None:
    column: list[float | None] = [40.0] * 24 + [61.0] * 24 + [None] * 24 + [60.0] * 24
    found = assess(
        hours("2026-11-20T00:00", {"pm2_5": column}), editions=editions(), ambient=ambient(), not_monitored=CLEAN
    )
    assert (found.valid_days, found.good_days) == (3, 2)
    assert found.good_day_ratio == pytest.approx(200 / 3)


@pytest.mark.parametrize(
    ("table", "pollutant", "mean"),
    [
        ("gb3095-pm2_5", "pm2_5", Mean.DAY),
        ("gb3095-pm10", "pm10", Mean.DAY),
        ("gb3095-so2-1h", "so2", Mean.HOUR),
        ("gb3095-no2-1h", "no2", Mean.HOUR),
        ("gb3095-co-1h", "co", Mean.HOUR),
        ("gb3095-o3-1h", "o3", Mean.HOUR),
        ("gb3095-o3-8h", "o3", Mean.MAX8H),
    ],
)
def test_the_tables_of_limits_for_rules_say_what_the_standard_says(table: str, pollutant: str, mean: Mean) -> None:
    found = load(SHIPPED.parent / "limits" / f"{table}.yaml", LimitTable)
    assert found.id == table
    assert found.unit == ambient().unit(pollutant)
    for one in found.editions:
        assert one.limits["any"]["always"] == float(ambient().on(one.valid_from).limits[pollutant][mean][1])
