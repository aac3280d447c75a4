"""`dimming`: lamps that are not dimmed as the plan asks of their road at this hour of the night."""

from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from domain.conditions import Evidence
from domain.devices import Device
from domain.readings import Reading
from rules.calendar.lighting import NO_DIM, WHOLE, LightingEntry, Schedules
from rules.columns import Index, Ints
from rules.core.comparing import Comparison, Finding, Floats
from rules.entries import MetricEntry
from rules.groups.bundle import BundleJudge, Known, own_strand
from rules.judges import Site


class DimmingEntry(MetricEntry, LightingEntry):
    """The metric, in %, may differ by `tolerance` from what the `plan` says by `dim`. Where it says none, nothing is
    known; for `grace` after each change of the plan the finding stays. Where it asks for a `share` of the lamps only,
    one at 0 may be off by plan, and is unknown.
    """

    kind: Literal["dimming"]
    tolerance: Annotated[float, Field(ge=0)] = 5.0
    dead_band: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _has_a_plan(self) -> Self:
        if all(period.dim is None for period in self.plan):
            raise ValueError('plan says no dim; write plan: [{begin: "23:00", end: "05:00", dim: 50}]')
        return self


def compile_dimming(entry: DimmingEntry, site: Site) -> "DimmingJudge":
    """Judges the devices in scope whose kind reports the metric."""
    return DimmingJudge(entry, site, entry.reporting(site.registry))


class DimmingJudge(BundleJudge):
    """One strand, held against the plan; the changes of the plan are moments too."""

    def __init__(self, entry: DimmingEntry, site: Site, lamps: tuple[Device, ...]) -> None:
        super().__init__(
            card=entry.card(unit=site.units[entry.metric]),
            timing=entry.timing(),
            targets=lamps,
            strands=(own_strand(entry.metric, lamps, evidence_for=entry.evidence_for),),
            site=site,
        )
        self._entry = entry
        self._schedules = Schedules(entry, lamps, site.registry, dark=False)

    def turns(self, start: int, until: int) -> tuple[Index, Ints]:
        """Every lamp at every change of its own plan in (start, until]."""
        segments = self._schedules.segments(start, until)
        edges = {
            (lighting, edge)
            for column in (segments.begin, segments.end)
            for lighting, edge in zip(segments.lighting.tolist(), column.tolist(), strict=True)
            if start < edge <= until
        }
        targets, moments = super().turns(start, until)
        for lighting, edge in sorted(edges):
            lamps = np.flatnonzero(self._schedules.of == lighting)
            targets, moments = np.append(targets, lamps), np.append(moments, np.full(len(lamps), edge))
        return targets, moments

    def findings(self, known: Known) -> npt.NDArray[np.int8]:
        dim, is_whole, is_steady = self._asked(known)
        off = np.abs(known.value[:, 0] - dim)
        fine = (off <= self._entry.tolerance - self._entry.dead_band) | (off == 0)
        found = np.where(fine, Finding.OK, np.where(off <= self._entry.tolerance, Finding.BETWEEN, Finding.VIOLATED))
        found[~is_steady] = Finding.BETWEEN
        found[~known.is_valid[:, 0] | np.isnan(dim) | (~is_whole & (known.value[:, 0] == 0))] = Finding.UNKNOWN
        return found.astype(np.int8)

    def evidence(self, known: Known, readings: tuple[Reading, ...]) -> Evidence:
        """The value against the border that it is nearest to, or beyond."""
        value, expected = float(known.value[0, 0]), float(self._asked(known)[0][0])
        is_above = value >= expected
        allowed = self._entry.tolerance if is_above else -self._entry.tolerance
        return Evidence(
            value=None if np.isnan(value) else value,
            limit=None if np.isnan(expected) else min(max(expected + allowed, 0.0), 100.0),
            comparison=Comparison.AT_MOST if is_above else Comparison.AT_LEAST,
            unit=self.card.unit,
            clause=self.card.clause,
            readings=readings,
            figures={} if np.isnan(expected) else {"expected": expected, "tolerance": self._entry.tolerance},
        )

    def _asked(self, known: Known) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Of each row what the plan says in %, NaN for nothing; whether of all lamps; and for a while already."""
        dim, whole = np.full(len(known.at), np.nan), np.ones(len(known.at), dtype=np.bool_)
        steady = whole.copy()
        if not len(known.at):
            return dim, whole, steady
        segments = self._schedules.segments(int(known.at.min()), int(known.at.max()))
        for row in np.flatnonzero(segments.dim != NO_DIM).tolist():
            here = self._schedules.of[known.target] == segments.lighting[row]
            here &= (known.at >= segments.begin[row]) & (known.at < segments.end[row])
            dim[here] = segments.dim[row] / WHOLE
            whole[here], steady[here] = segments.share[row] == WHOLE, segments.steady[row]
        return dim, whole, steady
