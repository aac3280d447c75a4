"""What every rule says in its file, whatever its kind."""

from math import isfinite
from typing import Annotated, Any

from pydantic import Field, PlainValidator

from config.durations import Seconds
from config.loading import Strict
from domain.conditions import Clause, RuleCard, Severity
from domain.devices import Device, Registry
from domain.instants import MICROS_PER_S
from domain.places import NoiseZone, RoadGrade
from rules.machine import Timing

Text = Annotated[str, Field(min_length=1)]


class ClauseEntry(Strict):
    zh: Text
    en: Text


class Scope(Strict):
    """Which devices; an empty list means all."""

    kinds: tuple[str, ...] = ()
    zones: tuple[NoiseZone, ...] = ()
    roads: tuple[str, ...] = ()
    grades: tuple[RoadGrade, ...] = ()

    def devices(self, registry: Registry) -> tuple[Device, ...]:
        """Those of the registry that all the given lists name."""
        grade = {road.id: road.grade for road in registry.city.roads}
        return tuple(
            device
            for device in registry
            if (not self.kinds or device.kind in self.kinds)
            and (not self.zones or device.zone in self.zones)
            and (not self.roads or device.road in self.roads)
            and (not self.grades or (device.road is not None and grade.get(device.road) in self.grades))
        )


class RuleEntry(Strict):
    """Common to all kinds. `needs_acknowledgement: false` lets the alert close by itself."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    kind: str
    zh: Text
    en: Text
    severity: Severity
    clause: ClauseEntry
    scope: Scope = Scope()
    needs_acknowledgement: bool = True

    def card(self, *, unit: str) -> RuleCard:
        return RuleCard(
            id=self.id,
            zh=self.zh,
            en=self.en,
            severity=self.severity,
            clause=Clause(zh=self.clause.zh, en=self.clause.en),
            kind=self.kind,
            unit="" if unit == "1" else unit,
            needs_acknowledgement=self.needs_acknowledgement,
        )


class MetricEntry(RuleEntry):
    """A rule on values of one metric. `evidence_for`: how many of its own intervals a device's reading is believed."""

    metric: str
    hold: Seconds = 0.0
    clear: Seconds = 0.0
    evidence_for: Annotated[float, Field(gt=0)] = 3.0

    def timing(self) -> Timing:
        return Timing(hold=round(self.hold * MICROS_PER_S), clear=round(self.clear * MICROS_PER_S))

    def reporting(self, registry: Registry) -> tuple[Device, ...]:
        """Devices in scope whose kind reports the metric."""
        return tuple(
            device for device in self.scope.devices(registry) if self.metric in registry.kinds[device.kind].metrics
        )


class TableName(Strict):
    table: str


def _limit(value: Any) -> float | TableName:
    if isinstance(value, float | int) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    if isinstance(value, dict) and set(value) == {"table"} and isinstance(value["table"], str):
        return TableName(table=value["table"])
    raise ValueError("is neither a number such as 60 nor a table such as {table: gb3096}")


Limit = Annotated[float | TableName, PlainValidator(_limit)]
