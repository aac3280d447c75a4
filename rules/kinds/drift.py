"""`drift`: a device that has drifted away from its neighbours: its median over a window against that of theirs."""

from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from config.durations import Seconds
from domain.conditions import Evidence, Transition
from domain.devices import Device
from domain.instants import MICROS_PER_S, from_micros, iso
from rules.columns import NEVER, Column, Ints, RuleState
from rules.core import machine
from rules.core.arrivals import Arrivals
from rules.core.comparing import Comparison, Finding, Floats
from rules.core.machine import Change
from rules.entries import MetricEntry
from rules.groups.vicinity import within, within_same
from rules.judges import Judge, Site

KEPT = 60
"""So many readings of a device are kept of each window: the first of every sixtieth part of it."""
WINDOWS_OPEN = 8
"""So many windows of readings may wait when the watermark stands still; then the oldest are judged anyway."""
TO_SIGMA = 1.4826
"""Times the median absolute deviation is the standard deviation of normally distributed values."""


class DriftEntry(MetricEntry):
    """Off by more than `tolerance` (in the metric's unit), and by more than `spread` times the neighbours' own robust
    deviation. Neighbours are devices of the same kind `within_km`, or on the `same` road or in the same district. With
    fewer than `neighbours` that are known, or `readings` of its own, a window says nothing.
    """

    kind: Literal["drift"]
    window: Annotated[Seconds, Field(ge=60)] = 3600.0
    within_km: Annotated[float, Field(gt=0)] | None = None
    same: Literal["road", "district"] | None = None
    neighbours: Annotated[int, Field(ge=2)] = 3
    readings: Annotated[int, Field(ge=1)] = 3
    tolerance: Annotated[float, Field(ge=0)]
    spread: Annotated[float, Field(ge=0)] = 3.0

    @model_validator(mode="after")
    def _says_who_is_near(self) -> Self:
        if (self.within_km is None) == (self.same is None):
            raise ValueError("write either within_km: 3, or same: district")
        return self


def compile_drift(entry: DriftEntry, site: Site) -> "DriftJudge":
    """Judges the devices in scope whose kind reports the metric; one with too few neighbours is always unknown."""
    return DriftJudge(entry, site, entry.reporting(site.registry))


class DriftJudge(Judge):
    """A window is judged when the watermark has passed its end; what it says holds until the end of the next one."""

    def __init__(self, entry: DriftEntry, site: Site, devices: tuple[Device, ...]) -> None:
        super().__init__(
            card=entry.card(unit=site.units[entry.metric]),
            timing=entry.timing(),
            devices=devices,
            site=site,
        )
        self.metric_ordinal = site.vocabulary.metric_ordinal[entry.metric]
        self.own_rows = {"at": np.int64, "value": np.float64}
        self.own_columns = {"verdict": Column(dtype=np.float64, fill=np.nan, width=5)}
        self._entry = entry
        self._window = round(entry.window * MICROS_PER_S)
        near = within(devices, entry.within_km) if entry.within_km else within_same(devices, str(entry.same))
        self._near = [
            np.array([n for n in other if devices[n].kind == own.kind], dtype=np.intp)
            for own, other in zip(devices, near, strict=True)
        ]

    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        """Of every device the first reading of each part of a window is kept, in order of event time."""
        place = self.place_of[arrivals.device]
        rows = np.flatnonzero((arrivals.metric == self.metric_ordinal) & (place >= 0) & arrivals.good)
        place, at, value = place[rows], arrivals.at[rows], arrivals.value[rows]
        order = np.lexsort((at, place))
        place, at, value = place[order], at[order], value[order]
        part = (at - 1) // (self._window // KEPT)
        new = np.ones(len(place), dtype=np.bool_)
        new[1:] = (place[1:] != place[:-1]) | (part[1:] != part[:-1])
        last = state.sightings.at[place]
        new &= (last == NEVER) | (part > (last - 1) // (self._window // KEPT))
        if state.through != NEVER:
            new &= at > state.through // self._window * self._window  # else its window has been judged
        state.rows = state.rows.joined(place[new], at=at[new], value=value[new])
        np.maximum.at(state.sightings.at, place, at)
        if len(state.rows) <= KEPT * WINDOWS_OPEN * len(self.devices):
            return []
        return self._judge_until(state, int(np.median(state.rows["at"])))

    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        state.now = now
        return self._judge_until(state, frontier)

    def _judge_until(self, state: RuleState, until: int) -> list[Transition]:
        """Every window that ends in (through, until], in order."""
        told: list[Transition] = []
        first = state.through if state.through != NEVER else int(state.rows["at"].min(initial=until))
        end = (first // self._window + 1) * self._window
        while end <= until:
            told += self._judge_window(state, end)
            state.rows = state.rows.take(state.rows["at"] > end)
            end = self._next_end(state, end, until)
        state.through = max(until, state.through)
        left = machine.open_targets(state.judgements)
        return told + self._tell(state, machine.settle(state.judgements, left, until, self.timing))

    def _next_end(self, state: RuleState, end: int, until: int) -> int:
        """The next window of which anything is known, or that ends what the last one said."""
        if len(machine.open_targets(state.judgements)):
            return end + self._window
        next_at = int(state.rows["at"].min(initial=until))
        return max(end + self._window, -(-next_at // self._window) * self._window)

    def _judge_window(self, state: RuleState, end: int) -> list[Transition]:
        targets = np.arange(len(self.devices))
        at: Ints = np.full(len(targets), end, dtype=np.int64)
        told = self._tell(state, machine.settle(state.judgements, targets, at, self.timing))
        found = self._findings(state, end)
        changes = machine.observe(state.judgements, targets, at, found, self.timing)
        changes += machine.regain(state.judgements, targets, at)
        return told + self._tell(state, changes)

    def _findings(self, state: RuleState, end: int) -> npt.NDArray[np.int8]:
        """Of every device; the numbers behind them are remembered, because a hold time ends later."""
        medians, counts = self._medians(state, end)
        found = np.full(len(self.devices), Finding.UNKNOWN, dtype=np.int8)
        for device in np.flatnonzero(counts >= self._entry.readings).tolist():
            others = medians[self._near[device]]
            others = others[~np.isnan(others)]
            if len(others) < self._entry.neighbours:
                continue
            middle = float(np.median(others))
            sigma = TO_SIGMA * float(np.median(np.abs(others - middle)))
            allowed = max(self._entry.tolerance, self._entry.spread * sigma)
            found[device] = Finding.VIOLATED if abs(medians[device] - middle) > allowed else Finding.OK
            state.own["verdict"][device] = [medians[device], middle, allowed, len(others), end / MICROS_PER_S]
        return found

    def _tell(self, state: RuleState, changes: list[Change]) -> list[Transition]:
        return [self.transition(change, self._evidence(state.own["verdict"][change.target])) for change in changes]

    def _medians(self, state: RuleState, end: int) -> tuple[Floats, Ints]:
        """Of every device the median of its readings in (end - window, end], NaN with too few, and their number."""
        rows = np.flatnonzero((state.rows["at"] > end - self._window) & (state.rows["at"] <= end))
        rows = rows[np.argsort(state.rows.key[rows], kind="stable")]
        key, value = state.rows.key[rows], state.rows["value"][rows]
        counts = np.bincount(key, minlength=len(self.devices))
        medians = np.full(len(self.devices), np.nan)
        begins = np.concatenate([[0], np.cumsum(counts)])
        for device in np.flatnonzero(counts >= self._entry.readings).tolist():
            medians[device] = np.median(value[begins[device] : begins[device + 1]])
        return medians, counts

    def _evidence(self, verdict: Floats) -> Evidence:
        """Of the last window that could be judged, against the border that the value is nearest to, or beyond."""
        value, middle, allowed, number, end = verdict.tolist()
        above = value >= middle
        window_to = round(end * MICROS_PER_S)
        return Evidence(
            value=value,
            limit=middle + (allowed if above else -allowed),
            comparison=Comparison.AT_MOST if above else Comparison.AT_LEAST,
            unit=self.card.unit,
            clause=self.card.clause,
            figures={
                "neighbours": number,
                "neighbours_median": middle,
                "tolerance": allowed,
                "window_from": iso(from_micros(window_to - self._window)),
                "window_to": iso(from_micros(window_to)),
            },
        )
