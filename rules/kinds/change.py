"""`change`: how much a value has risen or fallen over a look-back, such as water that rises by 0.3 m in ten minutes."""

import math
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import Field, model_validator

from config.durations import Seconds
from domain.conditions import Evidence, Transition
from domain.instants import MICROS_PER_S, from_micros
from domain.metrics import Averaging
from domain.readings import Reading
from rules.columns import NEVER, Column, RuleState
from rules.core import machine
from rules.core.arrivals import Arrivals
from rules.core.comparing import Comparison, Finding, Floats, findings
from rules.core.following import Told, follow, row_before
from rules.core.machine import Phase
from rules.entries import Fault, Ground, MetricEntry
from rules.judges import Judge, Site
from rules.windows.history import Bases, History
from rules.windows.pieces import News, news_of
from rules.windows.sums import difference


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"
    EITHER = "either"


class ChangeEntry(MetricEntry):
    """The value now less the value `within` ago; a fall is counted as positive with `down`, both with `either`."""

    kind: Literal["change"]
    unit: str
    direction: Direction = Direction.EITHER
    within: Seconds
    compare: Literal["<", "<="] = "<="
    limit: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    dead_band: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _looks_back(self) -> "ChangeEntry":
        if not 0 < self.within <= 31 * 86_400:
            raise ValueError("within must be longer than 0s and no longer than 31d")
        return self

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from super().faults(ground)
        if self.metric not in ground.catalogue:
            return
        metric = ground.catalogue[self.metric]
        if metric.averaging is Averaging.VECTOR:
            yield ("metric",), f"{self.metric} is a direction: from 359° to 1° is no fall; choose another metric"
        if self.unit != metric.unit:
            yield ("unit",), f"unit {self.unit!r} is not that of {self.metric}; write the limit in {metric.unit}"


def compile_change(entry: ChangeEntry, site: Site) -> "ChangeJudge":
    return ChangeJudge(entry, site)


class ChangeJudge(Judge):
    """Every device is its own target. A reading is believed for `evidence_for` of the device's intervals.

    It says nothing without a reading within one interval of the begin of its look-back.
    """

    by_series = True

    def __init__(self, entry: ChangeEntry, site: Site) -> None:
        devices = entry.reporting(site.registry)
        super().__init__(
            card=entry.card(unit=site.units[entry.metric]),
            timing=entry.timing(),
            devices=devices,
            site=site,
        )
        self._entry = entry
        self._comparison = Comparison(entry.compare)
        self._within = round(entry.within * MICROS_PER_S)
        self.metric_ordinal = site.vocabulary.metric_ordinal[entry.metric]
        self._zone = ZoneInfo(site.registry.city.timezone)
        intervals = np.array([device.interval_s for device in devices], dtype=np.float64)
        self._tolerance = np.round(intervals * MICROS_PER_S).astype(np.int64)
        self.validity = np.round(intervals * entry.evidence_for * MICROS_PER_S).astype(np.int64)
        shortest = float(intervals.min(initial=math.inf))
        self._history = History(2 * math.ceil(entry.within / shortest) + 2)
        self.own_columns = {
            "base_at": Column(dtype=np.int64, fill=NEVER),
            "base_value": Column(dtype=np.float64, fill=np.nan),
            **self._history.columns(),
        }

    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        place = self.place_of[arrivals.device]
        rows = np.flatnonzero((arrivals.metric == self.metric_ordinal) & (place >= 0) & arrivals.good)
        sightings = state.sightings
        news = news_of(place[rows], arrivals.take(rows), newest=sightings.at, value=sightings.value)
        if not len(news):
            return []
        bases = self._history.bases(state.own, news, within=self._within, tolerance=self._tolerance)
        told = self._judge(state, news, bases)
        last = np.flatnonzero(np.diff(news.series, append=-1))
        series = news.series[last]
        sightings.at[series], sightings.value[series] = news.at[last], news.value[last]
        sightings.delay[series] = news.delay[last]
        state.own["base_at"][series], state.own["base_value"][series] = bases.at[last], bases.value[last]
        return told

    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        judgements, sightings = state.judgements, state.sightings
        watched = machine.open_targets(judgements)
        known = watched[judgements.phase[watched] < Phase.PENDING_LOST]
        end = sightings.at[known] + self.validity[known]
        over = end <= frontier - sightings.delay[known]
        unknown = np.full(int(over.sum()), Finding.UNKNOWN, dtype=np.int8)
        told = follow(judgements, known[over], end[over], unknown, self.timing)
        until = frontier - sightings.delay[watched]
        told += [(change, None) for change in machine.settle(judgements, watched, until, self.timing)]
        state.through, state.now = frontier, now
        return [self.transition(change, self._remembered(state, change.target)) for change, _ in told]

    def _judge(self, state: RuleState, news: News, bases: Bases) -> list[Transition]:
        """The readings, and between them the ends of what was believed."""
        change = self._counted(difference(news.value, bases.value))
        limits = np.full(len(news), self._entry.limit)
        found = findings(self._comparison, change, limits, self._entry.dead_band)
        ended = np.flatnonzero((news.before != NEVER) & (news.before + self.validity[news.series] <= news.at))
        end = news.before[ended] + self.validity[news.series[ended]]
        row = np.concatenate([ended, np.arange(len(news))])
        at = np.concatenate([end, news.at])
        order = np.lexsort((np.arange(len(row)), at, news.series[row]))
        is_end = order < len(ended)
        through = max(state.through, NEVER // 2)
        current = news.at + self.validity[news.series] > through - news.delay
        told = follow(
            state.judgements,
            news.series[row][order],
            at[order],
            np.where(is_end, Finding.UNKNOWN, found[row[order]]).astype(np.int8),
            self.timing,
            current=is_end | current[row[order]],
        )
        # what ended is the reading before
        which: Told = []
        for signal, place in told:
            if place is None:
                which.append((signal, row_before(news.series, news.at, signal.target, signal.at)))
            else:
                mine = int(row[order[place]])
                is_first = mine == 0 or news.series[mine - 1] != news.series[mine]
                which.append((signal, mine if not is_end[place] else None if is_first else mine - 1))
        return [
            self.transition(
                signal,
                self._remembered(state, signal.target)
                if mine is None
                else self._evidence(
                    signal.target,
                    int(news.at[mine]),
                    float(news.value[mine]),
                    (int(bases.at[mine]), float(bases.value[mine])),
                ),
            )
            for signal, mine in which
        ]

    def _counted(self, difference: Floats) -> Floats:
        match self._entry.direction:
            case Direction.UP:
                return difference
            case Direction.DOWN:
                return -difference
            case Direction.EITHER:
                return np.abs(difference)

    def _remembered(self, state: RuleState, series: int) -> Evidence:
        """Of the newest reading that was judged before."""
        own, sightings = state.own, state.sightings
        base = int(own["base_at"][series]), float(own["base_value"][series])
        return self._evidence(series, int(sightings.at[series]), float(sightings.value[series]), base)

    def _evidence(self, series: int, at: int, value: float, base: tuple[int, float]) -> Evidence:
        """Two readings and their difference."""
        change = float(self._counted(difference(np.array([value]), np.array([base[1]])))[0])
        known = [(moment, shown) for moment, shown in (base, (at, value)) if moment != NEVER]
        figures: dict[str, float | str] = {"direction": self._entry.direction.value, "within_s": self._entry.within}
        if base[0] != NEVER:
            figures |= {"window_from": self._local(base[0]), "window_to": self._local(at), "value_before": base[1]}
        return Evidence(
            value=None if math.isnan(change) else change,
            limit=self._entry.limit,
            comparison=self._comparison,
            unit=self.card.unit,
            clause=self.card.clause,
            readings=tuple(
                Reading(device=self.devices[series].id, metric=self._entry.metric, at=from_micros(moment), value=shown)
                for moment, shown in known
            ),
            figures=figures,
        )

    def _local(self, at: int) -> str:
        return from_micros(at).astimezone(self._zone).isoformat(timespec="milliseconds")
