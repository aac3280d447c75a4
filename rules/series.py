"""Judges values of one metric, device by device, against their limit: the kernel of `threshold` and `state`."""

import numpy as np
import numpy.typing as npt

from domain.conditions import Evidence, Target, TargetKind, Transition
from domain.devices import Device
from domain.instants import MICROS_PER_S, from_micros
from domain.readings import Reading
from rules import machine
from rules.comparing import Comparison, Finding, findings
from rules.entries import MetricEntry
from rules.limits import Limits
from rules.machine import Change
from rules.program import Arrivals, Judge, Site
from rules.rounds import rounds
from rules.state import Index, Ints, RuleState


class SeriesJudge(Judge):
    """Every device is its own target. A reading is believed for `evidence_for` of the device's intervals."""

    def __init__(
        self,
        entry: MetricEntry,
        site: Site,
        *,
        devices: tuple[Device, ...],
        limits: Limits,
        comparison: Comparison,
        dead_band: float,
    ) -> None:
        super().__init__(
            card=entry.card(unit=site.units[entry.metric]),
            timing=entry.timing(),
            devices=devices,
            targets=tuple(Target(kind=TargetKind.DEVICE, id=device.id) for device in devices),
            site=site,
        )
        self.limits = limits
        self._metric = entry.metric
        self.metric_ordinal = site.vocabulary.metric_ordinal[entry.metric]
        self._comparison = comparison
        self._dead_band = dead_band
        self.validity = np.array(
            [round(device.interval_s * entry.evidence_for * MICROS_PER_S) for device in devices], dtype=np.int64
        )

    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        place = self.place_of[arrivals.device]
        rows = np.flatnonzero((arrivals.metric == self.metric_ordinal) & (place >= 0) & arrivals.good)
        place, arrivals = place[rows], arrivals.take(rows)
        if not len(rows):
            return []
        found = findings(self._comparison, arrivals.value, self.limits.at(place, arrivals.at), self._dead_band)
        told: list[Transition] = []
        for turn in rounds(place, arrivals.at):
            fresh = turn[arrivals.at[turn] > state.sightings.at[place[turn]]]
            told += self._judge(state, place[fresh], arrivals.take(fresh), found[fresh])
        return told

    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        watched = machine.open_targets(state.judgements)
        told = self._expire(state, watched, np.full(len(watched), frontier, dtype=np.int64))
        told += self._tell(state, machine.settle(state.judgements, watched, frontier, self.timing))
        state.through, state.now = frontier, now
        return told

    def _judge(
        self, state: RuleState, series: Index, arrivals: Arrivals, found: npt.NDArray[np.int8]
    ) -> list[Transition]:
        """One new reading for each of `series`."""
        judgements, at = state.judgements, arrivals.at
        moving = np.flatnonzero((judgements.phase[series] != machine.Phase.CALM) | (found == Finding.VIOLATED))
        targets, moments = series[moving], at[moving]
        told: list[Transition] = []
        if len(moving):
            # what came due before this reading is told with the evidence from before it
            told += self._expire(state, targets, moments)
            told += self._tell(state, machine.settle(judgements, targets, moments, self.timing))
        state.sightings.at[series], state.sightings.value[series] = at, arrivals.value
        state.sightings.span[series] = arrivals.span
        if len(moving):
            told += self._tell(state, machine.observe(judgements, targets, moments, found[moving], self.timing))
            # evidence that was too old when it came moves the machine, but it is not told as knowledge regained
            current = moments + self.validity[targets] > state.through
            told += self._tell(state, machine.regain(judgements, targets[current], moments[current]))
        return told

    def _expire(self, state: RuleState, targets: Index, until: Ints) -> list[Transition]:
        """What is open becomes unknown where the evidence ran out at or before `until`."""
        end = state.sightings.at[targets] + self.validity[targets]
        over = (end <= until) & (state.judgements.phase[targets] != machine.Phase.CALM)
        targets, end = targets[over], end[over]
        if not len(targets):
            return []
        told = self._tell(state, machine.settle(state.judgements, targets, end, self.timing))
        unknown = np.full(len(targets), Finding.UNKNOWN, dtype=np.int8)
        return told + self._tell(state, machine.observe(state.judgements, targets, end, unknown, self.timing))

    def _tell(self, state: RuleState, changes: list[Change]) -> list[Transition]:
        return [self.transition(change, self._evidence(state, change.target)) for change in changes]

    def _evidence(self, state: RuleState, series: int) -> Evidence:
        """The last reading against the limit that held at its time."""
        at, value = int(state.sightings.at[series]), float(state.sightings.value[series])
        limit, figures = self.limits.explain(series, at)
        reading = Reading(
            device=self.devices[series].id,
            metric=self._metric,
            at=from_micros(at),
            value=value,
            span_s=float(state.sightings.span[series]),
        )
        return Evidence(
            value=value,
            limit=limit,
            comparison=self._comparison,
            unit=self.card.unit,
            clause=self.card.clause,
            readings=(reading,),
            figures=figures,
        )
