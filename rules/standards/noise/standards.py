"""One standard of noise as dated data: tables of limits by place, the limits of its maxima, and how sure we are."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import Field

from config.loading import Strict, load
from domain.errors import Misconfigured, Problem, Refused
from domain.instants import from_micros
from domain.places import NoiseZone
from rules.entries import ClauseEntry
from rules.standards.noise.shipped import FOLDER
from rules.tables import LimitTable, Timeline, zone_column

OUTDOOR = "outdoor"
"""The place that every standard knows: the measuring point of an area, the boundary of a source."""


class Kind(StrEnum):
    """What is assessed, and by which standard."""

    AMBIENT = "ambient"
    CONSTRUCTION = "construction"
    SOCIAL = "social"
    INDUSTRIAL = "industrial"


SHIPPED_STANDARDS: dict[Kind, Path] = {
    Kind.AMBIENT: FOLDER / "gb3096.yaml",
    Kind.CONSTRUCTION: FOLDER / "gb12523.yaml",
    Kind.SOCIAL: FOLDER / "gb22337.yaml",
    Kind.INDUSTRIAL: FOLDER / "gb12348.yaml",
}


class PeakRule(Strict):
    """A maximum level may be `over` dB above the limit of its period, in force from `valid_from` on."""

    name: str
    zh: str
    en: str
    places: tuple[str, ...]
    periods: tuple[str, ...]
    only_unsteady: bool = False
    over: float
    source: str
    valid_from: date
    clause: ClauseEntry


class Less(Strict):
    """Limits of another place, lowered `by` dB."""

    of: str
    by: Annotated[float, Field(gt=0)]


class NoiseStandard(Strict):
    """`outdoor` names the file of that table where it stands elsewhere. `measurement_minutes`: of one measurement."""

    id: str
    zh: str
    en: str
    outdoor: Path | None = None
    clauses: dict[str, ClauseEntry]
    tables: dict[str, LimitTable]
    minus: Annotated[dict[str, Less], Field(default_factory=dict)]
    peaks: tuple[PeakRule, ...] = ()
    measurement_minutes: Annotated[int, Field(ge=1, le=60)] | None = None
    confidence: dict[str, Literal["S", "F", "U"]]

    @property
    def places(self) -> tuple[str, ...]:
        return (*self.tables, *self.minus)


class Limit(Strict):
    """One limit in dB(A), with what a person needs to look it up. `confidence`: S sure, F fairly sure, U unsure."""

    value: float
    period: str
    clause: ClauseEntry
    edition: str
    confidence: str


def load_standard(file: Path) -> NoiseStandard:
    """With the table that stands in another file. Raises Misconfigured with every problem."""
    standard = load(file, NoiseStandard)
    if standard.outdoor is not None:
        table = load(file.parent / standard.outdoor, LimitTable)
        standard = standard.model_copy(update={"tables": {OUTDOOR: table, **standard.tables}})
    problems = [
        Problem(file=str(file), line=None, message=f"{message}; mend the file") for message in _contradictions(standard)
    ]
    if problems:
        raise Misconfigured(problems)
    return standard


def _contradictions(standard: NoiseStandard) -> list[str]:
    """References into nothing, which would otherwise be noticed on the first measurement."""
    places = standard.places
    sources = {edition.source for table in standard.tables.values() for edition in table.editions}
    return [
        *(f"place {place!r} has no clause" for place in places if place not in standard.clauses),
        *(f"edition {source!r} has no confidence" for source in sorted(sources) if source not in standard.confidence),
        *(
            f"minus.{name}: no table {less.of!r}"
            for name, less in standard.minus.items()
            if less.of not in standard.tables
        ),
        *(
            f"peak {peak.name!r} names the place {place!r}, which does not exist"
            for peak in standard.peaks
            for place in peak.places
            if place not in places
        ),
    ]


class Limits:
    """The limits of one place and zone in one zone of time, by the date of the observation."""

    def __init__(self, standard: NoiseStandard, *, zone: NoiseZone | None, place: str, timezone: str) -> None:
        """Raises Refused when the standard knows no such place, or says nothing of the zone there."""
        if place not in standard.places:
            raise Refused(f"{standard.id} has no limits for {place!r}; choose one of {', '.join(standard.places)}")
        less = standard.minus.get(place)
        table = standard.tables[less.of if less else place]
        self.standard, self.place, self.zone, self.table = standard, place, zone, table
        self._timeline, self._column = Timeline(table, timezone), zone_column(zone)
        self._lower = less.by if less else 0.0
        self._clock = ZoneInfo(timezone)
        if not any(zone in edition.limits or "any" in edition.limits for edition in table.editions):
            named = sorted({str(name) for edition in table.editions for name in edition.limits})
            raise Refused(f"{table.id} says nothing of zone {zone or 'none'}; choose one of {', '.join(named)}")

    def at(self, instant: int) -> Limit | None:
        """The limit of Leq at an instant (microseconds); None when no edition was in force."""
        values, periods = self._timeline.limits(np.array([self._column]), np.array([instant], dtype=np.int64))
        if np.isnan(values[0]):
            return None
        edition = self._timeline.source(instant)
        return Limit(
            value=float(values[0]) - self._lower,
            period=self._timeline.periods[int(periods[0])],
            clause=self.standard.clauses[self.place],
            edition=edition,
            confidence=self.standard.confidence[edition],
        )

    def peaks_at(self, instant: int, *, is_steady: bool | None = None) -> list[tuple[PeakRule, Limit]]:
        """The limits of a maximum at an instant; several where it hangs on how often such noise comes."""
        limit = self.at(instant)
        if limit is None:
            return []
        return [
            (rule, limit.model_copy(update={"value": limit.value + rule.over, "clause": rule.clause}))
            for rule in self.standard.peaks
            if self.place in rule.places
            and limit.period in rule.periods
            and from_micros(instant).astimezone(self._clock).date() >= rule.valid_from
            and not (rule.only_unsteady and is_steady)
        ]
