"""`ratio`: the share of a road's lamps that are lit, of those that have to be and are known.

A lamp without valid evidence is unknown, not dark: it is counted apart, and too many of them make the road unknown.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from config.durations import Seconds
from domain.conditions import Evidence, Target, TargetKind, Transition
from domain.devices import Device
from domain.instants import MICROS_PER_S
from domain.places import Road, RoadGrade
from rules import machine
from rules.comparing import Comparison, Floats, findings
from rules.entries import MetricEntry
from rules.intervals import LIT, Courses, courses, drop_stale
from rules.machine import Change
from rules.program import Arrivals, Judge, Site
from rules.rounds import rounds
from rules.state import NEVER, Ints, RuleState, Waiting, nothing_waiting
from rules.sun import LampNights

WAITING_LIMIT = 200_000
"""Readings that may wait for the watermark before the older half of them is judged anyway."""


class RatioEntry(MetricEntry):
    """Targets in % by grade of road. `min_known`: below this known share of a road's lamps nothing is said.

    Lamps have to be lit from sunset + after_sunset to sunrise - before_sunrise; for `grace` after the begin nothing is
    judged, because lamps report at their own interval.
    """

    kind: Literal["ratio"]
    compare: Literal[">=", ">"] = ">="
    targets: dict[RoadGrade, Annotated[float, Field(ge=0, le=100)]]
    min_known: Annotated[float, Field(ge=0, le=1)] = 0.5
    dead_band: Annotated[float, Field(ge=0)] = 0.0
    after_sunset: Seconds = 0.0
    before_sunrise: Seconds = 0.0
    grace: Seconds = 900.0


def compile_ratio(entry: RatioEntry, site: Site) -> "RatioJudge":
    """Judges the roads that have lamps in scope and whose grade has a target."""
    graded = {road.id: road for road in site.registry.city.roads if road.grade in entry.targets}
    lamps = tuple(device for device in entry.reporting(site.registry) if device.road in graded)
    with_lamps = {lamp.road for lamp in lamps}
    return RatioJudge(entry, site, lamps=lamps, roads=tuple(road for road in graded.values() if road.id in with_lamps))


class RatioJudge(Judge):
    """The road is the target. Readings wait for the watermark, because the order of different lamps matters."""

    def __init__(self, entry: RatioEntry, site: Site, *, lamps: tuple[Device, ...], roads: tuple[Road, ...]) -> None:
        super().__init__(
            card=entry.card(unit="%"),
            timing=entry.timing(),
            devices=lamps,
            targets=tuple(Target(kind=TargetKind.ROAD, id=road.id) for road in roads),
            site=site,
        )
        self.roads = roads
        number = {road.id: place for place, road in enumerate(roads)}
        self.road_of = np.array([number[str(lamp.road)] for lamp in lamps], dtype=np.intp)
        self.lamps = np.bincount(self.road_of, minlength=len(roads))
        self.goal = np.array([entry.targets[road.grade] for road in roads], dtype=np.float64)
        self.validity = np.array(
            [round(lamp.interval_s * entry.evidence_for * MICROS_PER_S) for lamp in lamps], dtype=np.int64
        )
        city = site.registry.city
        self.nights = LampNights(
            place=city.centre,
            timezone=city.timezone,
            after_sunset_s=entry.after_sunset,
            before_sunrise_s=entry.before_sunrise,
            grace_s=entry.grace,
        )
        self._entry = entry
        self._comparison = Comparison(entry.compare)
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
        state.sightings.watched[state.sightings.watched == NEVER] = now
        state.now = now
        return self._judge_until(state, frontier)

    def counts(self, state: RuleState, at: int) -> tuple[Ints, Ints]:
        """Known and lit lamps of every road at an instant, from the sightings (what still waits is left out)."""
        known = state.sightings.at + self.validity > at
        lit = known & (state.sightings.value > LIT)
        n = len(self.roads)
        return np.bincount(self.road_of[known], minlength=n), np.bincount(self.road_of[lit], minlength=n)

    def rates(self, known: Ints, lit: Ints) -> Floats:
        """Lit lamps in % of the known ones; NaN where none is known."""
        rates: Floats = np.full(len(known), np.nan)
        np.divide(100.0 * lit, known, out=rates, where=known > 0)
        return rates

    def release(self, state: RuleState, until: int) -> Waiting:
        """What waits and counts at or before `until`, ordered by lamp and time; only what is news to its lamp."""
        return drop_stale(state.waiting.take(state.waiting.effective <= until), state.sightings.at)

    def _judge_until(self, state: RuleState, until: int) -> list[Transition]:
        """Everything that happened in (through, until]."""
        released = self.release(state, until)
        start = state.through if state.through != NEVER else int(released.effective.min(initial=until)) - 1
        nights = self.nights.between(start, until)
        edges = nights.ravel()
        course = courses(
            released,
            state.sightings,
            validity=self.validity,
            road_of=self.road_of,
            edges=edges[(edges > start) & (edges <= until)],
            window=(start, until),
        ).from_counts(*self.counts(state, start))
        told = self._follow(state, course, nights)
        open_roads = machine.open_targets(state.judgements)
        told += self._tell(machine.settle(state.judgements, open_roads, until, self.timing), course, after=False)
        state.sightings.at[released.device] = released.at
        state.sightings.value[released.device] = released.value
        state.waiting = state.waiting.take(state.waiting.effective > until) if len(state.waiting) else nothing_waiting()
        state.through = max(until, state.through)
        return told

    def _follow(self, state: RuleState, course: Courses, nights: Ints) -> list[Transition]:
        """The machine walks along the course of every road."""
        rates = self.rates(course.known, course.lit)
        enough = course.known >= self._entry.min_known * self.lamps[course.road]
        judged = enough & self.nights.are_due(course.at, nights)
        found = findings(
            self._comparison, np.where(judged, rates, np.nan), self.goal[course.road], self._entry.dead_band
        )
        told: list[Transition] = []
        rows = course.where_changed(found)
        for turn in rounds(course.road[rows], course.at[rows]):
            here = rows[turn]
            roads, at = course.road[here], course.at[here]
            told += self._tell(machine.settle(state.judgements, roads, at, self.timing), course, after=False)
            changes = machine.observe(state.judgements, roads, at, found[here], self.timing)
            changes += machine.regain(state.judgements, roads, at)
            told += self._tell(changes, course, after=True)
        return told

    def _tell(self, changes: list[Change], course: Courses, *, after: bool) -> list[Transition]:
        """With the figures just before (a timer) or just after (a reading) the moment of the change."""
        return [
            self.transition(
                change, self._evidence(change.target, *course.counts_at(change.target, change.at, after=after))
            )
            for change in changes
        ]

    def _evidence(self, road: int, known: int, lit: int) -> Evidence:
        figures: dict[str, float | str] = {
            "lit": lit,
            "due": known,
            "dark": known - lit,
            "offline": int(self.lamps[road]) - known,
            "grade": self.roads[road].grade.value,
        }
        return Evidence(
            value=100.0 * lit / known if known else None,
            limit=float(self.goal[road]),
            comparison=self._comparison,
            unit=self.card.unit,
            clause=self.card.clause,
            figures=figures,
        )
