"""Durations as people write them, and nothing else."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.durations import LONGEST_S, Seconds, parse_duration
from config.loading import Strict

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Wait(Strict):
    hold: Seconds


@given(st.integers(0, 36_525), st.sampled_from(sorted(UNITS)))
def test_a_whole_number_of_any_unit_is_that_many_seconds(number: int, unit: str) -> None:
    assert parse_duration(f"{number}{unit}") == number * UNITS[unit]


@given(st.decimals(0, 1000, places=3), st.sampled_from(sorted(UNITS)))
def test_fractions_are_understood(number: object, unit: str) -> None:
    assert parse_duration(f" {number}{unit}\n") == pytest.approx(float(str(number)) * UNITS[unit])


@pytest.mark.parametrize(
    "text", ["", "5", "5x", "-5s", "s", "5 s", "1h30m", "1e3s", ".5s", "5S", "５", "nan", "inf", "9" * 400]
)
def test_what_is_no_duration_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration; write 5s, 5m, 5h or 1d"):
        parse_duration(text)


@pytest.mark.parametrize("value", [5, None, True, [], {"s": 5}, b"5s", "36526d", "9" * 400 + "d"])
def test_numbers_without_a_unit_and_overlong_times_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(value)


@given(st.text())
@example("5s")
def test_any_text_is_seconds_or_refused(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except ValueError:
        return
    assert 0.0 <= seconds <= LONGEST_S


def test_code_gives_seconds_as_a_float() -> None:
    assert Wait(hold=2.5).hold == 2.5
    assert Wait.model_validate({"hold": "5m"}).hold == 300.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0])
def test_a_float_that_no_clock_can_wait_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        Wait(hold=value)
