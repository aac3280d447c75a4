"""During which hours something holds: local times, kinds of day, sun and holidays, as stretches of event time.

A window that goes past midnight belongs to the day on which it starts; so does a night by the sun (noon to noon).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from config.calendars import SATURDAY, Calendar
from domain.instants import EPOCH, MICROS_PER_S, from_micros, to_micros
from domain.places import Place
from rules.calendar.daylight import Daylight
from rules.columns import Ints

DAY_US = 86_400 * MICROS_PER_S
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Days(StrEnum):
    """Kinds of day. By the calendar where there is one, else by the weekday."""

    ALL = "all"
    WORKDAYS = "workdays"
    RESTDAYS = "restdays"


class SunIs(StrEnum):
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """From one local time to another, past midnight where `end` is not later. `end` None: to midnight.

    A time that the clock skips counts by the offset before the change, one that comes twice the first time.
    """

    begin: time
    end: time | None

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end or time(0):%H:%M}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """While the sun is up, or down; seconds that it begins later and ends earlier (negative: the other way)."""

    is_: SunIs
    begin_later_s: float = 0.0
    end_earlier_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """All conditions together: in one of the `hours` (empty: the whole day) of one of the `days`, and by the `sun`.

    `days`: a kind of day, or weekdays from 0 (Monday). Pure: the same answers for ever, whoever asks in which order.
    """

    timezone: str
    hours: tuple[Hours, ...] = ()
    days: Days | frozenset[int] = Days.ALL
    sun: Sun | None = None
    calendar: Calendar | None = None
    place: Place | None = None
    """Where the sun is looked at; needed with `sun`."""

    def __post_init__(self) -> None:
        if self.sun is not None and self.place is None:
            raise ValueError("a schedule by the sun needs a place")

    def __hash__(self) -> int:
        # the calendar is told apart by equality alone: hashing a year of holidays for every question is dear
        return hash((self.timezone, self.hours, self.days, self.sun, self.place))

    def is_on(self, at: Ints) -> npt.NDArray[np.bool_]:
        """Whether each instant lies inside."""
        if not len(at):
            return np.zeros(0, dtype=np.bool_)
        days = np.unique(at // DAY_US).tolist()
        edges = np.concatenate([_day(self, day) for day in days]).ravel()
        # begins and ends alternate: an odd place among them lies inside
        inside: npt.NDArray[np.bool_] = np.searchsorted(edges, at, side="right") % 2 == 1
        return inside

    def between(self, start: int, end: int) -> Ints:
        """Begins and ends (n × 2, microseconds) of what touches [start, end], in order, without gaps of length 0.

        Stretches are followed a day beyond both sides and cut there.
        """
        days = range(start // DAY_US - 1, end // DAY_US + 2)
        stretches = _joined(np.concatenate([_day(self, day) for day in days]))
        return stretches[(stretches[:, 0] <= end) & (stretches[:, 1] >= start)]

    def edges(self, after: int, until: int) -> Ints:
        """The instants in (after, until] at which it turns on or off, in order."""
        if after >= until:
            return np.zeros(0, dtype=np.int64)
        edges = self.between(after, until).ravel()
        return edges[(edges > after) & (edges <= until)]

    def explain(self, at: int) -> dict[str, float | str]:
        """What a person needs to check whether an instant is inside: its stretch, its day, what was doubtful."""
        figures: dict[str, float | str] = {"schedule": "on" if self.is_on(np.array([at]))[0] else "off"}
        for begin, end in self.between(at, at).tolist():
            if begin <= at < end:
                zone = ZoneInfo(self.timezone)
                local = [from_micros(moment).astimezone(zone).strftime("%m-%d %H:%M:%S") for moment in (begin, end)]
                figures["window"] = " … ".join(local)
        if self.days is not Days.ALL:
            figures |= self._explain_day(self._day_of(at))
        return figures

    def is_due(self, day: date) -> bool:
        """Whether a local date is one of the days."""
        match self.days:
            case Days.ALL:
                return True
            case Days.WORKDAYS:
                return self._is_workday(day)
            case Days.RESTDAYS:
                return not self._is_workday(day)
            case weekdays:
                return day.weekday() in weekdays

    def _is_workday(self, day: date) -> bool:
        return self.calendar.is_workday(day) if self.calendar else day.weekday() < SATURDAY

    def _explain_day(self, day: date) -> dict[str, float | str]:
        figures: dict[str, float | str] = {
            "day": f"{day.isoformat()} {WEEK[day.weekday()]}",
            "day_kind": "workday" if self._is_workday(day) else "restday",
        }
        if self.calendar:
            told = {"holiday": self.calendar.name(day), "calendar": self.calendar.doubt(day)}
            figures |= {name: text for name, text in told.items() if text}
        return figures

    def _day_of(self, at: int) -> date:
        """The local date whose windows decide about an instant: in the small hours that may be the day before."""
        local = from_micros(at).astimezone(ZoneInfo(self.timezone)).date()
        for day in (local - timedelta(days=1), local):
            if self.is_due(day) and any(begin <= at < end for begin, end in _windows(self, day)):
                return day
        return local


@lru_cache(maxsize=8192)
def _day(schedule: Schedule, day: int) -> Ints:
    """The stretches inside of one UTC day number, cut at its ends, in order, none of them touching."""
    start, end = day * DAY_US, (day + 1) * DAY_US
    around = (EPOCH + timedelta(days=day)).date()
    # a window starts on the local date before at the earliest, where the zone is east; two where it goes past midnight
    dates = [around + timedelta(days=offset) for offset in (-2, -1, 0, 1)]
    windows = [window for local in dates if schedule.is_due(local) for window in _windows(schedule, local)]
    stretches = _joined(np.array(sorted(windows), dtype=np.int64).reshape(-1, 2))
    if schedule.sun is not None:
        stretches = _both(stretches, _sun_stretches(schedule, start, end))
    cut = np.clip(stretches, start, end)
    return cut[cut[:, 0] < cut[:, 1]]


def _windows(schedule: Schedule, day: date) -> list[tuple[int, int]]:
    """What belongs to one local date, before the sun is asked."""
    zone = ZoneInfo(schedule.timezone)
    if schedule.hours:
        ends = [(hours.begin, hours.end or time(0)) for hours in schedule.hours]
        windows = [(_instant(day, begin, zone), _instant(_last(day, begin, end), end, zone)) for begin, end in ends]
    else:
        night = schedule.sun is not None and schedule.sun.is_ is SunIs.DOWN
        turn = time(12) if night else time(0)
        windows = [(_instant(day, turn, zone), _instant(day + timedelta(days=1), turn, zone))]
    return [(begin, end) for begin, end in windows if begin < end]


def _last(day: date, begin: time, end: time) -> date:
    return day if end > begin else day + timedelta(days=1)


def _instant(day: date, clock: time, zone: ZoneInfo) -> int:
    return to_micros(datetime.combine(day, clock, tzinfo=zone).astimezone(UTC))


def _sun_stretches(schedule: Schedule, start: int, end: int) -> Ints:
    """What the sun allows around [start, end], after the offsets."""
    assert schedule.sun is not None and schedule.place is not None
    low, high = start - DAY_US, end + DAY_US
    stretches = np.clip(Daylight(place=schedule.place).up(low, high), low, high)
    if schedule.sun.is_ is SunIs.DOWN:
        stretches = np.concatenate([[low], stretches.ravel(), [high]]).reshape(-1, 2)
    moved = stretches.copy()
    # what is cut here goes on beyond: an offset belongs to a sunrise or a sunset only
    moved[:, 0] += np.where(stretches[:, 0] > low, round(schedule.sun.begin_later_s * MICROS_PER_S), 0)
    moved[:, 1] -= np.where(stretches[:, 1] < high, round(schedule.sun.end_earlier_s * MICROS_PER_S), 0)
    return _joined(moved[moved[:, 0] < moved[:, 1]])


def _joined(stretches: Ints) -> Ints:
    """Of stretches in order of their begin: what overlaps or touches becomes one."""
    if len(stretches) < 2:
        return stretches
    ends = np.maximum.accumulate(stretches[:, 1])
    fresh = np.concatenate([[True], stretches[1:, 0] > ends[:-1]])
    lasts = np.append(np.flatnonzero(fresh)[1:], len(stretches)) - 1
    return np.stack([stretches[fresh, 0], ends[lasts]], axis=1)


def _both(some: Ints, others: Ints) -> Ints:
    """What lies in both."""
    common = [
        (max(begin, other_begin), min(end, other_end))
        for begin, end in some.tolist()
        for other_begin, other_end in others.tolist()
    ]
    return np.array(sorted(pair for pair in common if pair[0] < pair[1]), dtype=np.int64).reshape(-1, 2)
