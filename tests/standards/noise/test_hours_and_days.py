"""Hours, days and nights: full hours, midnight, clocks put forward and back, and what is not enough."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Misconfigured
from domain.instants import to_micros
from rules.standards.noise.days import NoiseDay, Periods, noise_days
from rules.standards.noise.hours import noise_hours
from rules.standards.noise.masking import Masked, masked
from rules.standards.noise.samples import samples_of
from rules.standards.noise.validity import Validity
from rules.tables import LimitTable
from tests.standards.noise import twin
from tests.standards.noise.series import ZONE, hourly, local, minutes, steps

BERLIN = "Europe/Berlin"


def days(series: Masked, *, timezone: str = ZONE, validity: Validity | None = None) -> list[NoiseDay]:
    asked = validity or Validity()
    return noise_days(noise_hours(series, timezone=timezone, validity=asked), timezone=timezone, validity=asked)


@pytest.mark.parametrize(("count", "is_valid"), [(44, False), (45, True)])
def test_an_hour_needs_45_valid_minutes(count: int, is_valid: bool) -> None:
    [hour] = noise_hours(minutes(local("2025-03-21T10:00"), [55.0] * count), timezone=ZONE, validity=Validity())
    assert (hour.is_valid, hour.minutes) == (is_valid, count)


def test_a_level_whose_interval_ends_at_the_full_hour_belongs_to_the_hour_before() -> None:
    [hour] = noise_hours(minutes(local("2025-03-21T10:00"), [55.0] * 60), timezone=ZONE, validity=Validity())
    assert (hour.begin.hour, hour.minutes, hour.vdr) == (10, 60.0, 1.0)


def test_overlapping_intervals_make_no_hour_longer_than_60_minutes() -> None:
    start = to_micros(local("2025-03-21T10:00"))
    series = masked(samples_of([start + i * 60_000_000 for i in range(10, 60)], 600.0, [55.0] * 50), Validity())
    assert max(hour.minutes for hour in noise_hours(series, timezone=ZONE, validity=Validity())) == 60.0


def test_hours_are_local_where_clocks_differ_from_utc_by_half_an_hour() -> None:
    series = minutes(local("2025-03-21T10:00", "Asia/Kolkata"), [55.0] * 60)
    [hour] = noise_hours(series, timezone="Asia/Kolkata", validity=Validity())
    assert (hour.begin.hour, hour.begin.minute, hour.minutes) == (10, 0, 60.0)


def test_the_night_crosses_midnight_and_belongs_to_the_date_on_which_it_begins() -> None:
    [day] = days(hourly(local("2025-03-21T22:00"), [50.0] * 8))
    assert (str(day.date), day.night.level, day.day.level) == ("2025-03-21", pytest.approx(50.0), None)


def test_two_half_nights_of_one_date_are_not_one_night() -> None:
    """A day packet from 0 to 24 h joins them; here neither half is a night of 8 hours."""
    first, second = days(hourly(local("2025-03-21T00:00"), [40.0] * 6 + [60.0] * 16 + [50.0] * 2))
    assert (str(first.date), first.night.hours, first.night.level) == ("2025-03-20", 6, pytest.approx(40.0))
    assert (str(second.date), second.night.hours, second.night.level) == ("2025-03-21", 2, None)


@pytest.mark.parametrize(("count", "is_valid"), [(11, False), (12, True)])
def test_a_day_needs_12_valid_hours_of_its_16(count: int, is_valid: bool) -> None:
    [day] = days(hourly(local("2025-03-21T06:00"), [60.0] * count))
    assert ((day.day.level is not None), day.day.hours, day.day.due) == (is_valid, count, 16)


@pytest.mark.parametrize(("count", "is_valid"), [(5, False), (6, True)])
def test_a_night_needs_6_valid_hours_of_its_8(count: int, is_valid: bool) -> None:
    [day] = days(hourly(local("2025-03-21T22:00"), [60.0] * count))
    assert ((day.night.level is not None), day.night.hours, day.night.due) == (is_valid, count, 8)


def test_how_much_has_to_be_there_is_a_setting() -> None:
    [day] = days(hourly(local("2025-03-21T06:00"), [60.0] * 11), validity=Validity(hours_of_day=11))
    assert day.day.level == pytest.approx(60.0)


def test_with_missing_hours_ld_is_the_mean_of_the_valid_ones() -> None:
    [day] = days(hourly(local("2025-03-21T06:00"), [60.0] * 12 + [70.0]))
    assert day.day.level == pytest.approx(twin.leq([(60.0, 12.0), (70.0, 1.0)]))


def test_ldn_and_leq24_need_both_a_valid_day_and_a_valid_night() -> None:
    [whole] = days(hourly(local("2025-03-21T06:00"), [58.0] * 16 + [48.0] * 8))
    [half] = days(hourly(local("2025-03-21T06:00"), [58.0] * 16))
    assert (round(whole.ldn or 0, 2), round(whole.leq24 or 0, 2)) == (58.00, 56.45)
    assert (half.ldn, half.leq24) == (None, None)


@pytest.mark.parametrize(("evening", "due"), [("2025-03-29", 7), ("2025-10-25", 9), ("2025-10-26", 8)])
def test_a_night_in_which_clocks_change_has_its_real_hours(evening: str, due: int) -> None:
    [day] = days(hourly(local(f"{evening}T22:00", BERLIN), [50.0] * due), timezone=BERLIN)
    assert (str(day.date), day.night.hours, day.night.due) == (evening, due, due)


def test_the_clock_hour_that_comes_twice_is_two_hours() -> None:
    series = hourly(datetime(2025, 10, 26, 0, tzinfo=UTC), [50.0, 60.0])  # both 02:00 to 03:00
    found = noise_hours(series, timezone=BERLIN, validity=Validity())
    assert [(hour.begin.hour, hour.figures.leq) for hour in found] == [(2, 50.0), (2, pytest.approx(60.0))]


def test_a_city_may_move_its_night_but_not_stretch_it() -> None:
    table = {"id": "t", "zh": "t", "en": "t", "unit": "dB(A)"}
    edition = {"source": "s", "valid_from": "2008-10-01", "limits": {"2": {"day": 60, "night": 50}}}
    moved = LimitTable.model_validate({**table, "periods": {"day": "07:00", "night": "23:00"}, "editions": [edition]})
    assert Periods.of(moved) == Periods(day=7, night=23)
    for night in ("21:00", "22:30"):
        wrong = {**table, "periods": {"day": "06:00", "night": night}, "editions": [edition]}
        with pytest.raises(Misconfigured, match="16 h and a night of 8 h"):
            Periods.of(LimitTable.model_validate(wrong))


def test_a_night_that_begins_at_midnight_belongs_to_that_date() -> None:
    shifted = Periods(day=8, night=0)
    assert [shifted.of_hour(local(f"2025-03-21T{hour:02}:00")) for hour in (0, 7, 8, 23)] == [
        (local("2025-03-21").date(), period) for period in ("night", "night", "day", "day")
    ]


@settings(max_examples=60, deadline=None)
@given(
    second=st.integers(0, 363 * 86_400),
    span_s=st.sampled_from([300.0, 600.0, 900.0, 3600.0]),
    timezone=st.sampled_from([ZONE, BERLIN, "Asia/Kolkata", "America/St_Johns"]),
    levels=st.lists(st.floats(30, 90), min_size=1, max_size=48),
    gap=st.integers(0, 200),
)
def test_hours_and_days_agree_with_the_slow_twin(
    second: int, span_s: float, timezone: str, levels: list[float], gap: int
) -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    series = [levels[i % len(levels)] for i in range(round(30 * 3600 / span_s))]
    rows = [
        (start + timedelta(seconds=span_s * (i + 1)), span_s, level)
        for i, level in enumerate(series)
        if not gap <= i < gap + 12
    ]
    found = noise_hours(
        masked(samples_of([to_micros(end) for end, _, _ in rows], span_s, [level for _, _, level in rows]), Validity()),
        timezone=timezone,
        validity=Validity(),
    )
    expected = twin.hours(rows, timezone)
    assert [hour.begin.astimezone(UTC) for hour in found] == sorted(expected)
    assert [hour.figures.leq for hour in found] == pytest.approx([twin.leq(expected[key]) for key in sorted(expected)])
    told = {
        (day.date, name): period.level
        for day in noise_days(found, timezone=timezone, validity=Validity())
        for name, period in (("day", day.day), ("night", day.night))
    }
    for key, level in twin.days(rows, timezone, {"day": 12, "night": 6}).items():
        assert told[key] == (None if level is None else pytest.approx(level))


def test_the_two_hours_after_clocks_are_put_back_are_told_apart_by_the_twin_too() -> None:
    start = datetime(2025, 10, 25, 20, tzinfo=UTC)
    rows = [(start + timedelta(hours=i + 1), 3600.0, 50.0 + i) for i in range(9)]
    series = steps(start, [50.0 + i for i in range(9)], span_s=3600.0)
    [day] = days(series, timezone=BERLIN)
    assert day.night.level == pytest.approx(twin.days(rows, BERLIN, {"day": 12, "night": 6})[day.date, "night"])
