"""`outage`: lamps of one feeder that go dark together: one alert on the feeder, not one for each lamp.

Dark lamps count that were seen lit before, within their evidence, at a time when they had to be lit: not those that are
dark since long ago, and not those that fell silent.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from config.durations import Seconds
from domain.conditions import Evidence, Transition
from domain.instants import MICROS_PER_S, from_micros, iso
from rules.calendar.lighting import WHOLE, Segments
from rules.columns import NEVER, Column, Index, Ints, RuleState, Waiting
from rules.core.comparing import Comparison, Finding
from rules.core.following import walk
from rules.core.machine import Change
from rules.groups.fleet import By, FleetEntry, FleetJudge, Groups, grouped, is_before
from rules.groups.intervals import (
    LIT,
    Count,
    Courses,
    Spans,
    courses,
    deltas_of_segments,
    deltas_of_spans,
    spans,
    where_due,
)
from rules.judges import Site

MOST_NAMED = 50
"""So many lamps are named in the evidence."""


class OutageEntry(FleetEntry):
    """`share`: of a group's lamps that are known and have to be lit so many %, and no fewer than `at_least`, have gone
    dark within `together` and still are. Below `min_known` of the group's due lamps nothing is said.
    """

    kind: Literal["outage"]
    by: Literal[By.PARENT, By.ROAD, By.DISTRICT] = By.PARENT
    lit_above: float = LIT
    share: Annotated[float, Field(gt=0, le=100)] = 60.0
    at_least: Annotated[int, Field(ge=1)] = 5
    together: Annotated[Seconds, Field(gt=0)] = 300.0
    min_known: Annotated[float, Field(ge=0, le=1)] = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fallen:
    """Stretches in which lamps are dark, due and known, having gone dark at `since`; ordered by group."""

    group: Index
    lamp: Index
    begin: Ints
    end: Ints
    since: Ints

    def together(self, group: int, at: int, width: int, *, after: bool) -> tuple[Index, Ints]:
        """The most lamps of a group that went dark within `width` and are dark just after (before) an instant; and when
        each did, in that order. Of several such crowds the earliest.
        """
        here = slice(*np.searchsorted(self.group, [group, group + 1]))
        begin, end = self.begin[here], self.end[here]
        dark = (begin <= at) & (at < end) if after else (begin < at) & (at <= end)
        lamp, since = self.lamp[here][dark], self.since[here][dark]
        order = np.lexsort((lamp, since))
        lamp, since = lamp[order], since[order]
        crowd = np.searchsorted(since, since + width, side="right") - np.arange(len(since))
        if not len(crowd):
            return lamp, since
        first = int(np.argmax(crowd))
        chosen = slice(first, first + int(crowd[first]))
        return lamp[chosen], since[chosen]


def compile_outage(entry: OutageEntry, site: Site) -> "OutageJudge":
    """Judges the groups that have lamps in scope, however few: `at_least` decides."""
    return OutageJudge(entry, site, grouped(By(entry.by), entry.reporting(site.registry), site.registry))


class OutageJudge(FleetJudge):
    """The group is the target; `own` remembers since when each lamp is dark, if it was seen going dark."""

    def __init__(self, entry: OutageEntry, site: Site, groups: Groups) -> None:
        super().__init__(entry, site, groups, card=entry.card(unit="%"))
        self.own_columns = {"since": Column(dtype=np.int64, fill=NEVER)}
        self._entry = entry
        self._width = round(entry.together * MICROS_PER_S)

    def _judge(self, state: RuleState, released: Waiting, *, start: int, until: int) -> list[Transition]:
        segments = self.schedules.segments(start, until)
        known = spans(released, state.sightings, validity=self.validity, start=start, lit_above=self._entry.lit_above)
        since = self._since(state, released, segments)
        old = state.own["since"][known.lamp[: len(known.lamp) - len(released)]]
        dark_since = np.concatenate([old, since])
        fallen = self._fallen(known, dark_since, segments)
        parts = deltas_of_spans(known, dark_since != NEVER, self.group_of, self.schedules.of, segments)
        parts += deltas_of_segments(self.owing, segments)
        course = courses(parts, groups=len(self.targets), window=(start, until))
        found = self._findings(course, fallen)
        changes = walk(state.judgements, course.group, course.at, found, self.timing, until=until)
        told = [self._tell(change, course, fallen, after=after) for change, after in changes]
        state.own["since"][released.device] = since
        return told

    def _since(self, state: RuleState, released: Waiting, segments: Segments) -> Ints:
        """Of every reading: since when its lamp is dark, NEVER if it is lit or was not seen going dark."""
        lamp, at = released.device, released.effective
        begins = np.ones(len(lamp), dtype=np.bool_)
        begins[1:] = lamp[1:] != lamp[:-1]
        last_value = np.where(begins, state.sightings.value[lamp], np.roll(released.value, 1))
        last_at = np.where(begins, state.sightings.at[lamp], np.roll(released.at, 1))
        lit, was_lit = released.value > self._entry.lit_above, last_value > self._entry.lit_above
        was_heard = last_at != NEVER
        goes_dark = ~lit & was_heard & was_lit & (at <= last_at + self.validity[lamp])
        goes_dark &= self._is_steady(lamp, at, segments)
        known = np.where(goes_dark, at, NEVER)
        # dark again after dark goes on: it is dark since its run began, or since what is remembered
        goes_on = ~lit & was_heard & ~was_lit
        row = np.arange(len(lamp))
        source = np.maximum.accumulate(np.where(goes_on & ~begins, -1, row)) if len(row) else row
        remembered = np.where(goes_on & begins, state.own["since"][lamp], known)
        since: Ints = remembered[source]
        return since

    def _is_steady(self, lamp: Index, at: Ints, segments: Segments) -> npt.NDArray[np.bool_]:
        """Whether the lamp had to be lit at an instant, and for a while already: it does not go dark by plan."""
        row, cut, _, _ = where_due(at, at + 1, self.schedules.of[lamp], segments)
        steady = np.zeros(len(lamp), dtype=np.bool_)
        steady[row[segments.steady[cut]]] = True
        return steady

    def _fallen(self, known: Spans, since: Ints, segments: Segments) -> Fallen:
        dark = np.flatnonzero(since != NEVER)
        lamp = known.lamp[dark]
        row, _, begin, end = where_due(known.begin[dark], known.end[dark], self.schedules.of[lamp], segments)
        group = self.group_of[lamp[row]]
        order = np.argsort(group, kind="stable")
        return Fallen(
            group=group[order],
            lamp=lamp[row][order],
            begin=begin[order],
            end=end[order],
            since=since[dark][row][order],
        )

    def _findings(self, course: Courses, fallen: Fallen) -> npt.NDArray[np.int8]:
        counts = course.counts
        owed, known, dark = counts[:, Count.OWED], counts[:, Count.KNOWN], counts[:, Count.LIT]
        judged = (owed > 0) & (known >= self._entry.min_known * owed) & (counts[:, Count.EXPECTED] >= WHOLE)
        found = np.where(judged, Finding.OK, Finding.UNKNOWN).astype(np.int8)
        needed = self._needed(counts)
        for row in np.flatnonzero(judged & (dark >= needed)).tolist():
            lamps, _ = fallen.together(int(course.group[row]), int(course.at[row]), self._width, after=True)
            if len(lamps) >= needed[row]:
                found[row] = Finding.VIOLATED
        return found

    def _needed(self, counts: Ints) -> Ints:
        """How many lamps make an outage, row by row."""
        expected = counts[:, Count.EXPECTED] // WHOLE
        needed: Ints = np.maximum(self._entry.at_least, np.ceil(self._entry.share * expected / 100)).astype(np.int64)
        return needed

    def _tell(self, change: Change, course: Courses, fallen: Fallen, *, after: bool) -> Transition:
        """With the lamps just before (a timer, an end) or just after (a reading) the moment of the change."""
        side = after and not is_before(change)
        counts = course.row_at(change.target, change.at, after=side)
        dark = fallen.together(change.target, change.at, self._width, after=side)
        return self.transition(change, self._evidence(counts, *dark))

    def _evidence(self, counts: Ints, lamps: Index, since: Ints) -> Evidence:
        expected = int(counts[Count.EXPECTED]) // WHOLE
        figures: dict[str, float | str] = {
            "dark_together": len(lamps),
            "due": int(counts[Count.KNOWN]),
            "offline": int(counts[Count.OWED] - counts[Count.KNOWN]),
            "needed": int(self._needed(counts.reshape(1, -1))[0]),
        }
        if len(lamps):
            figures["dark_from"], figures["dark_to"] = iso(from_micros(since[0])), iso(from_micros(since[-1]))
            figures["lamps"] = " ".join(sorted(self.devices[lamp].id for lamp in lamps)[:MOST_NAMED])
        return Evidence(
            value=100.0 * len(lamps) / expected if expected else None,
            limit=self._entry.share,
            comparison=Comparison.BELOW,
            unit=self.card.unit,
            clause=self.card.clause,
            figures=figures,
        )
