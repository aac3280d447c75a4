"""Steps of the city's wall clock: quarters on the quarter, hours on the hour, natural days; summer time included."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from domain.instants import EPOCH, MICROS_PER_S, to_micros
from rules.columns import Index, Ints

DAY_S = 86_400
DAY_US = DAY_S * MICROS_PER_S
_FIRST, _LAST = date(1970, 1, 1), date(2100, 1, 1)
"""Days on the wall clock that are known; an instant outside counts as one of the first or last day."""
_TO_MONDAY = _FIRST.weekday()
"""Steps of whole days are counted from a Monday, so that seven days are a week."""


class Grid:
    """Numbers the steps of one length, in order and without gaps; step n lasts over [begins(n), begins(n + 1)).

    Steps of a part of a day begin at local 00:00 and its multiples. Where the clocks change, the hour that comes twice
    has its steps twice, and a step over the change is as much shorter or longer as the clocks say.
    """

    def __init__(self, timezone: str, step_us: int) -> None:
        """Raises ValueError for a step that neither divides a day nor is one or more whole days."""
        if step_us <= 0 or (DAY_US % step_us and step_us % DAY_US):
            raise ValueError(f"a step of {step_us / MICROS_PER_S:g} s neither divides a day nor is whole days")
        self._step = step_us
        self.name = f"{timezone} {step_us // MICROS_PER_S}s"
        self._days = step_us // DAY_US
        self._midnights = _midnights(timezone)
        lengths = np.diff(self._midnights)
        counts = lengths // step_us
        self._edges = {
            int(day): _wall_edges(timezone, int(day), step_us)
            for day in (np.flatnonzero(lengths % step_us) if not self._days else ())
        }
        for day, edges in self._edges.items():
            counts[day] = len(edges)
        self._odd = np.zeros(len(self._midnights), dtype=np.bool_)
        self._odd[list(self._edges)] = True
        self._first = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
        """Number of the first step of every day."""

    def numbers(self, at: Ints) -> Ints:
        """The step in which each instant lies."""
        day = np.clip(np.searchsorted(self._midnights, at, side="right") - 1, 0, len(self._midnights) - 2)
        if self._days:
            weeks: Ints = (day + _TO_MONDAY) // self._days
            return weeks
        number: Ints = self._first[day] + (at - self._midnights[day]) // self._step
        for odd, rows in _by_day(day, self._odd):
            number[rows] = self._first[odd] + np.searchsorted(self._edges[odd], at[rows], side="right") - 1
        return number

    def begins(self, number: Ints) -> Ints:
        """When each step begins, in microseconds."""
        if self._days:
            return self._midnights[np.clip(number * self._days - _TO_MONDAY, 0, len(self._midnights) - 1)]
        day = np.clip(np.searchsorted(self._first, number, side="right") - 1, 0, len(self._midnights) - 2)
        begin: Ints = self._midnights[day] + (number - self._first[day]) * self._step
        for odd, rows in _by_day(day, self._odd):
            begin[rows] = self._edges[odd][number[rows] - self._first[odd]]
        return begin


@lru_cache(maxsize=16)
def grid_of(timezone: str, step_us: int) -> Grid:
    """The grid, made once. Raises ValueError as Grid does."""
    return Grid(timezone, step_us)


def _by_day(day: Ints, odd: npt.NDArray[np.bool_]) -> list[tuple[int, Index]]:
    """The rows on days that need their own edges."""
    if not odd[day].any():
        return []
    return [(int(which), np.flatnonzero(day == which)) for which in np.unique(day[odd[day]])]


@lru_cache(maxsize=8)
def _midnights(timezone: str) -> Ints:
    """Begin of every local day, in microseconds; where 00:00 is left out, the instant of the change."""
    zone, first = ZoneInfo(timezone), _FIRST.toordinal()
    days = range(_LAST.toordinal() - first + 1)
    offsets = [datetime.fromordinal(first + day).replace(tzinfo=zone).utcoffset() or timedelta(0) for day in days]
    shift = np.array([offset // timedelta(microseconds=1) for offset in offsets], dtype=np.int64)
    return np.arange(len(days), dtype=np.int64) * DAY_US - shift


def _wall_edges(timezone: str, day: int, step_us: int) -> Ints:
    """Begins of the steps of a day on which the clocks change by something else than whole steps."""
    zone = ZoneInfo(timezone)
    midnight = datetime.combine((EPOCH + timedelta(days=day)).date(), time(0))
    edges = {int(_midnights(timezone)[day])}
    for number in range(DAY_US // step_us):
        wall = midnight + timedelta(microseconds=number * step_us)
        for fold in (0, 1):
            moment = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            if moment.astimezone(zone).replace(tzinfo=None) == wall:  # or the clocks left it out
                edges.add(to_micros(moment))
    return np.array(sorted(edges), dtype=np.int64)
