"""Levels over hours, days and nights: the published vectors, and the traps of averaging."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.readings import Reading
from rules.levels import HourLevel, Validity, day_levels, hour_levels, leq

ZONE = "Asia/Shanghai"
SHANGHAI = ZoneInfo(ZONE)


def minutes(begin: datetime, levels: list[float]) -> list[Reading]:
    return [
        Reading(device="N", metric="laeq", at=begin + timedelta(minutes=i + 1), value=level, span_s=60)
        for i, level in enumerate(levels)
    ]


def hours(begin: datetime, levels: list[float]) -> list[HourLevel]:
    return [
        HourLevel(begin=begin + timedelta(hours=i), leq=level, minutes=60, is_valid=True)
        for i, level in enumerate(levels)
    ]


@pytest.mark.parametrize(("levels", "expected"), [([60, 70], 67.40), ([50] * 59 + [90], 72.24), ([55, 65, 60], 61.74)])
def test_leq_is_the_mean_of_power_not_of_decibels(levels: list[float], expected: float) -> None:
    assert leq(np.array(levels, dtype=float)) == pytest.approx(expected, abs=0.005)


@given(st.lists(st.floats(20, 120), min_size=1, max_size=50))
def test_leq_lies_between_the_arithmetic_mean_and_the_loudest(levels: list[float]) -> None:
    column = np.array(levels)
    assert column.mean() - 1e-9 <= leq(column) <= column.max() + 1e-9


def test_an_hour_with_44_minutes_is_not_valid_and_one_with_45_is() -> None:
    begin = datetime(2025, 3, 21, 2, tzinfo=UTC)
    short, long = minutes(begin, [55.0] * 44), minutes(begin + timedelta(hours=1), [55.0] * 45)
    assert [hour.is_valid for hour in hour_levels(short + long, timezone=ZONE)] == [False, True]


def test_a_reading_that_ends_at_the_full_hour_belongs_to_the_hour_before() -> None:
    begin = datetime(2025, 3, 21, 2, tzinfo=UTC)
    (hour,) = hour_levels(minutes(begin, [55.0] * 60), timezone=ZONE)
    assert (hour.begin.hour, hour.minutes) == (10, 60.0)


def test_the_night_belongs_to_the_date_on_which_it_begins() -> None:
    zone = datetime(2025, 3, 21, 14, tzinfo=UTC).astimezone(SHANGHAI)
    (night,) = day_levels(hours(zone, [50.0] * 8))
    assert (str(night.date), night.ln, night.ld) == ("2025-03-21", pytest.approx(50.0), None)


def test_a_day_with_eleven_valid_hours_has_no_ld() -> None:
    begin = datetime(2025, 3, 20, 22, tzinfo=UTC).astimezone(SHANGHAI)
    (day,) = day_levels(hours(begin, [60.0] * 11))
    assert (day.ld, day.day_hours) == (None, 11)
    (day,) = day_levels(hours(begin, [60.0] * 11), validity=Validity(hours_of_day=11))
    assert day.ld == pytest.approx(60.0)
