"""When a case is due: its limit by the limit's own clock, moved on by what was suspended and extended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from cases.working_time import Workdays
from domain.instants import MICROS_PER_S

HOUR_US = 3_600 * MICROS_PER_S
DAY_US = 24 * HOUR_US


class Runs(StrEnum):
    """Day and night, weekends and holidays included; or in the work hours of work days."""

    ALWAYS = "always"
    WORK = "work"


class Per(StrEnum):
    HOUR = "hour"
    DAY = "day"


class OfDay(StrEnum):
    """When a limit in days is over: once so much time has run, or at the end of the day on which that is."""

    RUNNING = "running"
    END_OF_DAY = "end-of-day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many hours or days of a clock, such as 2 紧急工作时."""

    amount: float
    runs: Runs
    per: Per


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """挂账: the clock stands still from `begin` up to `end` (microseconds); None: it still does."""

    begin: int
    end: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """The clocks of one city."""

    workdays: Workdays
    of_day: OfDay

    def after(self, start: int, limits: Sequence[Limit], pause: Pause | None = None) -> int | None:
        """The instant at which limits that run one after the other are over; None while the clock stands still.

        Raises ValueError for limits that do not end within ten years.
        """
        at: int | None = start
        for limit in limits:
            at = None if at is None else self._one(at, limit, pause)
        return at

    def _one(self, start: int, limit: Limit, pause: Pause | None) -> int | None:
        amount = self._amount(limit)
        end = self._advance(start, amount, limit.runs)
        if pause is not None and pause.begin < end and (pause.end is None or pause.end > start):
            if pause.end is None:
                return None
            left = amount - self._elapsed(start, max(start, pause.begin), limit.runs)
            end = self._advance(pause.end, left, limit.runs)
        return self._rounded(end, limit)

    def _amount(self, limit: Limit) -> int:
        day_us = DAY_US if limit.runs is Runs.ALWAYS else self.workdays.day_us
        return round(limit.amount * (HOUR_US if limit.per is Per.HOUR else day_us))

    def _advance(self, start: int, amount: int, runs: Runs) -> int:
        return start + amount if runs is Runs.ALWAYS else self.workdays.advance(start, amount)

    def _elapsed(self, start: int, end: int, runs: Runs) -> int:
        return end - start if runs is Runs.ALWAYS else self.workdays.elapsed(start, end)

    def _rounded(self, end: int, limit: Limit) -> int:
        if limit.per is Per.HOUR or self.of_day is OfDay.RUNNING:
            return end
        if limit.runs is Runs.WORK:
            return self.workdays.end_of_day(end)
        return self.workdays.midnight(self.workdays.date_of(end - 1) + timedelta(days=1))
