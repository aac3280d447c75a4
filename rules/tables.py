"""Dated tables of limits by noise zone and time of day; the edition is chosen by the date of the observation."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, model_validator

from config.loading import Strict
from domain.instants import EPOCH, MICROS_PER_S, to_micros
from domain.places import NoiseZone
from rules.columns import Ints
from rules.core.comparing import Floats

ZONES = tuple(NoiseZone)
ANYWHERE: Literal["any"] = "any"
"""In a table: the limit of every zone that is not named, and of devices without one."""
NO_ZONE = len(ZONES)
"""Column of what has no noise zone; the columns before it are those of ZONES."""
DAY_US = 86_400 * MICROS_PER_S


def _clock_time(value: Any) -> Any:
    # YAML 1.1 reads a bare 06:00 as 360: sixty-based numbers
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is not a time of day; write it in quotes: "06:00"')
    try:
        return time.fromisoformat(value)
    except ValueError as exc:
        raise ValueError(f'{value!r} is not a time of day; write "06:00"') from exc


ClockTime = Annotated[time, BeforeValidator(_clock_time)]


class Edition(Strict):
    """Limits in force from `valid_from` on, until the next edition or `valid_until` (exclusive)."""

    source: str
    valid_from: date
    valid_until: date | None = None
    limits: dict[NoiseZone | Literal["any"], dict[str, float]]


class LimitTable(Strict):
    """`periods`: name -> local time at which it begins; each lasts until the next one, the last past midnight."""

    id: str
    zh: str
    en: str
    unit: str
    periods: dict[str, ClockTime]
    editions: tuple[Edition, ...]

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if not self.periods or len(set(self.periods.values())) != len(self.periods):
            raise ValueError("periods must begin at different times, at least one of them")
        starts = [edition.valid_from for edition in self.editions]
        if not starts or starts != sorted(set(starts)):
            raise ValueError("editions must be in order of valid_from, at least one of them")
        for edition in self.editions:
            for zone, limits in edition.limits.items():
                if set(limits) != set(self.periods):
                    raise ValueError(
                        f"edition {edition.source}, zone {zone}: limits for {', '.join(limits) or 'nothing'}; "
                        f"give one for each of {', '.join(self.periods)}"
                    )
        return self

    @property
    def needs_zone(self) -> bool:
        """Whether devices without a noise zone have no limit in it."""
        return not all(ANYWHERE in edition.limits for edition in self.editions)


@dataclass(frozen=True, slots=True)
class _Schedule:
    """What decides which edition and period an instant falls in; hashable, so that days can be remembered."""

    timezone: str
    periods: tuple[time, ...]
    editions: tuple[tuple[date, date | None], ...]


class Timeline:
    """A table in one zone of time: limits for columns of zones and instants."""

    def __init__(self, table: LimitTable, timezone: str) -> None:
        ordered = sorted(table.periods.items(), key=lambda item: item[1])
        self.periods = tuple(name for name, _ in ordered)
        self._schedule = _Schedule(
            timezone=timezone,
            periods=tuple(begins for _, begins in ordered),
            editions=tuple((edition.valid_from, edition.valid_until) for edition in table.editions),
        )
        # one more edition at the end, all NaN: no edition is in force
        self._limits = np.full((len(table.editions) + 1, len(ZONES) + 1, len(self.periods)), np.nan)
        self._sources = (*(edition.source for edition in table.editions), "")
        for e, edition in enumerate(table.editions):
            anywhere = edition.limits.get(ANYWHERE)
            by_column = [*(edition.limits.get(zone, anywhere) for zone in ZONES), anywhere]
            for column, limits in enumerate(by_column):
                if limits is not None:
                    self._limits[e, column] = [limits[period] for period in self.periods]

    def limits(self, zone: npt.NDArray[np.intp], at: Ints) -> tuple[Floats, npt.NDArray[np.intp]]:
        """Limit and period (index into `periods`) of each instant; NaN where the table says nothing."""
        starts, editions, periods = self._segments(at)
        segment = np.searchsorted(starts, at, side="right") - 1
        return self._limits[editions[segment], zone, periods[segment]], periods[segment]

    def limit(self, zone: int, at: int) -> tuple[float, str, str]:
        """Limit (NaN where the table says nothing), period and edition for one zone's column at one instant."""
        starts, editions, periods = _day_segments(self._schedule, at // DAY_US)
        segment = int(np.searchsorted(starts, at, side="right")) - 1
        edition, period = int(editions[segment]), int(periods[segment])
        return float(self._limits[edition, zone, period]), self.periods[period], self._sources[edition]

    def source(self, at: int) -> str:
        """The edition in force at an instant; empty where none is."""
        return self.limit(NO_ZONE, at)[2]

    def stretch(self, at: int) -> tuple[int, int]:
        """[from, until) around an instant in one edition and period; midnight parts a night in two."""
        # the next day as well: east of Greenwich the last stretch around a UTC day begins within it
        starts = self._segments(np.array([at, at + DAY_US], dtype=np.int64))[0]
        here = int(np.searchsorted(starts, at, side="right"))
        return int(starts[here - 1]), int(starts[here])

    def steps(self, zone: NoiseZone | None, start: int, end: int) -> list[tuple[int, int, float]]:
        """The limit as (from, until, value) over [start, end); stretches without a limit are left out."""
        days = np.arange(start // DAY_US, -(-end // DAY_US) + 1, dtype=np.int64) * DAY_US
        starts, editions, periods = self._segments(days)
        edges = np.append(starts, np.iinfo(np.int64).max)
        values = self._limits[editions, zone_column(zone), periods]
        steps: list[tuple[int, int, float]] = []
        for here, following, value in zip(edges[:-1].tolist(), edges[1:].tolist(), values.tolist(), strict=True):
            begin, until = max(here, start), min(following, end)
            if begin >= until or np.isnan(value):
                continue
            # midnight parts a night in two although the limit goes on
            goes_on = bool(steps) and steps[-1][1:] == (begin, value)
            steps.append((steps.pop()[0] if goes_on else begin, until, value))
        return steps

    def _segments(self, at: Ints) -> tuple[Ints, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Starts of the stretches around all the instants, with edition and period of each."""
        first, last = int(at.min()) // DAY_US, int(at.max()) // DAY_US
        if first == last:
            return _day_segments(self._schedule, first)
        days = [_day_segments(self._schedule, int(day)) for day in np.unique(at // DAY_US)]
        starts, chosen = np.unique(np.concatenate([day[0] for day in days]), return_index=True)
        return (
            starts,
            np.concatenate([day[1] for day in days])[chosen],
            np.concatenate([day[2] for day in days])[chosen],
        )


def zone_column(zone: NoiseZone | None) -> int:
    """Where a zone's limits stand in a timeline."""
    return NO_ZONE if zone is None else ZONES.index(zone)


@lru_cache(maxsize=1024)
def _day_segments(schedule: _Schedule, day: int) -> tuple[Ints, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The stretches that touch the UTC day number `day`: starts, edition and period of each."""
    zone = ZoneInfo(schedule.timezone)
    centre = (EPOCH + timedelta(days=day)).date()
    moments = {
        datetime.combine(centre + timedelta(days=offset), clock, tzinfo=zone).astimezone(UTC)
        for offset in (-1, 0, 1)
        for clock in (time(0), *schedule.periods)
    }
    ordered = sorted(moments)
    local = [moment.astimezone(zone) for moment in ordered]
    return (
        np.array([to_micros(moment) for moment in ordered], dtype=np.int64),
        np.array([_edition(schedule, moment.date()) for moment in local], dtype=np.intp),
        # before the first period of the day the last one of the day before goes on: index -1
        np.array(
            [(bisect_right(schedule.periods, m.time()) - 1) % len(schedule.periods) for m in local], dtype=np.intp
        ),
    )


def _edition(schedule: _Schedule, on: date) -> int:
    """Index of the edition in force on a local date; the number of editions when none is."""
    none = len(schedule.editions)
    current = bisect_right([valid_from for valid_from, _ in schedule.editions], on) - 1
    if current < 0:
        return none
    valid_until = schedule.editions[current][1]
    return none if valid_until is not None and on >= valid_until else current
