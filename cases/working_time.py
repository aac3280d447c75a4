"""Time as the limits of cases count it: day and night without a break, or in work hours of work days only.

A limit that runs in work hours can end on the evening of one day; it does not wait for the next morning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.calendars import Calendar
from domain.instants import MICROS_PER_S, from_micros, to_micros

LONGEST_SEARCH_DAYS = 3_660
"""A limit that is not over after ten years has no hours that are worked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkHours:
    """From one local time of a work day to another on the same day; `end` None is midnight."""

    begin: time
    end: time | None


class Workdays:
    """The work hours of a city's days. Remembers the days it was asked for, and answers the same for ever."""

    def __init__(self, hours: Sequence[WorkHours], calendar: Calendar, zone: ZoneInfo) -> None:
        self._hours = tuple(hours)
        self._calendar = calendar
        self._zone = zone
        self._known: dict[date, tuple[tuple[int, int], ...]] = {}
        self.doubts: set[str] = set()
        """What speaks against the calendar's word for a day that was asked for."""

        self.day_us = sum(_length(span) for span in self._hours)
        """Work time of a whole day."""

    def date_of(self, at: int) -> date:
        return from_micros(at).astimezone(self._zone).date()

    def midnight(self, day: date) -> int:
        """The instant at which a local date begins."""
        return self._instant(day, time(0))

    def stretches(self, day: date) -> tuple[tuple[int, int], ...]:
        """Begins and ends of the work of one local date, in order; none on a day off."""
        if day not in self._known:
            doubt = self._calendar.doubt(day)
            self.doubts.update([doubt] if doubt else [])
            worked = self._hours if self._calendar.is_workday(day) else ()
            self._known[day] = tuple((self._instant(day, hours.begin), self._end(day, hours.end)) for hours in worked)
        return self._known[day]

    def elapsed(self, start: int, end: int) -> int:
        """Microseconds of work between two instants; 0 where the second is the earlier one."""
        total, day = 0, self.date_of(start)
        while self.midnight(day) < end:
            total += sum(max(0, min(last, end) - max(first, start)) for first, last in self.stretches(day))
            day += timedelta(days=1)
        return total

    def advance(self, start: int, amount: int) -> int:
        """The earliest instant by which so many microseconds of work have passed since the start.

        Raises ValueError when the calendar and the hours give too little work in the ten years after it.
        """
        first_day, left = self.date_of(start), amount
        if amount <= 0:
            return start
        for offset in range(LONGEST_SEARCH_DAYS):
            for first, last in self.stretches(first_day + timedelta(days=offset)):
                begin = max(first, start)
                if last - begin >= left:
                    return begin + left
                left -= max(0, last - begin)
        raise ValueError("the limit is not over within ten years; look at the limit and the work hours")

    def end_of_day(self, at: int) -> int:
        """The end of the last work on the local date of an instant; the instant itself where no work comes after it."""
        stretches = self.stretches(self.date_of(at - 1))
        return max(at, stretches[-1][1]) if stretches else at

    def _end(self, day: date, end: time | None) -> int:
        return self.midnight(day + timedelta(days=1)) if end is None else self._instant(day, end)

    def _instant(self, day: date, clock: time) -> int:
        return to_micros(datetime.combine(day, clock, tzinfo=self._zone).astimezone(UTC))


def _length(hours: WorkHours) -> int:
    begin, end = (clock.hour * 3_600 + clock.minute * 60 for clock in (hours.begin, hours.end or time(0)))
    return ((end or 86_400) - begin) * MICROS_PER_S
