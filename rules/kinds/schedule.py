"""`schedule`: a metric that has to comply only during given hours: a building site at night, a lamp by day.

Outside of the hours nothing is demanded, so nothing is violated: the finding is OK there, whether a reading is known or
not. Where the hours begin, a reading that is still believed is judged at once.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from domain.conditions import Evidence, Signal, Transition
from domain.devices import Device, Registry
from domain.instants import MICROS_PER_S, from_micros
from domain.readings import Reading
from rules.calendar.when import When
from rules.columns import NEVER, Column, Index, Ints, RuleState
from rules.core import machine
from rules.core.arrivals import Arrivals
from rules.core.comparing import Finding, Yardstick, findings
from rules.core.machine import Change, Phase
from rules.core.rounds import rounds
from rules.entries import Fault, Ground, MetricEntry, RuleEntry
from rules.judges import Judge, Site
from rules.kinds.demand import Demand
from rules.limits import Limits

OUTSIDE = "时段外不作要求 outside of the hours nothing is demanded"


class ScheduleEntry(MetricEntry, Demand):
    """Either `normal`, the one good value, or `compare`, `limit` and `unit` as in `threshold`."""

    kind: Literal["schedule"]
    when: When

    def meaning(self) -> dict[str, Any]:
        return {**super().meaning(), "when": self.when.meaning()}

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from super().faults(ground)
        yield from self.demand_faults(self.metric, ground)

    def misfits(self, registry: Registry) -> Iterator[Fault]:
        yield from super().misfits(registry)
        yield from self.demand_misfits(registry)

    def expanded(self, folder: Path) -> Sequence[RuleEntry]:
        """Itself, with the calendar and the table of limits that it names."""
        return [self.with_limit_read(folder).model_copy(update={"when": self.when.beside(folder)})]


def compile_schedule(entry: ScheduleEntry, site: Site) -> "ScheduleJudge":
    """With a table by noise zone, devices without one are not judged."""
    limits, devices = entry.bound(entry.reporting(site.registry), site)
    return ScheduleJudge(entry, site, devices=devices, limits=limits)


class ScheduleJudge(Judge):
    """Every device is its own target. A reading is believed for `evidence_for` of the device's intervals.

    In `own`: the newest reading of every device, how far its feed runs behind, and how far it is `judged`.
    """

    by_series = True
    sights = frozenset[str]()

    def __init__(self, entry: ScheduleEntry, site: Site, *, devices: tuple[Device, ...], limits: Limits) -> None:
        super().__init__(
            card=entry.card(unit=site.units[entry.metric]),
            timing=entry.timing(),
            devices=devices,
            site=site,
        )
        self.own_columns = {
            "at": Column(dtype=np.int64, fill=NEVER),
            "value": Column(dtype=np.float64, fill=np.nan),
            "span": Column(dtype=np.float32, fill=0),
            "delay": Column(dtype=np.int64, fill=0),
            "judged": Column(dtype=np.int64, fill=NEVER),
        }
        self.schedule = entry.when.schedule(site.registry.city)
        self.validity = np.array(
            [round(device.interval_s * entry.evidence_for * MICROS_PER_S) for device in devices], dtype=np.int64
        )
        self.metric_ordinal = site.vocabulary.metric_ordinal[entry.metric]
        self._metric = entry.metric
        self._limits = limits
        self._comparison = entry.comparison
        self._dead_band = entry.dead_band

    def yardstick(self, device: str, metric: str, at: int) -> Yardstick | None:
        """Only during its hours."""
        row = self.row_of.get(device) if metric == self._metric else None
        if row is None or not self.schedule.is_on(np.array([at], dtype=np.int64))[0]:
            return None
        limit, _ = self._limits.explain(row, at)
        return None if limit is None else Yardstick(limit=limit, comparison=self._comparison, dead_band=self._dead_band)

    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        place = self.place_of[arrivals.device]
        rows = np.flatnonzero((arrivals.metric == self.metric_ordinal) & (place >= 0) & arrivals.good)
        place, arrivals = place[rows], arrivals.take(rows)
        told: list[Transition] = []
        for turn in rounds(place, arrivals.at):
            fresh = turn[arrivals.at[turn] > state.own["at"][place[turn]]]
            told += self._hear(state, place[fresh], arrivals.take(fresh))
        return told

    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        own = state.own
        active = np.flatnonzero(self._is_active(state, np.arange(len(self.devices))))
        since = own["judged"][active]
        until = np.maximum(frontier - own["delay"][active], since)
        told = self._walk(state, active, since, until, edges_until=until)
        own["judged"][active] = until
        state.through, state.now = frontier, now
        return told

    def _is_active(self, state: RuleState, series: Index) -> npt.NDArray[np.bool_]:
        """Whether anything can happen to each without a new reading: its evidence lasts, or something is open."""
        judged = state.own["judged"][series]
        believed = (judged != NEVER) & (state.own["at"][series] + self.validity[series] > judged)
        active: npt.NDArray[np.bool_] = believed | (state.judgements.phase[series] != Phase.CALM)
        return active

    def _hear(self, state: RuleState, series: Index, arrivals: Arrivals) -> list[Transition]:
        """One new reading for each of `series`."""
        own, at = state.own, arrivals.at
        judged = own["judged"][series]
        # what came due before this reading is told with the evidence from before it
        ahead = (judged != NEVER) & (judged < at) & self._is_active(state, series)
        told = self._walk(state, series[ahead], judged[ahead], at[ahead], edges_until=at[ahead] - 1)
        own["at"][series], own["value"][series] = at, arrivals.value
        own["span"][series], own["delay"][series] = arrivals.span, arrivals.delay
        own["judged"][series] = np.maximum(judged, at)
        told += self._find(state, series, at)
        # a reading that came late counts at the turns that it missed
        late = judged > at
        told += self._walk(state, series[late], at[late], judged[late], edges_until=judged[late])
        return told

    def _walk(
        self, state: RuleState, series: Index, since: Ints, until: Ints, *, edges_until: Ints
    ) -> list[Transition]:
        """All that happens to each of `series` without a new reading in (since, until]."""
        if not len(series):
            return []
        told: list[Transition] = []
        since = since.copy()
        for edge in self.schedule.edges(int(since.min()), int(edges_until.max())).tolist():
            crossing = np.flatnonzero((since < edge) & (edge <= edges_until))
            moment = np.full(len(crossing), edge, dtype=np.int64)
            told += self._expire(state, series[crossing], since[crossing], moment)
            told += self._find(state, series[crossing], moment)
            since[crossing] = edge
        return told + self._expire(state, series, since, until)

    def _expire(self, state: RuleState, series: Index, since: Ints, until: Ints) -> list[Transition]:
        """Timers up to `until`; what is open becomes unknown where its evidence runs out in (since, until]."""
        is_open = state.judgements.phase[series] != Phase.CALM
        series, since, until = series[is_open], since[is_open], until[is_open]
        end = state.own["at"][series] + self.validity[series]
        over = (since < end) & (end <= until)
        over[over] = self.schedule.is_on(end[over])
        unknown = np.full(int(over.sum()), Finding.UNKNOWN, dtype=np.int8)
        told = self._tell(state, machine.settle(state.judgements, series[over], end[over], self.timing))
        told += self._tell(state, machine.observe(state.judgements, series[over], end[over], unknown, self.timing))
        return told + self._tell(state, machine.settle(state.judgements, series, until, self.timing))

    def _find(self, state: RuleState, series: Index, at: Ints) -> list[Transition]:
        """What the newest readings mean at these instants: the moment of a reading, or a turn of the schedule."""
        if not len(series):
            return []
        found = self._findings(state, series, at)
        moving = (state.judgements.phase[series] != Phase.CALM) | (found == Finding.VIOLATED)
        series, at, found = series[moving], at[moving], found[moving]
        told = self._tell(state, machine.settle(state.judgements, series, at, self.timing))
        told += self._tell(state, machine.observe(state.judgements, series, at, found, self.timing))
        end = state.own["at"][series] + self.validity[series]
        current = end > np.maximum(state.own["judged"][series], at)
        return told + self._tell(state, machine.regain(state.judgements, series[current], at[current]))

    def _findings(self, state: RuleState, series: Index, at: Ints) -> npt.NDArray[np.int8]:
        value = np.where(state.own["at"][series] + self.validity[series] > at, state.own["value"][series], np.nan)
        found = findings(self._comparison, value, self._limits.at(series, at), self._dead_band)
        found[~self.schedule.is_on(at)] = Finding.OK
        return found

    def _tell(self, state: RuleState, changes: list[Change]) -> list[Transition]:
        return [self.transition(change, self._evidence(state, change)) for change in changes]

    def _evidence(self, state: RuleState, change: Change) -> Evidence:
        """The newest reading against the limit, and why the schedule is on or off at the moment that decided."""
        series, own = change.target, state.own
        decided = change.since if change.signal in (Signal.HELD, Signal.CLEARED) else change.at
        at, value = int(own["at"][series]), float(own["value"][series])
        limit, figures = self._limits.explain(series, max(at, decided))
        schedule = self.schedule.explain(decided)
        ended = {"reason": OUTSIDE} if change.signal is Signal.CLEARED and schedule["schedule"] == "off" else {}
        reading = Reading(
            device=self.devices[series].id,
            metric=self._metric,
            at=from_micros(at),
            value=value,
            span_s=float(own["span"][series]),
        )
        return Evidence(
            value=value,
            limit=limit,
            comparison=self._comparison,
            unit=self.card.unit,
            clause=self.card.clause,
            readings=(reading,),
            figures={**figures, **schedule, **ended},
        )
