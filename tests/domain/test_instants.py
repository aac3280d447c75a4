"""Event times go from objects to columns and back without losing a microsecond or a zone."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import EPOCH, from_micros, iso, to_micros

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
SPANS = st.timedeltas(timedelta(days=-25_000), timedelta(days=60_000))
MOMENTS = st.builds(lambda span, zone: (EPOCH + span).astimezone(zone), SPANS, ZONES)


@given(MOMENTS)
def test_a_moment_in_any_zone_comes_back_as_the_same_moment_in_utc(moment: datetime) -> None:
    back = from_micros(to_micros(moment))
    assert back == moment
    assert back.tzinfo is UTC


@given(st.integers(-(10**15), 4 * 10**15))
def test_a_column_value_comes_back_as_it_was(micros: int) -> None:
    assert to_micros(from_micros(micros)) == micros


@given(MOMENTS, MOMENTS)
def test_columns_keep_the_order_of_moments(one: datetime, other: datetime) -> None:
    assert (to_micros(one) < to_micros(other)) == (one < other)


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="naive datetime 2026-11-22T10:00:00: give it a zone"):
        to_micros(datetime(2026, 11, 22, 10))  # noqa: DTZ001  the wrong kind on purpose


def test_the_epoch_is_zero() -> None:
    assert to_micros(EPOCH) == 0


@given(MOMENTS)
def test_what_leaves_the_process_is_utc_with_milliseconds_and_z(moment: datetime) -> None:
    text = iso(moment)
    assert text.endswith("Z") and len(text) == len("2026-11-22T10:00:00.000Z")
    assert timedelta(0) <= moment - datetime.fromisoformat(text) < timedelta(milliseconds=1)
