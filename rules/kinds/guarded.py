"""`guarded`: a value that is judged only while, or except while, another metric says so: a cover that workers may open.

Masked is unknown, neither good nor bad: what was open before becomes LOST, and when the mask ends the last reading
that is still believed is judged.
"""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, FiniteFloat, model_validator

from domain.conditions import Evidence
from domain.devices import Device
from domain.readings import Reading
from rules.core.comparing import Comparison, Finding, Yardstick, findings
from rules.entries import Fault, Ground, MetricEntry
from rules.groups.bundle import BundleJudge, Known, own_strand
from rules.groups.guards import Guard
from rules.judges import Site


class GuardedEntry(MetricEntry):
    """Either `normal`, the one good value, or `compare` and `limit` as of a threshold; and `unless`, `only_while`."""

    kind: Literal["guarded"]
    normal: FiniteFloat | None = None
    unit: str | None = None
    compare: Literal["<", "<=", ">=", ">"] | None = None
    limit: FiniteFloat | None = None
    dead_band: Annotated[float, Field(ge=0)] = 0.0
    unless: Guard | None = None
    only_while: Guard | None = None

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if (self.normal is None) == (self.limit is None):
            raise ValueError("write either normal: 0, or compare:, limit: and unit:")
        if self.limit is not None and (self.compare is None or self.unit is None):
            raise ValueError("a limit needs compare: and unit: beside it")
        if self.unless is None and self.only_while is None:
            raise ValueError("write unless: or only_while:, or make it a threshold or a state")
        return self

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from super().faults(ground)
        if self.metric in ground.catalogue and self.unit not in (None, own := ground.catalogue[self.metric].unit):
            yield ("unit",), f"unit {self.unit!r} is not that of {self.metric}; write the limit in {own}"
        for key, guard in (("unless", self.unless), ("only_while", self.only_while)):
            if guard is not None:
                yield from guard.faults(key, ground)


def compile_guarded(entry: GuardedEntry, site: Site) -> "GuardedJudge":
    """Judges the devices in scope whose kind reports the metric, whether or not anything can mask them."""
    return GuardedJudge(entry, site, entry.reporting(site.registry))


class GuardedJudge(BundleJudge):
    """The first strand is judged; those after it mask it, or let it be judged."""

    def __init__(self, entry: GuardedEntry, site: Site, devices: tuple[Device, ...]) -> None:
        unless = list(entry.unless.strands(devices, site.registry)) if entry.unless else []
        only_while = list(entry.only_while.strands(devices, site.registry)) if entry.only_while else []
        super().__init__(
            card=entry.card(unit=site.units[entry.metric]),
            timing=entry.timing(),
            targets=devices,
            strands=[own_strand(entry.metric, devices, evidence_for=entry.evidence_for), *unless, *only_while],
            site=site,
        )
        self._unless, self._while = slice(1, 1 + len(unless)), slice(1 + len(unless), None)
        self._entry = entry
        self._comparison = Comparison(entry.compare) if entry.compare else Comparison.EQUAL
        self._limit = float(entry.limit if entry.limit is not None else entry.normal or 0.0)

    def yardstick(self, device: str, metric: str, at: int) -> Yardstick | None:
        """Masked or not."""
        if metric != self._entry.metric or device not in self.ids:
            return None
        return Yardstick(limit=self._limit, comparison=self._comparison, dead_band=self._entry.dead_band)

    def findings(self, known: Known) -> npt.NDArray[np.int8]:
        value = known.value[:, 0]
        found = findings(self._comparison, value, np.full(len(value), self._limit), self._entry.dead_band)
        found[~known.is_valid[:, 0] | self._is_masked(known)] = Finding.UNKNOWN
        return found

    def evidence(self, known: Known, readings: tuple[Reading, ...]) -> Evidence:
        value = float(known.value[0, 0])
        return Evidence(
            value=None if np.isnan(value) else value,
            limit=self._limit,
            comparison=self._comparison,
            unit=self.card.unit,
            clause=self.card.clause,
            readings=readings,
            figures={reading.metric: reading.value for reading in readings[1:]},
        )

    def _is_masked(self, known: Known) -> npt.NDArray[np.bool_]:
        masked = np.zeros(len(known.target), dtype=np.bool_)
        if self._entry.unless is not None:
            np.logical_or(masked, self._entry.unless.says_yes(known, self._unless), out=masked)
        if self._entry.only_while is not None:
            np.logical_or(masked, ~self._entry.only_while.says_yes(known, self._while), out=masked)
        return masked
