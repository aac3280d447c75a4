"""The short words of a casebook mean what docs/casebooks.md says."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import MICROS_PER_S
from rules.casebooks.notation import parse_moment, parse_names, parse_start, parse_values
from tests.rules.city import SHANGHAI, at

S = MICROS_PER_S
START = at("2026-11-22T21:50:00")


@pytest.mark.parametrize(
    "text, values",
    [
        ("55", [55]),
        ("55x3 60", [55, 55, 55, 60]),
        ("_x2 1", [None, None, 1]),
        ("55+1x3", [55, 56, 57]),
        ("20-0.5x3", [20, 19.5, 19]),
        ("-5-1x2", [-5, -6]),
        ("0x2", [0, 0]),
        ("", []),
    ],
)
def test_values_are_repeated_missing_or_a_ramp(text: str, values: list[float | None]) -> None:
    assert list(parse_values(text)) == values


@pytest.mark.parametrize("text", ["55x", "x3", "55+1", "_+1x3", "1e3", "55..60", "55,60"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no value; write 55"):
        parse_values(text)


def test_a_slip_of_the_pen_does_not_fill_the_memory() -> None:
    with pytest.raises(ValueError, match="write no more than"):
        parse_values("1x999999999999")


@given(st.integers(-99, 99), st.integers(1, 99), st.integers(1, 200))
def test_a_ramp_of_tenths_has_no_crumbs_of_floating_point(base: int, step: int, times: int) -> None:
    ramp = parse_values(f"{base / 10}+{step / 10}x{times}")
    assert ramp[-1] == (base + step * (times - 1)) / 10


def test_numbered_names_are_counted() -> None:
    assert parse_names("L{8..10}") == ("L8", "L9", "L10")
    assert parse_names("N1") == ("N1",)
    with pytest.raises(ValueError, match="smaller number first"):
        parse_names("L{3..1}")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("+90s", START + 90 * S),
        ("+1h30m", START + 5400 * S),
        ("21:50", START),
        ("22:05:10", at("2026-11-22T22:05:10")),
        ("06:00", at("2026-11-23T06:00:00")),
        ("2026-11-24 01:00", at("2026-11-24T01:00:00")),
    ],
)
def test_a_moment_is_after_the_start_or_the_next_such_time(text: str, expected: int) -> None:
    assert parse_moment(text, start=START, zone=SHANGHAI) == expected


@pytest.mark.parametrize("text", ["soon", "+5", "+5x", "25:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        parse_moment(text, start=START, zone=SHANGHAI)


def test_the_start_is_local_however_yaml_reads_it() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    moment = at("2026-07-01T12:00:00", berlin)
    assert parse_start("2026-07-01 12:00", berlin) == moment
    assert parse_start(datetime(2026, 7, 1, 12, 0), berlin) == moment  # noqa: DTZ001  as YAML gives it
    assert parse_start("2026-07-01T12:00:00+02:00", SHANGHAI) == moment


@given(st.integers(0, 86_399))
def test_the_next_such_time_is_within_a_day(second: int) -> None:
    clock = (datetime(2026, 1, 1) + timedelta(seconds=second)).time().isoformat()  # noqa: DTZ001  only its clock
    assert 0 <= parse_moment(clock, start=START, zone=SHANGHAI) - START < 86_400 * S
