"""Everything that the standards say about a station's hours: indices, days, compliance, good days."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from rules.standards.air.columns import NOTHING
from rules.standards.air.compliance import Tally, Year, day_tallies, hour_tallies, years
from rules.standards.air.days import Days, days_of
from rules.standards.air.editions import Editions
from rules.standards.air.hours import Hours
from rules.standards.air.limits import Ambient
from rules.standards.air.reports import Period
from rules.standards.air.series import IndexColumns, chosen, daily_values, hourly_values, index_columns, merged

GOOD_DAY = 100
"""A good day (优良) has an AQI up to here."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assessment:
    """`hourly` has a row for every hour, `daily` one for every day of `days`."""

    hours: Hours
    days: Days
    hourly: IndexColumns
    daily: IndexColumns
    hour_tallies: list[Tally]
    day_tallies: list[Tally]
    years: list[Year]

    @property
    def valid_days(self) -> int:
        """Days with an AQI."""
        return int(np.count_nonzero(self.daily.aqi != NOTHING))

    @property
    def good_days(self) -> int:
        return int(np.count_nonzero((self.daily.aqi != NOTHING) & (self.daily.aqi <= GOOD_DAY)))

    @property
    def good_day_ratio(self) -> float | None:
        """优良天数比例 in %: good days ÷ days with an AQI; None without any."""
        return 100.0 * self.good_days / self.valid_days if self.valid_days else None


def assess(
    hours: Hours,
    *,
    editions: Editions,
    ambient: Ambient,
    standard: str | None = None,
    not_monitored: Collection[str] = (),
) -> Assessment:
    """`standard`: an edition for all dates; None: each date by its own national edition."""
    days = days_of(hours, ambient)
    return Assessment(
        hours=hours,
        days=days,
        hourly=hourly_columns(hours, editions, ambient, standard=standard, not_monitored=not_monitored),
        daily=daily_columns(days, editions, ambient, standard=standard, not_monitored=not_monitored),
        hour_tallies=hour_tallies(hours, ambient),
        day_tallies=day_tallies(days, ambient),
        years=years(days, ambient),
    )


def hourly_columns(
    hours: Hours, editions: Editions, ambient: Ambient, *, standard: str | None, not_monitored: Collection[str]
) -> IndexColumns:
    """The hourly AQI, each by the edition of the local date on which the hour begins."""
    needed, used = chosen(editions, standard, hours.day)
    parts = [
        index_columns(edition, Period.HOURLY, hourly_values(edition, hours, ambient), not_monitored=not_monitored)
        for edition in needed
    ]
    return merged(tuple(parts), used)


def daily_columns(
    days: Days, editions: Editions, ambient: Ambient, *, standard: str | None, not_monitored: Collection[str]
) -> IndexColumns:
    """The daily AQI, each by the edition of its date."""
    needed, used = chosen(editions, standard, days.day)
    parts = [
        index_columns(edition, Period.DAILY, daily_values(edition, days, ambient), not_monitored=not_monitored)
        for edition in needed
    ]
    return merged(tuple(parts), used)


def levels(columns: IndexColumns, editions: Editions) -> Counter[str]:
    """How many rows of each level, by its Chinese name, the best first; NA apart, at the end."""
    names = [level.zh for edition in columns.edition for level in editions[edition].levels]
    found = Counter(dict.fromkeys([*names, "NA"], 0))
    for aqi, used in zip(columns.aqi.tolist(), columns.used.tolist(), strict=True):
        found["NA" if aqi == NOTHING else editions[columns.edition[used]].level(aqi).zh] += 1
    return found
