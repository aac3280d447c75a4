"""The steps of the wall clock against the wall clock itself, where the clocks change too."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instants import MICROS_PER_S, from_micros, to_micros
from rules.windows.grid import Grid, grid_of

ZONES = ["Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Asia/Kathmandu"]
STEPS = [60, 900, 2700, 3600, 7200, 28_800, 86_400, 604_800]
CHANGES = [
    to_micros(datetime(2026, *day, tzinfo=UTC)) // MICROS_PER_S for day in ((3, 28), (4, 4), (9, 5), (10, 3), (10, 24))
]
"""Days before the clocks change in Berlin, Lord Howe and Santiago."""
near_changes = st.tuples(st.sampled_from(CHANGES), st.integers(0, 2 * 86_400)).map(sum)
moments = st.lists(st.integers(1_230_768_000, 2_051_222_400) | near_changes, min_size=1, max_size=9)


def grid(zone: str, step_s: int) -> Grid:
    return grid_of(zone, step_s * MICROS_PER_S)


@pytest.mark.thorough
@settings(deadline=None)
@given(moments=moments, zone=st.sampled_from(ZONES), step_s=st.sampled_from(STEPS))
def test_every_instant_lies_in_its_step_and_a_step_begins_on_the_wall_clock(
    moments: list[int], zone: str, step_s: int
) -> None:
    at = np.array(moments, dtype=np.int64) * MICROS_PER_S
    number = grid(zone, step_s).numbers(at)
    begin, end = grid(zone, step_s).begins(number), grid(zone, step_s).begins(number + 1)
    assert ((begin <= at) & (at < end)).all()
    assert (grid(zone, step_s).numbers(begin) == number).all()
    for moment in begin.tolist():
        wall = from_micros(moment).astimezone(ZoneInfo(zone))
        second = wall.hour * 3600 + wall.minute * 60 + wall.second
        # 00:00 is left out where the clocks go on at midnight: the day begins with the change
        skipped = wall.replace(hour=0, minute=0, second=0).astimezone(UTC).astimezone(ZoneInfo(zone)).hour != 0
        assert second % min(step_s, 86_400) == 0 or skipped


def hours(zone: str, step_s: int, start: str, end: str) -> list[float]:
    """Lengths in hours of the steps from one local time to another."""
    moments = [to_micros(datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(zone))) for clock in (start, end)]
    first, last = grid(zone, step_s).numbers(np.array(moments, dtype=np.int64)).tolist()
    edges = grid(zone, step_s).begins(np.arange(first, last + 1, dtype=np.int64))
    return (np.diff(edges) / 3_600 / MICROS_PER_S).tolist()


@pytest.mark.parametrize(
    "step_s, date, following, expected",
    [
        (3600, "2026-03-29", "2026-03-30", [1.0] * 23),
        (3600, "2026-10-25", "2026-10-26", [1.0] * 25),
        (28_800, "2026-03-29", "2026-03-30", [7.0, 8.0, 8.0]),
        (28_800, "2026-10-25", "2026-10-26", [9.0, 8.0, 8.0]),
        (86_400, "2026-03-28", "2026-03-31", [24.0, 23.0, 24.0]),
        (604_800, "2026-03-23", "2026-04-06", [167.0, 168.0]),  # Monday to Monday
    ],
)
def test_steps_where_the_clocks_of_berlin_change(step_s: int, date: str, following: str, expected: list[float]) -> None:
    assert hours("Europe/Berlin", step_s, f"{date}T00:00:00", f"{following}T00:00:00") == expected


@pytest.mark.parametrize("step_s", [0, -60, 7 * 60, 86_401, 90_000])
def test_a_step_that_does_not_fit_the_day_is_refused(step_s: int) -> None:
    with pytest.raises(ValueError, match="neither divides a day nor is whole days"):
        Grid("Asia/Shanghai", step_s * MICROS_PER_S)
