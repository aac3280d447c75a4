"""`ratio`: the share of a group's lamps that are lit, of those that have to be and are known.

A lamp without valid evidence is unknown, not dark: it is counted apart, and too many of them make the group unknown.
"""

from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from domain.conditions import Evidence, TargetKind, Transition
from domain.places import Road, RoadGrade
from rules.calendar.lighting import WHOLE
from rules.columns import Ints, RuleState, Waiting
from rules.core.comparing import Comparison, Floats, findings
from rules.core.following import walk
from rules.core.machine import Change
from rules.groups.fleet import By, FleetEntry, FleetJudge, Groups, grouped, is_before
from rules.groups.intervals import LIT, Count, Courses, courses, deltas_of_segments, deltas_of_spans, spans
from rules.judges import Site

Percent = Annotated[float, Field(ge=0, le=100)]


class RatioEntry(FleetEntry):
    """`by`: what lamps are counted by. What is owed in %: `targets` by grade of road, or one `target` for every group.
    `min_known`: below this known share of a group's due lamps nothing is said. `expect: dark` turns it round: the share
    of lamps that do not burn when none must. `lit_above`: a value of the metric above it means lit.
    """

    kind: Literal["ratio"]
    by: By = By.ROAD
    expect: Literal["lit", "dark"] = "lit"
    lit_above: float = LIT
    compare: Literal[">=", ">"] = ">="
    targets: dict[RoadGrade, Percent] | None = None
    target: Percent | None = None
    min_known: Annotated[float, Field(ge=0, le=1)] = 0.5
    dead_band: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _owes_something(self) -> Self:
        if (self.targets is None) == (self.target is None):
            raise ValueError("write either targets: {main: 98, ...} by grade of road, or one target: 98")
        if self.targets is not None and self.by not in (By.ROAD, By.GRADE):
            raise ValueError(f"a {self.by} has no grade of road; write one target: instead of targets:")
        return self


def compile_ratio(entry: RatioEntry, site: Site) -> "RatioJudge":
    """Judges the groups that have lamps in scope and, where targets go by grade, whose grade has one."""
    grades = {road.id: road.grade for road in site.registry.city.roads}
    lamps = entry.reporting(site.registry)
    if entry.targets is not None:
        lamps = tuple(lamp for lamp in lamps if grades.get(lamp.road or "") in entry.targets)
    groups = grouped(entry.by, lamps, site.registry)
    return (RoadRatioJudge if entry.by is By.ROAD and entry.expect == "lit" else RatioJudge)(entry, site, groups)


class RatioJudge(FleetJudge):
    """The group is the target."""

    def __init__(self, entry: RatioEntry, site: Site, groups: Groups) -> None:
        super().__init__(entry, site, groups, card=entry.card(unit="%"), dark=entry.expect == "dark")
        grades = {road.id: road.grade for road in site.registry.city.roads}
        self.grades = tuple(
            grades.get(target.id) if target.kind is TargetKind.ROAD else _grade(target.kind, target.id)
            for target in groups.targets
        )
        owed = entry.targets or {}
        self.goal = np.array(
            [owed[grade] if grade is not None and owed else float(entry.target or 0) for grade in self.grades],
            dtype=np.float64,
        )
        self._entry = entry
        self._comparison = Comparison(entry.compare)

    def _judge(self, state: RuleState, released: Waiting, *, start: int, until: int) -> list[Transition]:
        segments = self.schedules.segments(start, until)
        known = spans(released, state.sightings, validity=self.validity, start=start, lit_above=self._entry.lit_above)
        wanted = known.lit if self._entry.expect == "lit" else ~known.lit
        parts = deltas_of_spans(known, wanted, self.group_of, self.schedules.of, segments)
        parts += deltas_of_segments(self.owing, segments)
        course = courses(parts, groups=len(self.targets), window=(start, until))
        found = self.findings(course.group, course.counts)
        changes = walk(state.judgements, course.group, course.at, found, self.timing, until=until)
        return [self._tell(change, course, after=after) for change, after in changes]

    def counts_at(self, at: Ints, value: Floats, now: int) -> Ints:
        """The counts of every group at an instant, where these are the newest readings of the lamps by then."""
        share = self.schedules.shares_at(now)[self.schedules.of]
        due, known = share >= 0, at + self.validity > now
        fine = (value > self._entry.lit_above) == (self._entry.expect == "lit")
        counts = np.zeros((len(self.targets), len(Count)), dtype=np.int64)
        np.add.at(counts[:, Count.OWED], self.group_of[due], 1)
        np.add.at(counts[:, Count.KNOWN], self.group_of[due & known], 1)
        np.add.at(counts[:, Count.LIT], self.group_of[due & known & fine], 1)
        np.add.at(counts[:, Count.EXPECTED], self.group_of[due & known], share[due & known])
        return counts

    def findings(self, group: Ints | npt.NDArray[np.intp], counts: Ints) -> npt.NDArray[np.int8]:
        """What the counts of groups, row by row, say."""
        owed, known = counts[:, Count.OWED], counts[:, Count.KNOWN]
        judged = (owed > 0) & (known >= self._entry.min_known * owed)
        rates = np.where(judged, rates_of(counts), np.nan)
        return findings(self._comparison, rates, self.goal[group], self._entry.dead_band)

    def _tell(self, change: Change, course: Courses, *, after: bool) -> Transition:
        """With the figures just before (a timer, an end) or just after (a reading) the moment of the change."""
        counts = course.row_at(change.target, change.at, after=after and not is_before(change))
        return self.transition(change, self._evidence(change.target, counts))

    def _evidence(self, group: int, counts: Ints) -> Evidence:
        owed, known, fine, expected = (int(number) for number in counts)
        rate = float(rates_of(counts.reshape(1, -1))[0])
        lit = fine if self._entry.expect == "lit" else known - fine
        figures: dict[str, float | str] = {"lit": lit, "due": known, "dark": known - lit, "offline": owed - known}
        if expected != known * WHOLE:
            figures["expected"] = expected // WHOLE
        grade = self.grades[group]
        if grade is not None:
            figures["grade"] = grade.value
        return Evidence(
            value=None if np.isnan(rate) else rate,
            limit=float(self.goal[group]),
            comparison=self._comparison,
            unit=self.card.unit,
            clause=self.card.clause,
            figures=figures,
        )


class RoadRatioJudge(RatioJudge):
    """By road: what the wall shows."""

    def __init__(self, entry: RatioEntry, site: Site, groups: Groups) -> None:
        super().__init__(entry, site, groups)
        known = {road.id: road for road in site.registry.city.roads}
        self.roads: tuple[Road, ...] = tuple(known[target.id] for target in groups.targets)


def rates_of(counts: Ints) -> Floats:
    """Lit lamps in % of the expected ones, 100 where a plan asks for fewer than are lit; NaN where none is expected."""
    expected = counts[:, Count.EXPECTED] // WHOLE
    rates: Floats = np.full(len(counts), np.nan)
    np.divide(100.0 * counts[:, Count.LIT], expected, out=rates, where=expected > 0)
    return np.minimum(rates, 100.0)


def _grade(kind: TargetKind, name: str) -> RoadGrade | None:
    return RoadGrade(name) if kind is TargetKind.GRADE else None
