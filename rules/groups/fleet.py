"""Many lamps looked at together, group by group: the common part of the kinds `ratio` and `outage`.

Readings wait for the watermark, because the order of different lamps matters.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from domain.conditions import RuleCard, Signal, Target, TargetKind, Transition
from domain.devices import Device, Registry
from domain.instants import MICROS_PER_S
from domain.places import RoadGrade
from rules.calendar.lighting import LightingEntry, Schedules
from rules.columns import NEVER, Index, RuleState, Waiting, nothing_waiting
from rules.core.arrivals import Arrivals
from rules.core.machine import Change
from rules.entries import MetricEntry
from rules.groups.intervals import drop_stale
from rules.judges import Judge, Site

WAITING_LIMIT = 200_000
"""Readings that may wait for the watermark before the older half of them is judged anyway."""


class By(StrEnum):
    """What lamps are counted by."""

    LAMP = "lamp"
    ROAD = "road"
    GRADE = "grade"
    PARENT = "parent"
    DISTRICT = "district"
    CITY = "city"


class FleetEntry(MetricEntry, LightingEntry):
    """A rule on groups of lamps."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """The lamps that belong to a group, and which; groups in the order of the city."""

    lamps: tuple[Device, ...]
    targets: tuple[Target, ...]
    of: Index


def grouped(by: By, lamps: Sequence[Device], registry: Registry) -> Groups:
    """Lamps without a road, district or parent belong to no group of that sort and are left out."""
    city = registry.city
    grades: Mapping[str | None, RoadGrade] = {road.id: road.grade for road in city.roads}
    ways: dict[By, tuple[TargetKind, Sequence[str | None]]] = {
        By.LAMP: (TargetKind.DEVICE, [lamp.id for lamp in lamps]),
        By.ROAD: (TargetKind.ROAD, [lamp.road if lamp.road in grades else None for lamp in lamps]),
        By.GRADE: (TargetKind.GRADE, [grades.get(lamp.road) for lamp in lamps]),
        By.PARENT: (TargetKind.DEVICE, [lamp.parent for lamp in lamps]),
        By.DISTRICT: (TargetKind.DISTRICT, [lamp.district for lamp in lamps]),
        By.CITY: (TargetKind.CITY, ["city"] * len(lamps)),
    }
    kind, names = ways[by]
    orders: dict[By, Sequence[str]] = {
        By.ROAD: [road.id for road in city.roads],
        By.GRADE: list(RoadGrade),
        By.DISTRICT: [district.id for district in city.districts],
    }
    order = orders.get(by, [*registry.devices, "city"])
    present = {str(name) for name in names if name is not None}
    known = [str(name) for name in order if name in present]
    number = {name: place for place, name in enumerate(known)}
    kept = [(lamp, number[str(name)]) for lamp, name in zip(lamps, names, strict=True) if str(name) in number]
    return Groups(
        lamps=tuple(lamp for lamp, _ in kept),
        targets=tuple(Target(kind=kind, id=name) for name in known),
        of=np.array([place for _, place in kept], dtype=np.intp),
    )


class FleetJudge(Judge):
    """`devices` are the lamps; targets are their groups."""

    def __init__(self, entry: FleetEntry, site: Site, groups: Groups, *, card: RuleCard, dark: bool = False) -> None:
        super().__init__(card=card, timing=entry.timing(), devices=groups.lamps, targets=groups.targets, site=site)
        self.group_of = groups.of
        self.lamps = np.bincount(groups.of, minlength=len(groups.targets))
        self.validity = np.array(
            [round(lamp.interval_s * entry.evidence_for * MICROS_PER_S) for lamp in groups.lamps], dtype=np.int64
        )
        self.schedules = Schedules(entry, groups.lamps, site.registry, dark=dark)
        self.owing = np.zeros((len(groups.targets), len(self.schedules.lightings)), dtype=np.int64)
        np.add.at(self.owing, (groups.of, self.schedules.of), 1)
        self.metric_ordinal = site.vocabulary.metric_ordinal[entry.metric]

    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        place = self.place_of[arrivals.device]
        rows = np.flatnonzero((arrivals.metric == self.metric_ordinal) & (place >= 0) & arrivals.good)
        if len(rows):
            at = arrivals.at[rows]
            late = np.maximum(at, state.through)
            state.waiting = state.waiting.joined(
                Waiting(device=place[rows], at=at, effective=late, value=arrivals.value[rows])
            )
        if len(state.waiting) <= WAITING_LIMIT:
            return []
        return self._judge_until(state, int(np.median(state.waiting.effective)))

    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        self.watch(state, now)
        return self._judge_until(state, frontier)

    def watch(self, state: RuleState, now: int) -> None:
        state.sightings.watched[state.sightings.watched == NEVER] = now
        state.now = now

    def release(self, state: RuleState, until: int) -> Waiting:
        """What waits and counts at or before `until`, ordered by lamp and time; only what is news to its lamp."""
        return drop_stale(state.waiting.take(state.waiting.effective <= until), state.sightings.at)

    @abstractmethod
    def _judge(self, state: RuleState, released: Waiting, *, start: int, until: int) -> list[Transition]:
        """Everything that happened in (start, until]; the sightings are still those of `start`."""

    def _judge_until(self, state: RuleState, until: int) -> list[Transition]:
        released = self.release(state, until)
        start = state.through if state.through != NEVER else int(released.effective.min(initial=until)) - 1
        told = self._judge(state, released, start=start, until=until)
        state.sightings.at[released.device] = released.at
        state.sightings.value[released.device] = released.value
        state.waiting = state.waiting.take(state.waiting.effective > until) if len(state.waiting) else nothing_waiting()
        state.through = max(until, state.through)
        return told


def is_before(change: Change) -> bool:
    """Whether the figures just before the change say more than those after it: of what ended nothing is known."""
    return change.signal is Signal.LOST
