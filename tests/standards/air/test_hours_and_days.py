"""Hours, sliding windows and days: across midnight, with gaps, in any zone; against a slow twin in plain Python."""

from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instants import from_micros
from rules.standards.air.assessment import assess
from rules.standards.air.columns import NOTHING, SCALE
from rules.standards.air.days import days_of
from rules.standards.air.hours import HOUR_US, Part, day_of, hour_of, means_of, nowcasts, phase, sliding, sliding_eight
from rules.standards.air.nowcast import nowcast
from rules.standards.air.reports import Period, Report, report
from rules.standards.air.series import daily_values, hourly_values, index_columns
from tests.standards.air.places import TZ, ambient, edition, editions, hours, local

VALID = ambient().validity


def values(part: Part) -> list[Fraction | None]:
    return [
        None if numerator < 0 else Fraction(numerator, denominator)
        for numerator, denominator in zip(part.numerator.tolist(), part.denominator.tolist(), strict=True)
    ]


def mean(column: list[float | None], least: int) -> Fraction | None:
    known = [Fraction(str(value)) for value in column if value is not None]
    return sum(known, Fraction(0)) / len(known) if len(known) >= least else None


def test_an_hour_is_named_by_its_end_in_bulletins_and_holds_what_ended_in_it() -> None:
    at = np.array([local("2026-11-20T10:00"), local("2026-11-20T10:00:01"), local("2026-11-20T11:00")], dtype=np.int64)
    begin, seconds = hour_of(at, np.array([3600.0, 60.0, 60.0]), phase(TZ))
    assert begin.tolist() == [local("2026-11-20T09:00"), local("2026-11-20T10:00"), local("2026-11-20T10:00")]
    assert seconds.tolist() == [3600, 1, 60]


def test_full_hours_of_india_lie_between_those_of_utc() -> None:
    begin, _ = hour_of(
        np.array([local("2026-11-20T10:10", "Asia/Kolkata")], dtype=np.int64), np.array([60.0]), phase("Asia/Kolkata")
    )
    assert begin.tolist() == [local("2026-11-20T10:00", "Asia/Kolkata")]


def test_an_hourly_mean_weighs_by_seconds_and_is_rounded_once() -> None:
    begin, found, covered = means_of(
        np.zeros(3, dtype=np.int64), np.array([60, 60, 1800]), np.array([10, 20, 30], dtype=np.int64) * SCALE
    )
    assert (begin.tolist(), covered.tolist()) == ([0], [1920])
    assert found.tolist() == [round(Fraction(60 * 10 + 60 * 20 + 1800 * 30, 1920) * SCALE)]


def test_eight_hours_of_ozone_slide_across_midnight() -> None:
    found = hours("2026-11-20T20:00", {"o3": [10.0] * 4 + [50.0] * 4})
    windows = values(sliding_eight(found.means["o3"], least=6))
    # the window that ends at 04:00 holds four hours of yesterday
    assert found.clock.tolist()[-1] == 3
    assert windows[-1] == 30


def test_eight_hours_need_six() -> None:
    column: list[float | None] = [10.0] * 5 + [None, None, 40.0]
    assert values(sliding_eight(hours("2026-11-20T00:00", {"o3": column}).means["o3"], least=6))[-1] == 15
    column[4] = None
    assert values(sliding_eight(hours("2026-11-20T00:00", {"o3": column}).means["o3"], least=6))[-1] is None


def test_the_daily_maximum_takes_windows_that_end_at_8_to_24_so_a_peak_of_the_early_hours_belongs_to_yesterday() -> (
    None
):
    column: list[float | None] = [150.0] * 3 + [10.0] * 21
    found = days_of(hours("2026-11-20T00:00", {"o3": [10.0] * 24 + column}), ambient())
    # windows ending at 03:00 are highest, the one ending at 08:00 still holds the three hours
    assert values(found.windows["o3"].part)[1] == Fraction(3 * 150 + 5 * 10, 8)
    assert found.windows["o3"].count.tolist() == [17, 17]


def test_fourteen_windows_make_a_day_of_ozone_fewer_when_the_limit_is_exceeded_anyway() -> None:
    quiet: list[float | None] = [10.0] * 16 + [None] * 8
    loud: list[float | None] = [170.0] * 16 + [None] * 8
    for column, expected in ((quiet, None), (loud, Fraction(170))):
        found = days_of(hours("2026-11-20T00:00", {"o3": column}), ambient())
        assert found.windows["o3"].count.tolist() == [11]
        assert values(found.windows["o3"].part) == [expected]


@pytest.mark.parametrize(("number", "is_valid"), [(19, False), (20, True)])
def test_a_day_needs_twenty_hours(number: int, is_valid: bool) -> None:
    column: list[float | None] = [30.0] * number + [None] * (24 - number)
    found = days_of(hours("2026-11-20T00:00", {"pm2_5": column}), ambient())
    assert (values(found.means["pm2_5"].part) == [Fraction(30)]) is is_valid


def test_days_are_cut_in_the_zone_of_the_station_not_of_the_server() -> None:
    found = days_of(hours("2026-11-20T00:00", {"pm2_5": [10.0] * 24 + [20.0] * 24}), ambient())
    assert [day_of(ordinal).isoformat() for ordinal in found.day] == ["2026-11-20", "2026-11-21"]
    assert values(found.means["pm2_5"].part) == [10, 20]


def test_a_mean_that_is_a_tie_is_rounded_half_to_even_and_not_by_a_float() -> None:
    # the mean of these 24 hours is 1.25 mg/m³: 1.2, not 1.3
    column: list[float | None] = [1.2, 1.3] * 12
    part = daily_values(edition("hj633-2026"), days_of(hours("2026-11-20T00:00", {"co": column}), ambient()), ambient())
    assert values(part["co_24h"]) == [Fraction(5, 4)]
    assert index_columns(edition("hj633-2026"), Period.DAILY, part).sub["co_24h"].tolist() == [30]


def test_2026_is_a_mixed_year_each_hour_and_day_by_its_own_edition() -> None:
    found = assess(
        hours("2026-02-28T00:00", {"pm2_5": [75.0] * 48}),
        editions=editions(),
        ambient=ambient(),
        not_monitored=("so2", "no2", "co", "o3", "pm10"),
    )
    assert found.daily.aqi.tolist() == [100, 114]
    names = [found.hourly.edition[used] for used in found.hourly.used.tolist()]
    assert names == ["hj633-2012"] * 24 + ["hj633-2026"] * 24
    # 24 h sliding until the end of February: not valid before 20 hours; from then on the hour itself
    assert found.hourly.aqi.tolist() == [NOTHING] * 19 + [100] * 5 + [114] * 24


def test_the_nowcast_needs_two_of_the_last_three_hours_and_weighs_recent_ones_more() -> None:
    assert nowcast([20, None, None] + [10] * 9) is None
    assert nowcast([20, None, 20] + [20] * 9) == 20
    # the largest weight factor of change is one half: 16 now, 1 before
    assert nowcast([16] + [1] * 11) == Fraction(16 * 2**11 + 2**11 - 1, 2**12 - 1)
    # 1 - (max - min)/max = 3/4
    assert nowcast([4, 3]) == (4 + Fraction(3, 4) * 3) / (1 + Fraction(3, 4))
    assert nowcast([0, 0, 0]) == 0


def test_the_hourly_us_index_is_that_of_the_nowcast() -> None:
    column: list[float | None] = [10.0] * 11 + [30.0]
    found = hours("2026-11-20T00:00", {"pm2_5": column})
    exact = nowcast([int(value * SCALE) for value in reversed([10.0] * 11 + [30.0])])
    assert exact is not None
    assert nowcasts(found.means["pm2_5"]).numerator.tolist()[-1] == int(exact)
    us = edition("epa-2024")
    sub = index_columns(us, Period.HOURLY, hourly_values(us, found, ambient())).sub["pm2_5_24h"]
    assert sub.tolist()[-1] == report(us, Period.HOURLY, {"pm2_5_24h": exact / SCALE}).aqi


stations = st.fixed_dictionaries(
    {
        name: st.lists(
            st.one_of(st.none(), st.sampled_from([0.0, 0.5, 20.25, 60.5, 61.0, 150.0, 420.7])), min_size=30, max_size=60
        )
        for name in ("pm2_5", "o3", "co")
    }
)


START = local("2026-11-20T05:00")
OTHERS = ("so2", "no2", "pm10")
Columns = dict[str, list[float | None]]


class SlowTwin:
    """The station in plain Python: looks everything up by its hour."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns

    def back(self, pollutant: str, begin: int, width: int) -> list[float | None]:
        """The last `width` hours, this one included."""
        places = [(begin - START) // HOUR_US - n for n in range(width)]
        column = self.columns.get(pollutant, [])
        return [column[place] if 0 <= place < len(column) else None for place in places]

    def hourly(self, name: str, begin: int) -> Report:
        one, found = edition(name), {}
        for indicator in one.hourly:
            entry = one.indicators[indicator]
            width, least = {"1h": (1, 1), "8h": (8, 6), "24h": (24, 20)}[entry.mean]
            value = mean(self.back(entry.pollutant, begin, width), least)
            if value is not None:
                found[indicator] = value
        return report(one, Period.HOURLY, found, not_monitored=OTHERS)

    def daily(self, name: str, begins: list[int]) -> Report:
        """`begins`: the hours of the day."""
        found = {}
        for pollutant in ("pm2_5", "co"):
            value = mean([self.back(pollutant, begin, 1)[0] for begin in begins], VALID.hours_of_day)
            if value is not None:
                found[f"{pollutant}_24h"] = value
        peaks = [Fraction(str(value)) for begin in begins if (value := self.back("o3", begin, 1)[0]) is not None]
        if "o3_1h" in edition(name).daily and len(peaks) >= VALID.hours_of_day:
            found["o3_1h"] = max(peaks)
        ends = [begin for begin in begins if clock(begin) + 1 >= 8]
        windows = [value for begin in ends if (value := mean(self.back("o3", begin, 8), 6)) is not None]
        if windows and (len(windows) >= 14 or max(windows) > 160):
            found["o3_8h"] = max(windows)
        return report(edition(name), Period.DAILY, found, not_monitored=OTHERS)


def clock(begin: int) -> int:
    return from_micros(begin).astimezone(ZoneInfo(TZ)).hour


@settings(max_examples=20, deadline=None)
@given(columns=stations, name=st.sampled_from(["hj633-2026", "hj633-2012"]))
def test_every_hour_is_what_a_slow_twin_in_exact_fractions_says(columns: Columns, name: str) -> None:
    station, twin = hours("2026-11-20T05:00", columns), SlowTwin(columns)
    found = assess(station, editions=editions(), ambient=ambient(), standard=name, not_monitored=OTHERS).hourly
    for row, begin in enumerate(station.begin.tolist()):
        told = twin.hourly(name, begin)
        assert found.aqi[row] == (NOTHING if told.aqi is None else told.aqi)
        assert set(found.primary(row, editions())) == set(told.primary)


@settings(max_examples=20, deadline=None)
@given(columns=stations, name=st.sampled_from(["hj633-2026", "hj633-2012"]))
def test_every_day_is_what_a_slow_twin_in_exact_fractions_says(columns: Columns, name: str) -> None:
    station, twin = hours("2026-11-20T05:00", columns), SlowTwin(columns)
    found = assess(station, editions=editions(), ambient=ambient(), standard=name, not_monitored=OTHERS)
    for row, ordinal in enumerate(found.days.day.tolist()):
        begins = [b for b in station.begin.tolist() if from_micros(b).astimezone(ZoneInfo(TZ)).toordinal() == ordinal]
        told = twin.daily(name, begins)
        assert found.daily.aqi[row] == (NOTHING if told.aqi is None else told.aqi)


def test_a_sliding_mean_looks_back_no_farther_than_its_width() -> None:
    part = sliding(np.arange(30, dtype=np.int64) * SCALE, width=24, least=20)
    assert values(part)[-1] == Fraction(sum(range(6, 30)), 24)
    assert values(part)[18] is None


def test_sulphur_dioxide_of_a_day_does_not_enter_the_hours_of_2012_unless_the_hour_is_above_800() -> None:
    found = assess(hours("2025-06-01T00:00", {"so2": [100.0] * 24 + [801.0]}), editions=editions(), ambient=ambient())
    assert found.hourly.aqi.tolist()[20:] == [34, 34, 34, 34, 90]
    assert found.hourly.sub["so2_24h"].tolist()[22:] == [NOTHING, NOTHING, 90]
