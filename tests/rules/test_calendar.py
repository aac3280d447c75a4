"""Limits by zone, period and date, and the nights of the lamps: the boundaries to the second."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.loading import load
from domain.errors import Misconfigured
from domain.instants import to_micros
from domain.places import NoiseZone
from rules.settings import SHIPPED_LIMITS
from rules.tables import ZONES, Edition, LimitTable, Timeline
from tests.rules.city import at

GB3096 = load(SHIPPED_LIMITS[0], LimitTable)
DAY = {"0": 50, "1": 55, "2": 60, "3": 65, "4a": 70, "4b": 70}
NIGHT = {"0": 40, "1": 45, "2": 50, "3": 55, "4a": 55, "4b": 60}


def limit(timeline: Timeline, zone: str, moment: int) -> float:
    where = np.array([ZONES.index(NoiseZone(zone))])
    return float(timeline.limits(where, np.array([moment], dtype=np.int64))[0][0])


CASES = [
    (zone, clock, table[zone])
    for zone in DAY
    for clock, table in (
        ("2026-11-22T00:00:00", NIGHT),
        ("2026-11-22T05:59:59.999999", NIGHT),
        ("2026-11-22T06:00:00", DAY),
        ("2026-11-22T12:00:00", DAY),
        ("2026-11-22T21:59:59.999999", DAY),
        ("2026-11-22T22:00:00", NIGHT),
        ("2026-11-22T23:59:59.999999", NIGHT),
    )
]


@pytest.mark.parametrize("zone, clock, expected", CASES)
def test_the_limit_changes_at_six_and_at_ten(zone: str, clock: str, expected: float) -> None:
    assert limit(Timeline(GB3096, "Asia/Shanghai"), zone, at(clock)) == expected


@pytest.mark.parametrize(
    "clock, expected",
    [
        ("2026-03-29T00:59:00+00:00", NIGHT),  # 01:59, an hour before the clocks go on
        ("2026-03-29T03:59:59+00:00", NIGHT),  # 05:59:59 in summer time
        ("2026-03-29T04:00:00+00:00", DAY),
        ("2026-03-28T05:00:00+00:00", DAY),  # the day before: 06:00 in winter time
        ("2026-03-28T04:59:59+00:00", NIGHT),
        ("2026-10-25T00:30:00+00:00", NIGHT),  # 02:30 for the first time
        ("2026-10-25T01:30:00+00:00", NIGHT),  # 02:30 again
        ("2026-10-25T04:59:59+00:00", NIGHT),  # 05:59:59 in winter time
        ("2026-10-25T05:00:00+00:00", DAY),
        ("2026-10-25T20:59:59+00:00", DAY),
        ("2026-10-25T21:00:00+00:00", NIGHT),
        ("2026-10-24T19:59:59+00:00", DAY),  # the day before: 22:00 in summer time is 20:00 UTC
        ("2026-10-24T20:00:00+00:00", NIGHT),
    ],
)
def test_the_night_follows_the_wall_clock_of_berlin(clock: str, expected: dict[str, float]) -> None:
    moment = to_micros(datetime.fromisoformat(clock))
    assert limit(Timeline(GB3096, "Europe/Berlin"), "2", moment) == expected["2"]


@given(
    moments=st.lists(
        st.integers(1_230_768_000, 2_051_222_400).map(lambda second: datetime.fromtimestamp(second, UTC)),
        min_size=1,
        max_size=9,
    ),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
)
def test_columns_of_any_days_agree_with_the_wall_clock(moments: list[datetime], zone: str) -> None:
    column = np.array([to_micros(moment) for moment in moments], dtype=np.int64)
    limits, _ = Timeline(GB3096, zone).limits(np.full(len(moments), ZONES.index(NoiseZone.TWO)), column)
    local = [moment.astimezone(ZoneInfo(zone)) for moment in moments]
    assert limits.tolist() == [60 if 6 <= moment.hour < 22 else 50 for moment in local]


def test_the_date_of_the_observation_chooses_the_edition() -> None:
    everywhere = {zone: {"day": 1.0, "night": 2.0} for zone in NoiseZone}
    table = GB3096.model_copy(
        update={
            "editions": (
                GB3096.editions[0].model_copy(update={"valid_until": date(2027, 1, 1)}),
                Edition(source="next", valid_from=date(2027, 2, 1), limits=everywhere),
            )
        }
    )
    timeline = Timeline(table, "Asia/Shanghai")
    clocks = [
        "2008-09-30T23:59:59",
        "2008-10-01T00:00:00",
        "2026-12-31T23:59:59",
        "2027-01-01T00:00:00",
        "2027-02-01T12:00:00",
    ]
    found = [limit(timeline, "2", at(clock)) for clock in clocks]
    assert np.array_equal(found, [np.nan, 50, 50, np.nan, 1], equal_nan=True)


def test_steps_for_charts_join_the_night_across_midnight() -> None:
    steps = Timeline(GB3096, "Asia/Shanghai").steps(NoiseZone.TWO, at("2026-11-22T20:00:00"), at("2026-11-23T07:00:00"))
    assert steps == [
        (at("2026-11-22T20:00:00"), at("2026-11-22T22:00:00"), 60.0),
        (at("2026-11-22T22:00:00"), at("2026-11-23T06:00:00"), 50.0),
        (at("2026-11-23T06:00:00"), at("2026-11-23T07:00:00"), 60.0),
    ]


@pytest.mark.parametrize(
    "change, message",
    [
        ('"22:00"', "write it in quotes"),
        ("night: 40", "night"),
        ("valid_from: 2008-10-01", "valid_from"),
    ],
)
def test_a_broken_table_is_refused_with_its_line(change: str, message: str, tmp_path: Path) -> None:
    replacement = {'"22:00"': "22:00", "night: 40": "evening: 40", "valid_from: 2008-10-01": "valid_from: soon"}[change]
    path = tmp_path / "table.yaml"
    path.write_text(SHIPPED_LIMITS[0].read_text(encoding="utf-8").replace(change, replacement), encoding="utf-8")
    with pytest.raises(Misconfigured, match=message) as caught:
        load(path, LimitTable)
    assert caught.value.problems[0].line is not None
