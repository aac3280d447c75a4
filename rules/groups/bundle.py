"""Several series judged as one: two metrics of a device, or a device and its parent. The common part of such kinds.

Readings wait for the watermark, because the order of different series matters.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.conditions import Evidence, RuleCard, Signal, Transition
from domain.devices import Device
from domain.instants import MICROS_PER_S, from_micros
from domain.readings import Reading
from rules.columns import NEVER, Column, Index, Ints, Rows, RuleState
from rules.core import machine
from rules.core.arrivals import Arrivals
from rules.core.comparing import Floats
from rules.core.following import walk
from rules.core.machine import Change, Timing
from rules.groups.recall import Recall
from rules.judges import Judge, Site

WAITING_LIMIT = 200_000
"""Readings that may wait for the watermark before the older half of them is judged anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strand:
    """One metric beside the others of its bundle: of which device for each target, and how long a reading is believed.

    A device may be None: the target has no such strand.
    """

    metric: str
    devices: tuple[Device | None, ...]
    validity_us: tuple[int, ...]


def own_strand(metric: str, devices: Sequence[Device], *, evidence_for: float) -> Strand:
    """The target's own metric, believed for so many of its own intervals."""
    return Strand(
        metric=metric,
        devices=tuple(devices),
        validity_us=tuple(round(device.interval_s * evidence_for * MICROS_PER_S) for device in devices),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """What is known of some targets, a row each: the last value of each strand, and whether it is still believed."""

    target: Index
    value: Floats
    is_valid: npt.NDArray[np.bool_]
    row: Index
    at: Ints
    """The instant; of what was known just before one, the microsecond before it."""


class BundleJudge(Judge):
    """Every target has the same strands. Memory: newest reading of every series, and what waits."""

    def __init__(
        self, *, card: RuleCard, timing: Timing, targets: tuple[Device, ...], strands: Sequence[Strand], site: Site
    ) -> None:
        super().__init__(
            card=card,
            timing=timing,
            devices=targets,
            site=site,
        )
        named: dict[tuple[str, str], int] = {}
        self.series = np.full((len(targets), len(strands)), -1, dtype=np.intp)
        for column, strand in enumerate(strands):
            for row, device in enumerate(strand.devices):
                if device is not None:
                    self.series[row, column] = named.setdefault((device.id, strand.metric), len(named))
        self.names = tuple(named)
        self.validity = np.array([strand.validity_us for strand in strands], dtype=np.int64).reshape(len(strands), -1).T
        self._places = {
            site.vocabulary.metric_ordinal[metric]: self._place(metric, site)
            for metric in {strand.metric for strand in strands}
        }
        self.own_columns = {"at": Column(dtype=np.int64, fill=NEVER), "value": Column(dtype=np.float64, fill=np.nan)}
        self.own_rows = {"at": np.int64, "effective": np.int64, "value": np.float64}
        # by series: in which targets and strands it stands
        target, strand_of = np.nonzero(self.series >= 0)
        order = np.argsort(self.series[target, strand_of], kind="stable")
        self._target, self._strand = target[order], strand_of[order]
        counts = np.bincount(self.series[target, strand_of], minlength=len(named))
        self._first = np.concatenate([[0], np.cumsum(counts)])

    def feeds(self) -> frozenset[int]:
        return frozenset(self._places)

    def own_keys(self) -> tuple[str, ...]:
        return tuple(f"{device} {metric}" for device, metric in self.names)

    @abstractmethod
    def findings(self, known: Known) -> npt.NDArray[np.int8]:
        """One Finding for each row."""

    @abstractmethod
    def evidence(self, known: Known, readings: tuple[Reading, ...]) -> Evidence:
        """Of one row; `readings` are those of its strands, as far as there are any."""

    def turns(self, start: int, until: int) -> tuple[Index, Ints]:
        """Targets and instants in (start, until] at which something changes by itself; none, unless a kind has them."""
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.int64)

    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        for metric, place in self._places.items():
            series = np.where(arrivals.metric == metric, place[arrivals.device], -1)
            rows = np.flatnonzero((series >= 0) & arrivals.good)
            if len(rows):
                at = arrivals.at[rows]
                effective = np.maximum(at, state.through)
                state.rows = state.rows.joined(series[rows], at=at, effective=effective, value=arrivals.value[rows])
        if len(state.rows) <= WAITING_LIMIT:
            return []
        return self._judge_until(state, int(np.median(state.rows["effective"])))

    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        state.now = now
        return self._judge_until(state, frontier)

    def _place(self, metric: str, site: Site) -> Index:
        """From a device's ordinal to the number of its series of this metric."""
        place = np.full(len(site.vocabulary.devices), -1, dtype=np.intp)
        for number, (device, own) in enumerate(self.names):
            if own == metric:
                place[site.vocabulary.device_ordinal[device]] = number
        return place

    def _judge_until(self, state: RuleState, until: int) -> list[Transition]:
        """Everything that happened in (through, until]."""
        released = _news(state.rows.take(state.rows["effective"] <= until), state.own["at"])
        target, at = self._moments(state, released, until)
        involved = np.union1d(target, machine.open_targets(state.judgements)).astype(np.intp)
        told: list[Transition] = []
        if len(involved):
            recall = self._recall(state, released, involved)
            found = self.findings(self._known(recall, target, at))
            changes = walk(state.judgements, target, at, found, self.timing, until=until)
            told = [self._tell(change, recall, after=after) for change, after in changes]
        state.own["at"][released.key], state.own["value"][released.key] = released["at"], released["value"]
        state.rows = state.rows.take(state.rows["effective"] > until)
        state.through = max(until, state.through)
        return told

    def _moments(self, state: RuleState, released: Rows, until: int) -> tuple[Index, Ints]:
        """Targets and instants, each once, at which anything about them can have changed."""
        end = state.own["at"][self.series] + self.validity
        heard = (self.series >= 0) & (state.own["at"][self.series] != NEVER)
        over = heard & (end > state.through) & (end <= until)
        several = self._first[released.key + 1] - self._first[released.key]
        row = np.repeat(np.arange(len(released)), several)
        place = np.arange(len(row)) - np.repeat(np.cumsum(several) - several, several) + self._first[released.key[row]]
        target = self._target[place]
        out = released["at"][row] + self.validity[target, self._strand[place]]
        runs_out = (out > released["effective"][row]) & (out <= until)
        start = state.through if state.through != NEVER else int(released["effective"].min(initial=until))
        turned, turns = self.turns(start, until)
        targets = np.concatenate([np.nonzero(over)[0], target, target[runs_out], turned])
        moments = np.concatenate([end[over], released["effective"][row], out[runs_out], turns])
        order = np.lexsort((moments, targets))
        targets, moments = targets[order], moments[order]
        new = np.ones(len(targets), dtype=np.bool_)
        new[1:] = (targets[1:] != targets[:-1]) | (moments[1:] != moments[:-1])
        return targets[new], moments[new]

    def _recall(self, state: RuleState, released: Rows, involved: Index) -> Recall:
        """What was known before, and what has come, of the series of these targets."""
        series = np.unique(self.series[involved])
        series = series[series >= 0]
        return Recall(
            series=np.concatenate([series, released.key]),
            effective=np.concatenate([state.own["at"][series], released["effective"]]),
            at=np.concatenate([state.own["at"][series], released["at"]]),
            value=np.concatenate([state.own["value"][series], released["value"]]),
        )

    def _known(self, recall: Recall, target: Index, moments: Ints, *, after: bool = True) -> Known:
        shape = (len(target), self.series.shape[1])
        series, times = self.series[target].ravel(), np.repeat(moments, shape[1])
        row = recall.rows(series, times, after=after)
        value, valid = np.full(len(row), np.nan), np.zeros(len(row), dtype=np.bool_)
        has = row >= 0
        value[has] = recall.value[row[has]]
        valid[has] = recall.at[row[has]] + self.validity[target].ravel()[has] > times[has]
        return Known(
            target=target,
            value=value.reshape(shape),
            is_valid=valid.reshape(shape),
            row=row.reshape(shape),
            at=moments if after else moments - 1,
        )

    def _tell(self, change: Change, recall: Recall, *, after: bool) -> Transition:
        """With what was known just before (a timer, an end) or just after (a reading) the moment of the change."""
        target, moment = np.array([change.target], dtype=np.intp), np.array([change.at], dtype=np.int64)
        known = self._known(recall, target, moment, after=after and change.signal is not Signal.LOST)
        readings = tuple(
            Reading(
                device=self.names[series][0],
                metric=self.names[series][1],
                at=from_micros(recall.at[row]),
                value=float(recall.value[row]),
            )
            for series, row in zip(self.series[change.target], known.row[0], strict=True)
            if row >= 0
        )
        return self.transition(change, self.evidence(known, readings))


def _news(rows: Rows, newest: Ints) -> Rows:
    """Ordered by series and event time, without repetitions and without what is not newer than the series' newest."""
    ordered = rows.take(np.lexsort((rows["at"], rows.key)))
    keep = ordered["at"] > newest[ordered.key]
    keep[1:] &= (ordered.key[1:] != ordered.key[:-1]) | (ordered["at"][1:] != ordered["at"][:-1])
    return ordered.take(keep)
