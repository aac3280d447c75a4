"""When lamps have to be lit, or have to be dark, and how many of them: by the sun, by the clock, by a plan."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from config.durations import Seconds
from config.loading import Strict
from domain.devices import Device, Registry
from domain.instants import EPOCH, MICROS_PER_S, to_micros
from domain.places import City, Place, RoadGrade
from rules.calendar.sun import sun_night
from rules.columns import Index, Ints
from rules.tables import ClockTime

WHOLE = 1000
"""All lamps, in thousandths: shares are counted in whole numbers, so that sums are exact."""
NOON = time(12)
NO_DIM = -1
"""The plan does not say how far lamps are dimmed."""
Stretch = tuple[int, int]
"""Begin and end, microseconds; the end is not in it."""


class ClockHours(Strict):
    """Local times between which lamps burn, from an evening into the next morning."""

    on: ClockTime
    off: ClockTime

    @model_validator(mode="after")
    def _is_a_night(self) -> Self:
        if _place_in_night(self.on) >= _place_in_night(self.off):
            raise ValueError(f"on {self.on:%H:%M} is not before off {self.off:%H:%M}, as nights go from noon to noon")
        return self


class PlanPeriod(Strict):
    """From `begin` to `end`, local times of one night, only this share of the lamps has to burn, dimmed to `dim` %."""

    begin: ClockTime
    end: ClockTime
    share: Annotated[float, Field(ge=0, le=1)] = 1.0
    dim: Annotated[float, Field(ge=0, le=100)] | None = None
    roads: tuple[str, ...] = ()
    grades: tuple[RoadGrade, ...] = ()

    @model_validator(mode="after")
    def _is_within_a_night(self) -> Self:
        if _place_in_night(self.begin) >= _place_in_night(self.end):
            raise ValueError(
                f"begin {self.begin:%H:%M} is not before end {self.end:%H:%M}, as nights go from noon to noon"
            )
        if not {"share", "dim"} & self.model_fields_set:
            raise ValueError("a period of the plan says nothing; write share: 0.5, or dim: 50, or both")
        return self


class LightingEntry(Strict):
    """Keys of every rule on lamps. With sun and clock lamps are due when both say so, and must not burn when neither
    does. For `grace` after each change nothing more is asked than before, because lamps report at their own interval.
    """

    sun: bool = True
    clock: ClockHours | None = None
    place: Literal["city", "road"] = "city"
    after_sunset: Seconds = 0.0
    before_sunrise: Seconds = 0.0
    grace: Seconds = 900.0
    plan: tuple[PlanPeriod, ...] = ()

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if not self.sun and self.clock is None:
            raise ValueError("with sun: false write clock: {on: ..., off: ...}, or nobody knows when lamps are due")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """In [begin, end) `share` thousandths of the lamps are due, dimmed to `dim` thousandths of a percent, or NO_DIM.

    Not `steady`: so soon after a change of the plan that lamps which go dark now may do so by plan.
    """

    begin: int
    end: int
    share: int
    steady: bool
    dim: int = NO_DIM


@dataclass(frozen=True, slots=True, kw_only=True)
class Lighting:
    """One way in which lamps are lit, or (`dark`) must not be. Durations in microseconds."""

    place: Place
    timezone: str
    sun: bool = True
    clock: ClockHours | None = None
    after_sunset: int = 0
    before_sunrise: int = 0
    grace: int = 0
    plan: tuple[PlanPeriod, ...] = ()
    dark: bool = False

    def between(self, start: int, end: int) -> list[Segment]:
        """Segments that touch [start, end], in order."""
        first = (EPOCH + timedelta(microseconds=start)).date() - timedelta(days=2)
        last = (EPOCH + timedelta(microseconds=end)).date() + timedelta(days=1)
        evenings = (first + timedelta(days=n) for n in range((last - first).days + 1))
        segments = (segment for evening in evenings for segment in _segments(self, evening))
        return [segment for segment in segments if segment.begin <= end and segment.end >= start]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segments:
    """Segments of several lightings as columns, ordered by lighting and time."""

    lighting: Index
    begin: Ints
    end: Ints
    share: Ints
    steady: npt.NDArray[np.bool_]
    dim: Ints


class Schedules:
    """Which lighting each lamp follows."""

    def __init__(self, entry: LightingEntry, lamps: Sequence[Device], registry: Registry, *, dark: bool) -> None:
        grades = {road.id: road.grade for road in registry.city.roads}
        middles = _middles(lamps) if entry.place == "road" else {}
        found: dict[Lighting, int] = {}
        of = [
            found.setdefault(
                _lighting(
                    entry,
                    registry.city,
                    place=middles.get(lamp.road, registry.city.centre),
                    plan=_plan_of(entry, lamp.road, grades.get(lamp.road or "")),
                    dark=dark,
                ),
                len(found),
            )
            for lamp in lamps
        ]
        self.of = np.array(of, dtype=np.intp)
        self.lightings = tuple(found)

    def segments(self, start: int, end: int) -> Segments:
        """Of every lighting, what touches [start, end]."""
        rows = [
            (number, *(getattr(segment, name) for name in ("begin", "end", "share", "steady", "dim")))
            for number, lighting in enumerate(self.lightings)
            for segment in lighting.between(start, end)
        ]
        columns = np.array(rows, dtype=np.int64).reshape(-1, 6)
        return Segments(
            lighting=columns[:, 0].astype(np.intp),
            begin=columns[:, 1],
            end=columns[:, 2],
            share=columns[:, 3],
            steady=columns[:, 4].astype(np.bool_),
            dim=columns[:, 5],
        )

    def shares_at(self, now: int) -> Ints:
        """Of every lighting, the thousandths of lamps that are due at an instant; -1 where nothing is asked."""
        shares = np.full(len(self.lightings), -1, dtype=np.int64)
        for number, lighting in enumerate(self.lightings):
            for segment in lighting.between(now, now):
                if segment.begin <= now < segment.end:
                    shares[number] = segment.share
        return shares

    def next_stretch(self, start: int, end: int) -> Stretch | None:
        """The first stretch that touches [start, end] in which the first lighting asks for something."""
        found: Stretch | None = None
        for segment in self.lightings[0].between(start, end) if self.lightings else []:
            if found is not None and segment.begin != found[1]:
                break
            found = (found[0] if found else segment.begin, segment.end)
        return found


def _lighting(entry: LightingEntry, city: City, *, place: Place, plan: tuple[PlanPeriod, ...], dark: bool) -> Lighting:
    return Lighting(
        place=place,
        timezone=city.timezone,
        sun=entry.sun,
        clock=entry.clock,
        after_sunset=round(entry.after_sunset * MICROS_PER_S),
        before_sunrise=round(entry.before_sunrise * MICROS_PER_S),
        grace=round(entry.grace * MICROS_PER_S),
        plan=plan,
        dark=dark,
    )


def _plan_of(entry: LightingEntry, road: str | None, grade: RoadGrade | None) -> tuple[PlanPeriod, ...]:
    return tuple(
        period
        for period in entry.plan
        if (not period.roads or road in period.roads) and (not period.grades or grade in period.grades)
    )


def _middles(lamps: Sequence[Device]) -> dict[str | None, Place]:
    """Where the middle of each road's lamps stands."""
    of_road: dict[str | None, list[Device]] = {}
    for lamp in lamps:
        of_road.setdefault(lamp.road, []).append(lamp)
    return {road: standing[len(standing) // 2].place for road, standing in of_road.items()}


@lru_cache(maxsize=4096)
def _segments(lighting: Lighting, evening: date) -> tuple[Segment, ...]:
    """What is asked in the night that begins on a local date; of dark lighting, on the day that ends with it."""
    return tuple(_dark_day(lighting, evening) if lighting.dark else _lit_night(lighting, evening))


def _lit_night(lighting: Lighting, evening: date) -> Iterator[Segment]:
    night = _due_night(lighting, evening)
    if night is None or night[0] + lighting.grace >= night[1]:
        return
    begin, end = night[0] + lighting.grace, night[1]
    edges = {edge for period in lighting.plan for edge in _local(lighting, evening, period.begin, period.end)}
    cuts = [begin, *sorted(edge for edge in edges if begin < edge < end), end]
    before = None
    for start, stop in pairwise(cuts):
        share, dim = asked = _asked(lighting, evening, start)
        settled = start if before in (None, asked) else min(start + lighting.grace, stop)
        if start < settled:
            yield Segment(begin=start, end=settled, share=min(share, before[0] if before else 0), steady=False, dim=dim)
        if settled < stop:
            yield Segment(begin=settled, end=stop, share=share, steady=True, dim=dim)
        before = asked


def _dark_day(lighting: Lighting, evening: date) -> Iterator[Segment]:
    """From the morning on which nothing lights any more to the evening, with the grace on both sides."""
    before, after = _any_night(lighting, evening - timedelta(days=1)), _any_night(lighting, evening)
    # where the sun stays up or down nobody can say what lamps should do
    if before is not None and after is not None and before[1] + lighting.grace < after[0] - lighting.grace:
        yield Segment(begin=before[1] + lighting.grace, end=after[0] - lighting.grace, share=WHOLE, steady=True)


def _asked(lighting: Lighting, evening: date, at: int) -> tuple[int, int]:
    """Share and dimming at an instant: the first period of the plan that holds says them."""
    for period in lighting.plan:
        begin, end = _local(lighting, evening, period.begin, period.end)
        if begin <= at < end:
            return round(period.share * WHOLE), NO_DIM if period.dim is None else round(period.dim * WHOLE)
    return WHOLE, NO_DIM


def _due_night(lighting: Lighting, evening: date) -> Stretch | None:
    """When all that is asked agrees that lamps burn."""
    stretches = [
        (begin + lighting.after_sunset * by_sun, end - lighting.before_sunrise * by_sun)
        for by_sun, (begin, end) in _nights(lighting, evening)
    ]
    if len(stretches) < lighting.sun + (lighting.clock is not None):
        return None
    begin, end = max(stretch[0] for stretch in stretches), min(stretch[1] for stretch in stretches)
    return (begin, end) if begin < end else None


def _any_night(lighting: Lighting, evening: date) -> Stretch | None:
    """When any of them lets lamps burn."""
    stretches = [stretch for _, stretch in _nights(lighting, evening)]
    if len(stretches) < lighting.sun + (lighting.clock is not None):
        return None
    return min(stretch[0] for stretch in stretches), max(stretch[1] for stretch in stretches)


def _nights(lighting: Lighting, evening: date) -> Iterator[tuple[bool, Stretch]]:
    """By the sun (True) and by the clock (False), as far as each is asked and there is a night."""
    if lighting.sun:
        night = sun_night(lighting.place, lighting.timezone, evening)
        if night is not None:
            yield True, night
    if lighting.clock is not None:
        yield False, _local(lighting, evening, lighting.clock.on, lighting.clock.off)


def _local(lighting: Lighting, evening: date, begin: time, end: time) -> Stretch:
    """Local times of a night as instants: those before noon belong to the next morning."""
    zone = ZoneInfo(lighting.timezone)
    first, last = (
        to_micros(datetime.combine(evening + timedelta(days=clock < NOON), clock, tzinfo=zone))
        for clock in (begin, end)
    )
    return first, last


def _place_in_night(clock: time) -> tuple[bool, time]:
    return clock < NOON, clock
