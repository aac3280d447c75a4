"""Ld and Ln of every date from its valid hours. A night belongs to the date on which it begins, also past midnight.

HJ 212 day packets run from 0 to 24 h, so an `Ln` in one of them joins the ends of two nights: it is not this Ln.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from domain.errors import Misconfigured, Problem
from domain.instants import to_micros
from rules.standards.noise.hours import NoiseHour
from rules.standards.noise.levels import DAY_H, NIGHT_H, ldn, leq, leq24
from rules.standards.noise.samples import HOUR_US
from rules.standards.noise.validity import Validity
from rules.tables import LimitTable

DAY, NIGHT = "day", "night"


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """Local hours at which day and night begin: 6 and 22, GB 22337-2008 clause 3.8. A city may set others."""

    day: int = 6
    night: int = 22

    @classmethod
    def of(cls, table: LimitTable) -> "Periods":
        """Those of a table. Raises Misconfigured unless it has a day of 16 h and a night of 8 h from full hours on."""
        begins = table.periods
        if set(begins) != {DAY, NIGHT} or any(clock != time(clock.hour) for clock in begins.values()):
            raise _not_ours(table)
        if (begins[DAY].hour - begins[NIGHT].hour) % 24 != NIGHT_H:
            raise _not_ours(table)
        return cls(day=begins[DAY].hour, night=begins[NIGHT].hour)

    def of_hour(self, begin: datetime) -> tuple[date, str]:
        """The date and the period to which a local hour belongs."""
        period = DAY if (begin.hour - self.day) % 24 < DAY_H else NIGHT
        started = self.day if period == DAY else self.night
        return begin.date() - timedelta(days=1 if begin.hour < started else 0), period

    def stretch(self, of: date, period: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Begin and end, in local time; real hours in between may be 7 or 9 when clocks are put forward or back."""
        begin, hours = (self.day, DAY_H) if period == DAY else (self.night, NIGHT_H)
        first = datetime.combine(of, time(begin))
        return first.replace(tzinfo=zone), (first + timedelta(hours=hours)).replace(tzinfo=zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisePeriod:
    """One day or night. `level` (Ld or Ln) in dB(A) over its valid hours, each with equal weight; None for too few.

    `hours`: valid ones, of `due`, with `needed` at least. `lmax` over every sample that counts, valid hour or not.
    """

    begin: datetime
    level: float | None
    hours: int
    due: int
    needed: int
    minutes: float
    lmax: float | None

    @property
    def at(self) -> int:
        """The begin in microseconds: the instant that chooses the edition of the limit."""
        return to_micros(self.begin)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseDay:
    """The day from its begin on, and the night after it."""

    date: date
    day: NoisePeriod
    night: NoisePeriod

    @property
    def ldn(self) -> float | None:
        """Ldn; None unless Ld and Ln are valid."""
        both = self.day.level, self.night.level
        return None if both[0] is None or both[1] is None else ldn(both[0], both[1])

    @property
    def leq24(self) -> float | None:
        """Leq over the 24 h from the begin of the day on; None unless Ld and Ln are valid."""
        both = self.day.level, self.night.level
        return None if both[0] is None or both[1] is None else leq24(both[0], both[1])


def noise_days(
    hours: Sequence[NoiseHour], *, timezone: str, validity: Validity, periods: Periods | None = None
) -> list[NoiseDay]:
    """Every date that has an hour in its day or in its night, in order."""
    asked, zone = periods or Periods(), ZoneInfo(timezone)
    members: dict[tuple[date, str], list[NoiseHour]] = {}
    for hour in hours:
        members.setdefault(asked.of_hour(hour.begin), []).append(hour)
    return [
        NoiseDay(
            date=when,
            day=_period(members.get((when, DAY), []), asked.stretch(when, DAY, zone), validity.hours_of_day),
            night=_period(members.get((when, NIGHT), []), asked.stretch(when, NIGHT, zone), validity.hours_of_night),
        )
        for when in sorted({when for when, _ in members})
    ]


def _period(hours: Sequence[NoiseHour], stretch: tuple[datetime, datetime], needed: int) -> NoisePeriod:
    valid = [hour.figures.leq for hour in hours if hour.is_valid]
    peaks = [hour.figures.lmax for hour in hours if hour.minutes > 0]
    return NoisePeriod(
        begin=stretch[0],
        level=leq(np.array(valid)) if len(valid) >= needed else None,
        hours=len(valid),
        due=round((to_micros(stretch[1]) - to_micros(stretch[0])) / HOUR_US),
        needed=needed,
        minutes=sum(hour.minutes for hour in hours),
        lmax=max(peaks, default=None),
    )


def _not_ours(table: LimitTable) -> Misconfigured:
    told = ", ".join(f"{name} {clock:%H:%M}" for name, clock in table.periods.items())
    message = f"periods {told}: noise by the standard needs a day of 16 h and a night of 8 h that begin at full hours"
    return Misconfigured([Problem(file=table.id, line=None, message=message)])
