"""`agreement`: what a device reports must agree with what it was told, or with what another of its metrics says."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, FiniteFloat, model_validator

from config.loading import Strict
from config.suggestions import did_you_mean
from domain.conditions import Evidence
from domain.devices import Device, Registry
from domain.places import RoadGrade
from domain.readings import Reading
from rules.core.comparing import Comparison, Finding
from rules.entries import Fault, Ground, Intervals, MetricEntry
from rules.groups.bundle import BundleJudge, Known, own_strand
from rules.groups.guards import Guard
from rules.judges import Site

_MASKS = 2
"""The strands from this one on are the guard's."""


class Scale(Strict):
    """What one unit of the other metric is worth: for the device itself, for its grade of road, for all others."""

    default: FiniteFloat | None = None
    grades: dict[RoadGrade, FiniteFloat] = Field(default_factory=dict)
    devices: dict[str, FiniteFloat] = Field(default_factory=dict)

    def of(self, device: Device, grades: dict[str, RoadGrade]) -> float | None:
        """None: the device is not judged."""
        if device.id in self.devices:
            return self.devices[device.id]
        road = device.road or ""
        return self.grades.get(grades[road], self.default) if road in grades else self.default


class Counterpart(Strict):
    """The other metric of the same device; times `scale` it is what the judged one should show."""

    metric: str
    scale: Scale = Scale(default=1.0)
    evidence_for: Intervals | None = None


class AgreementEntry(MetricEntry):
    """The metric may differ from what is expected by `tolerance`, or by the `share` of it, whichever is more, on this
    `side`. Where either is unknown, or the guard says so, so is the agreement: a lamp without supply obeys nobody.
    """

    kind: Literal["agreement"]
    expected: Counterpart
    tolerance: Annotated[float, Field(ge=0)] = 0.0
    share: Annotated[float, Field(ge=0)] = 0.0
    side: Literal["both", "below", "above"] = "both"
    dead_band: Annotated[float, Field(ge=0)] = 0.0
    unless: Guard | None = None

    @model_validator(mode="after")
    def _compares_two(self) -> Self:
        if self.expected.metric == self.metric:
            raise ValueError(f"expected.metric {self.metric!r} is the metric itself; name the other one")
        return self

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from super().faults(ground)
        if self.expected.metric not in ground.catalogue:
            hint = did_you_mean(self.expected.metric, ground.catalogue.codes)
            yield ("expected", "metric"), f"expected.metric {self.expected.metric!r} is not in the catalogue{hint}"
        if self.unless is not None:
            yield from self.unless.faults("unless", ground)


def compile_agreement(entry: AgreementEntry, site: Site) -> "AgreementJudge":
    """Judges the devices in scope whose kind reports both metrics, and for which there is a scale."""
    scales = [
        (device, scale)
        for device in entry.reporting(site.registry)
        if entry.expected.metric in site.registry.kinds[device.kind].metrics
        and (scale := entry.expected.scale.of(device, _grades(site.registry))) is not None
    ]
    return AgreementJudge(entry, site, scales)


class AgreementJudge(BundleJudge):
    """Two strands: what is reported, what is expected of it; those after them mask it."""

    def __init__(self, entry: AgreementEntry, site: Site, scales: list[tuple[Device, float]]) -> None:
        devices = tuple(device for device, _ in scales)
        other = entry.expected.evidence_for or entry.evidence_for
        super().__init__(
            card=entry.card(unit=site.units[entry.metric]),
            timing=entry.timing(),
            targets=devices,
            strands=(
                own_strand(entry.metric, devices, evidence_for=entry.evidence_for),
                own_strand(entry.expected.metric, devices, evidence_for=other),
                *(entry.unless.strands(devices, site.registry) if entry.unless else ()),
            ),
            site=site,
        )
        self._entry = entry
        self._scale = np.array([scale for _, scale in scales], dtype=np.float64)

    def findings(self, known: Known) -> npt.NDArray[np.int8]:
        expected = known.value[:, 1] * self._scale[known.target]
        off = known.value[:, 0] - expected
        off = {"both": np.abs(off), "below": -off, "above": off}[self._entry.side]
        allowed = self._allowed(expected)
        fine = np.where(off <= allowed - self._entry.dead_band, Finding.OK, Finding.BETWEEN)
        fine[off <= 0] = Finding.OK  # better than equal there is nothing, however wide the dead-band
        found = np.where(off <= allowed, fine, Finding.VIOLATED).astype(np.int8)
        found[~known.is_valid[:, :_MASKS].all(axis=1)] = Finding.UNKNOWN
        if self._entry.unless is not None:
            found[self._entry.unless.says_yes(known, slice(_MASKS, None))] = Finding.UNKNOWN
        return found

    def evidence(self, known: Known, readings: tuple[Reading, ...]) -> Evidence:
        """The value against the border that it is nearest to, or beyond."""
        reported, other = (None if np.isnan(value) else float(value) for value in known.value[0, :_MASKS])
        figures: dict[str, float | str] = {"expected_from": self._entry.expected.metric}
        limit, comparison = None, Comparison.EQUAL
        if other is not None:
            expected = other * float(self._scale[known.target[0]])
            allowed = float(self._allowed(np.array([expected]))[0])
            figures |= {"counterpart": other, "expected": expected, "tolerance": allowed}
            above = self._entry.side == "above" or (
                self._entry.side == "both" and reported is not None and reported >= expected
            )
            if allowed or self._entry.side != "both":
                comparison = Comparison.AT_MOST if above else Comparison.AT_LEAST
            limit = expected + (allowed if above else -allowed)
        return Evidence(
            value=reported,
            limit=limit,
            comparison=comparison,
            unit=self.card.unit,
            clause=self.card.clause,
            readings=readings,
            figures=figures,
        )

    def _allowed(self, expected: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        allowed: npt.NDArray[np.float64] = np.maximum(self._entry.tolerance, self._entry.share * np.abs(expected))
        return allowed


def _grades(registry: Registry) -> dict[str, RoadGrade]:
    return {road.id: road.grade for road in registry.city.roads}
