"""Judges windows of one metric, device by device: every window that is over has one finding, at its end."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from domain.conditions import Evidence, Transition
from domain.devices import Device
from domain.instants import MICROS_PER_S, from_micros
from rules.columns import FOREVER, NEVER, Column, Index, Ints, RuleState
from rules.core import machine
from rules.core.arrivals import Arrivals
from rules.core.comparing import Comparison, Finding, findings
from rules.core.following import Told, follow, row_before
from rules.core.machine import Phase
from rules.entries import MetricEntry
from rules.judges import Judge, Site
from rules.limits import Limits
from rules.windows.aggregates import Aggregate, Measured, unit_of
from rules.windows.closings import Closings, closings
from rules.windows.grid import Grid
from rules.windows.percentiles import Percentiles
from rules.windows.pieces import NO_PIECES, News, Pieces, cut_differences, cut_readings, news_of
from rules.windows.sums import Sums

_KNOWN = (Phase.PENDING, Phase.HELD, Phase.CLEARING)
_FIXED = {
    "last": Column(dtype=np.int32, fill=-1),  # newest step with readings
    "next": Column(dtype=np.int32, fill=-1),  # end of the first window that is not over
    "due": Column(dtype=np.int64, fill=FOREVER),  # when a tick ends that window; FOREVER: no reading can matter
    # the last window that was judged
    "judged_end": Column(dtype=np.int32, fill=-1),
    "judged_value": Column(dtype=np.float64, fill=np.nan),
    "judged_duration": Column(dtype=np.int64, fill=0),
    "judged_readings": Column(dtype=np.int32, fill=0),
}
"""41 bytes per series with the name of the plan, beside the sightings and what is kept of the steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is made of the readings, and what of it is compliant.

    A window has `steps` steps of the grid and ends with each of them. It says nothing when the readings cover less than
    `coverage` of it, or are fewer than `fewest`. `percent`: which percentile, where the aggregate is one.
    """

    aggregate: Aggregate
    percent: float | None
    grid: Grid
    steps: int
    comparison: Comparison
    dead_band: float
    coverage: float
    fewest: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdicts:
    """The windows that were just judged, ordered by series and end."""

    windows: Closings
    at: Ints
    measured: Measured

    def before(self, series: int, at: int) -> int | None:
        """The last one of a series before an instant."""
        return row_before(self.windows.series, self.at, series, at)

    def figures(self, row: int) -> tuple[int, float, int, int]:
        """End, value, covered time and readings of one window."""
        measured = self.measured
        return (
            int(self.windows.end[row]),
            float(measured.value[row]),
            int(measured.duration[row]),
            int(measured.readings[row]),
        )


def middle(begin: Ints | int, end: Ints | int) -> Any:
    """The instant whose limit holds for a window: of one across two periods or editions, where most of it lies."""
    return begin + (end - begin) // 2


class WindowJudge(Judge):
    """Every device is its own target.

    A window is over when a reading at or after its end has come, or when everything up to one interval of the device
    after its end has arrived: until then a reading that began inside of it can come.
    """

    by_series = True
    sights = frozenset({"at", "value", "delay"})

    def __init__(
        self, entry: MetricEntry, site: Site, *, devices: tuple[Device, ...], limits: Limits, plan: Plan
    ) -> None:
        super().__init__(
            card=entry.card(unit=unit_of(plan.aggregate, site.units[entry.metric])),
            timing=entry.timing(),
            devices=devices,
            site=site,
        )
        self.limits = limits
        self.plan = plan
        self.metric_ordinal = site.vocabulary.metric_ordinal[entry.metric]
        self._zone = ZoneInfo(site.registry.city.timezone)
        intervals = np.array([device.interval_s for device in devices], dtype=np.float64)
        believed = entry.evidence_for if plan.aggregate is Aggregate.RATE else 1.0
        self._lag = np.round(intervals * believed * MICROS_PER_S).astype(np.int64)
        """How long after its end a reading may bring something to a window."""
        self._store: Sums | Percentiles
        if plan.percent is None:
            self._store = Sums(plan.aggregate, steps=plan.steps)
        else:
            length = int(np.diff(plan.grid.begins(np.array([0, plan.steps], dtype=np.int64)))[0])
            shortest = int(self._lag.min(initial=FOREVER))
            self._store = Percentiles(plan.percent, steps=plan.steps, room=2 * -(-length // shortest) + plan.steps)
        # numbers of steps and sums mean nothing to another plan: with a name of its own it does not take them over
        made = f"{plan.aggregate} {plan.percent} {plan.steps} x {plan.grid.name}"
        self.own_columns = {**_FIXED, **self._store.columns(), made: Column(dtype=np.bool_, fill=0)}

    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        place = self.place_of[arrivals.device]
        rows = np.flatnonzero((arrivals.metric == self.metric_ordinal) & (place >= 0) & arrivals.good)
        own, grid, sightings = state.own, self.plan.grid, state.sightings
        news = news_of(place[rows], arrivals.take(rows), newest=sightings.at, value=sightings.value)
        if not len(news):
            return []
        pieces = self._cut(news)
        last = np.flatnonzero(np.diff(news.series, append=-1))
        series, newest = news.series[last], news.at[last]
        own["next"][series] = self._first_open(state, series)
        told = self._close(state, series, pieces, grid.numbers(newest))
        sightings.at[series], sightings.value[series] = newest, news.value[last]
        sightings.delay[series] = news.delay[last]
        return told

    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        own, judgements = state.own, state.judgements
        watched = machine.open_targets(judgements)
        # nothing was kept of an open series, as after a change of the rule: its next window says so
        orphans = watched[(own["due"][watched] == FOREVER) & np.isin(judgements.phase[watched], _KNOWN)]
        behind = frontier - state.sightings.delay
        series = np.union1d(np.flatnonzero(own["due"] <= behind), orphans)
        told: list[Transition] = []
        if len(series):
            own["next"][series] = self._first_open(state, series)
            told += self._close(state, series, NO_PIECES, self.plan.grid.numbers(behind[series] - self._lag[series]))
        state.through, state.now = frontier, now
        watched = machine.open_targets(judgements)
        if len(watched):
            # a timer must not run into a window on which there is no verdict yet
            until = np.minimum(self.plan.grid.begins(self._first_open(state, watched)), behind[watched])
            changes = machine.settle(judgements, watched, until, self.timing)
            told += self._tell(state, [(change, None) for change in changes], None)
        return told

    def _cut(self, news: News) -> Pieces:
        if self.plan.aggregate is Aggregate.RATE:
            return cut_differences(news, self.plan.grid, believed=self._lag)
        return cut_readings(news, self.plan.grid, interval=self._lag)

    def _first_open(self, state: RuleState, series: Index) -> Ints:
        """End of the first window of each series that is not over."""
        over = np.maximum(state.sightings.at[series], 0)
        if state.through != NEVER:
            over = np.maximum(over, state.through - state.sightings.delay[series] - self._lag[series])
        first: Ints = np.maximum(self.plan.grid.numbers(over) + 1, state.own["next"][series])
        return first

    def _close(self, state: RuleState, series: Index, pieces: Pieces, last: Ints) -> list[Transition]:
        """Take the pieces in and judge the windows of `series` (ordered) that end in [next, `last`]."""
        own, steps = state.own, self.plan.steps
        first = own["next"][series].astype(np.int64)
        # a series that is open without readings has one more window to be judged: the one that says so
        known = np.isin(state.judgements.phase[series], _KNOWN)
        newest = np.maximum(own["last"][series], np.where(known, first - steps - 1, -1))
        place = np.concatenate([np.flatnonzero(newest >= 0), np.searchsorted(series, pieces.series)])
        anchors = np.concatenate([newest[newest >= 0], pieces.step])
        windows = closings((series[place], anchors), steps=steps, first=first[place], last=last[place])
        measured = self._store.measure(own, pieces, windows)
        told = self._judge(state, windows, measured) if len(windows) else []
        own["last"][pieces.series] = pieces.step
        following = np.maximum(first, last + 1)
        own["next"][series] = following
        matters = following <= own["last"][series].astype(np.int64) + steps + 1
        own["due"][series] = np.where(matters, self.plan.grid.begins(following) + self._lag[series], FOREVER)
        return told

    def _judge(self, state: RuleState, windows: Closings, measured: Measured) -> list[Transition]:
        plan, own = self.plan, state.own
        begin, end = plan.grid.begins(windows.end - plan.steps), plan.grid.begins(windows.end)
        limits = self.limits.at(windows.series, middle(begin, end))
        found = findings(plan.comparison, measured.value, limits, plan.dead_band)
        enough = (measured.duration >= plan.coverage * (end - begin)) & (measured.readings >= plan.fewest)
        found[~enough] = Finding.UNKNOWN
        told = follow(state.judgements, windows.series, end, found, self.timing)
        transitions = self._tell(state, told, Verdicts(windows=windows, at=end, measured=measured))
        own["judged_end"][windows.series] = windows.end
        own["judged_value"][windows.series], own["judged_duration"][windows.series] = measured.value, measured.duration
        own["judged_readings"][windows.series] = measured.readings
        return transitions

    def _tell(self, state: RuleState, told: Told, verdicts: Verdicts | None) -> list[Transition]:
        """With the window that made the change, or the last one that was judged before a timer was up."""
        transitions: list[Transition] = []
        for change, made_by in told:
            evidence = None
            if verdicts is not None:
                row = verdicts.before(change.target, change.at) if made_by is None else made_by
                evidence = None if row is None else self._evidence(change.target, *verdicts.figures(row))
            transitions.append(self.transition(change, evidence or self._remembered(state, change.target)))
        return transitions

    def _remembered(self, state: RuleState, series: int) -> Evidence:
        """From the last window that was judged before."""
        own = state.own
        return self._evidence(
            series,
            int(own["judged_end"][series]),
            float(own["judged_value"][series]),
            int(own["judged_duration"][series]),
            int(own["judged_readings"][series]),
        )

    def _evidence(self, series: int, end: int, value: float, covered: int, readings: int) -> Evidence:
        """The figure of one window, its borders in local time, and what of it the readings cover."""
        plan = self.plan
        limit: float | None = None
        looked_up: Mapping[str, float | str] = {}
        figures: dict[str, float | str] = {"aggregate": plan.aggregate.value}
        if plan.percent is not None:
            figures["percentile"] = plan.percent
        if end >= 0:
            begins = plan.grid.begins(np.array([end - plan.steps, end], dtype=np.int64))
            begin, until = int(begins[0]), int(begins[1])
            limit, looked_up = self.limits.explain(series, middle(begin, until))
            figures |= {
                "window_from": self._local(begin),
                "window_to": self._local(until),
                "readings": readings,
                "coverage": round(covered / (until - begin), 4),
                "coverage_needed": plan.coverage,
            }
        return Evidence(
            value=None if math.isnan(value) else value,
            limit=limit,
            comparison=plan.comparison,
            unit=self.card.unit,
            clause=self.card.clause,
            figures={**figures, **looked_up},
        )

    def _local(self, at: int) -> str:
        return from_micros(at).astimezone(self._zone).isoformat(timespec="seconds")
