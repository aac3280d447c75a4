"""Judges conditions on different devices and metrics together: so many of them within a time, group by group."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from domain.conditions import Evidence, RuleCard, Transition
from domain.devices import Device
from domain.instants import MICROS_PER_S, from_micros
from domain.readings import Reading
from rules.columns import NEVER, Index, Ints, RuleState
from rules.core.arrivals import Arrivals
from rules.core.comparing import Comparison, Finding, Floats, Yardstick, findings
from rules.core.following import walk
from rules.core.machine import Change, Timing
from rules.groups.gatherings import Gatherings
from rules.groups.members import OWN_COLUMNS, Codes, Course, Heard, course_of, latch, remember
from rules.groups.tallies import Tallies, tally
from rules.judges import Judge, Site
from rules.limits import Limits

WAITING_LIMIT = 200_000
"""Readings that may wait for the watermark before the older half of them is judged anyway."""
MOST_READINGS = 20
"""Readings in the evidence; the figures count all."""
MOST_NAMES = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Term:
    """One condition, bound to its devices, each of which is a member. `quorum`: of how many devices it must hold."""

    label: str
    metric: str
    devices: tuple[Device, ...]
    limits: Limits
    comparison: Comparison
    dead_band: float
    evidence_for: float
    quorum: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Combination:
    """What is asked of the terms in every group. `within` in µs; `min_known`: see docs/rules.md."""

    terms: tuple[Term, ...]
    gatherings: Gatherings
    need: int
    within: int
    min_known: float
    figures: Mapping[str, float | str]
    """What the evidence says of the combination as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretch:
    """What happened in one go: readings, values of the members, counts of the groups."""

    heard: Heard
    course: Course
    tallies: Tallies


class CorrelationJudge(Judge):
    """A group is the target. Readings wait for the watermark, because the order of different devices matters."""

    def __init__(self, card: RuleCard, timing: Timing, combination: Combination, site: Site) -> None:
        terms = combination.terms
        devices = {device.id: device for term in terms for device in term.devices}
        super().__init__(
            card=card,
            timing=timing,
            devices=tuple(devices.values()),
            targets=combination.gatherings.targets,
            site=site,
        )
        self._combination = combination
        metrics = {site.vocabulary.metric_ordinal[term.metric] for term in terms}
        self.metric_ordinal = metrics.pop() if len(metrics) == 1 else None
        self._metrics = [site.vocabulary.metric_ordinal[term.metric] for term in terms]
        # members are counted through, condition by condition
        self._begins = np.cumsum([0, *(len(term.devices) for term in terms)])
        self._members = [device for term in terms for device in term.devices]
        self._places = [_places(term, begin, site) for term, begin in zip(terms, self._begins.tolist(), strict=False)]
        self._validity = np.array(
            [round(device.interval_s * term.evidence_for * MICROS_PER_S) for term in terms for device in term.devices],
            dtype=np.int64,
        )
        self._quorum = np.array([term.quorum for term in terms], dtype=np.int64)
        self.own_columns = OWN_COLUMNS
        self.own_rows = {"at": np.int64, "effective": np.int64, "value": np.float64, "span": np.float32}

    def own_keys(self) -> tuple[str, ...]:
        """The members."""
        return tuple(
            f"{number}.{term.metric}/{device.id}"
            for number, term in enumerate(self._combination.terms)
            for device in term.devices
        )

    def yardstick(self, device: str, metric: str, at: int) -> Yardstick | None:
        """Of the first condition that looks at it."""
        for term in self._combination.terms:
            row = next((row for row, one in enumerate(term.devices) if one.id == device), None)
            if term.metric == metric and row is not None:
                limit, _ = term.limits.explain(row, at)
                return (
                    None
                    if limit is None
                    else Yardstick(limit=limit, comparison=term.comparison, dead_band=term.dead_band)
                )
        return None

    def feeds(self) -> frozenset[int]:
        return frozenset(self._metrics)

    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        for metric, places in zip(self._metrics, self._places, strict=True):
            member = places[arrivals.device]
            rows = np.flatnonzero((arrivals.metric == metric) & (member >= 0) & arrivals.good)
            if len(rows):
                at = arrivals.at[rows]
                state.rows = state.rows.joined(
                    member[rows],
                    at=at,
                    effective=np.maximum(at, state.through),
                    value=arrivals.value[rows],
                    span=arrivals.span[rows],
                )
        if len(state.rows) <= WAITING_LIMIT:
            return []
        return self._judge_until(state, int(np.median(state.rows["effective"])))

    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        state.now = now
        return self._judge_until(state, frontier)

    def _judge_until(self, state: RuleState, until: int) -> list[Transition]:
        """Everything that happened in (through, until]."""
        heard = self._release(state, until)
        start = state.through if state.through != NEVER else int(heard.effective.min(initial=until)) - 1
        course = course_of(
            heard, state.own, validity=self._validity, within=self._combination.within, window=(start, until)
        )
        stretch = Stretch(heard=heard, course=course, tallies=tally(self._combination.gatherings, course))
        tallies = stretch.tallies
        found = self._verdicts(tallies.group, tallies.violated, tallies.unknown)
        changes = walk(state.judgements, tallies.group, tallies.at, found, self.timing, until=until)
        told = [
            self.transition(change, self._evidence(state, change, stretch, after=after)) for change, after in changes
        ]
        remember(state.own, heard, course)
        state.rows = state.rows.take(state.rows["effective"] > until)
        state.through = max(until, state.through)
        return told

    def _release(self, state: RuleState, until: int) -> Heard:
        """What waits and counts at or before `until`; only what is news to its member, of one instant the first."""
        rows = state.rows.take(state.rows["effective"] <= until)
        rows = rows.take(np.lexsort((rows["at"], rows.key)))
        fresh = rows["at"] > state.own["at"][rows.key]
        fresh[1:] &= (rows.key[1:] != rows.key[:-1]) | (rows["at"][1:] != rows["at"][:-1])
        rows = rows.take(fresh)
        found = self._findings(rows.key, rows["at"], rows["value"])
        latched = latch(rows.key, found, state.own)
        return Heard(
            member=rows.key,
            at=rows["at"],
            effective=rows["effective"],
            value=rows["value"],
            span=rows["span"],
            raw=np.where(found == Finding.UNKNOWN, found, latched).astype(np.int8),
            latched=latched,
        )

    def _findings(self, member: Index, at: Ints, value: Floats) -> Codes:
        """Of readings in order of their member."""
        edges = np.searchsorted(member, self._begins)
        found = [np.zeros(0, dtype=np.int8)]
        for number, term in enumerate(self._combination.terms):
            rows = slice(edges[number], edges[number + 1])
            limits = term.limits.at(member[rows] - self._begins[number], at[rows])
            found.append(findings(term.comparison, value[rows], limits, term.dead_band))
        return np.concatenate(found)

    def _verdicts(self, groups: Index, violated: Ints, unknown: Ints) -> Codes:
        """Of rows of counts: three values, first of each condition, then of all together."""
        size = self._combination.gatherings.size[groups]
        holds = violated >= self._quorum
        in_doubt = ~holds & (violated + unknown >= self._quorum)
        in_doubt &= size - unknown < self._combination.min_known * size
        sure, possible = holds.sum(axis=1), (holds | in_doubt).sum(axis=1)
        need = self._combination.need
        return np.where(sure >= need, Finding.VIOLATED, np.where(possible >= need, Finding.UNKNOWN, Finding.OK)).astype(
            np.int8
        )

    def _evidence(self, state: RuleState, change: Change, stretch: Stretch, *, after: bool) -> Evidence:
        """How many conditions hold of those that must; of each its counts, devices and violating readings.

        As it is just after the moment of the change, or just before it.
        """
        gatherings, group = self._combination.gatherings, change.target
        rows = gatherings.rows_of_groups(np.array([group]))
        members, condition = gatherings.member[rows], gatherings.condition[rows]
        values = stretch.course.values(members, change.at, after=after)
        violated, unknown = (
            np.bincount(condition[values == finding], minlength=len(self._quorum))
            for finding in (Finding.VIOLATED, Finding.UNKNOWN)
        )
        figures = dict(self._combination.figures)
        readings: list[Reading] = []
        for number, term in enumerate(self._combination.terms):
            mine = members[(condition == number) & (values == Finding.VIOLATED)]
            figures |= {
                f"{number + 1}": term.label,
                f"{number + 1}_violated": int(violated[number]),
                f"{number + 1}_unknown": int(unknown[number]),
                f"{number + 1}_of": int(gatherings.size[group, number]),
                f"{number + 1}_asked": term.quorum,
            }
            if len(mine):
                names = [self._members[member].id for member in mine[:MOST_NAMES].tolist()]
                figures[f"{number + 1}_devices"] = ", ".join([*names, *(["…"] if len(mine) > MOST_NAMES else [])])
            shown = mine[: max(0, MOST_READINGS - len(readings))].tolist()
            readings += [
                self._violating(state, member, term, stretch.heard, change.at, after=after) for member in shown
            ]
        return Evidence(
            value=float((violated >= self._quorum).sum()),
            limit=float(self._combination.need),
            comparison=Comparison.BELOW,
            unit=self.card.unit,
            clause=self.card.clause,
            readings=tuple(readings),
            figures=figures,
        )

    def _violating(self, state: RuleState, member: int, term: Term, heard: Heard, at: int, *, after: bool) -> Reading:
        """The last violating reading of a member that counted just after, or just before, an instant."""
        begin, end = np.searchsorted(heard.member, [member, member + 1])
        counted = heard.effective[begin:end] <= at if after else heard.effective[begin:end] < at
        rows = begin + np.flatnonzero(counted & (heard.raw[begin:end] == Finding.VIOLATED))
        own = state.own
        known = (
            (heard.at[rows[-1]], heard.value[rows[-1]], heard.span[rows[-1]])
            if len(rows)
            else (own["violated_at"][member], own["violated_value"][member], own["violated_span"][member])
        )
        return Reading(
            device=self._members[member].id,
            metric=term.metric,
            at=from_micros(int(known[0])),
            value=float(known[1]),
            span_s=float(known[2]),
        )


def _places(term: Term, begin: int, site: Site) -> Index:
    """From the program's device ordinal to the member, -1 for devices that the term does not look at."""
    places = np.full(len(site.vocabulary.devices), -1, dtype=np.intp)
    ordinals = [site.vocabulary.device_ordinal[device.id] for device in term.devices]
    places[ordinals] = begin + np.arange(len(ordinals))
    return places
