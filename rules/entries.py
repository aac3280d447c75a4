"""What every rule says in its file, whatever its kind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from config.durations import Seconds
from config.loading import Strict, Where
from config.suggestions import did_you_mean
from domain.conditions import Clause, RuleCard, Severity
from domain.devices import Device, DeviceKind, Registry
from domain.instants import MICROS_PER_S
from domain.metrics import Catalogue
from domain.places import NoiseZone, RoadGrade
from rules.core.machine import Timing
from rules.tables import LimitTable

Text = Annotated[str, Field(min_length=1)]
Intervals = Annotated[float, Field(gt=0, le=100_000)]
"""A number of a device's own intervals; far more of them would run over the end of the clock."""
Fault = tuple[Where, str]
"""Where inside of a rule, and what is wrong there."""
NAMES = frozenset({"zh", "en", "severity", "clause", "needs_acknowledgement"})
"""What of a rule may change without a change of what is judged."""
NO_SOURCE = Clause(zh="未注明出处", en="no source")
"""What an alert says of a limit whose rule names no clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the entries of a file are held against, beyond their own shape."""

    catalogue: Catalogue
    kinds: Mapping[str, DeviceKind]
    tables: Mapping[str, LimitTable]


class ClauseEntry(Strict):
    zh: Text
    en: Text

    @model_validator(mode="before")
    @classmethod
    def _has_both_languages(cls, content: object) -> object:
        if not isinstance(content, dict | ClauseEntry):
            raise ValueError(f'{content!r} is no clause; write {{zh: "GB 3096-2008 表1", en: "GB 3096-2008 Table 1"}}')
        return content


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
    """Common to all kinds. `needs_acknowledgement: false` lets the alert close by itself.

    A rule without a `clause` is judged like any other; its alerts say that nobody knows where the limit comes from.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    kind: str
    zh: Text
    en: Text
    severity: Severity
    clause: ClauseEntry | None = None
    scope: Scope = Scope()
    needs_acknowledgement: bool = True
    lateness: Seconds | None = None
    """How far the readings of one series may be out of order; None: as the settings say."""

    def card(self, *, unit: str) -> RuleCard:
        return RuleCard(
            id=self.id,
            zh=self.zh,
            en=self.en,
            severity=self.severity,
            clause=Clause(zh=self.clause.zh, en=self.clause.en) if self.clause else NO_SOURCE,
            kind=self.kind,
            unit="" if unit == "1" else unit,
            needs_acknowledgement=self.needs_acknowledgement,
        )

    def meaning(self) -> dict[str, Any]:
        """What decides what is judged, as plain values; with the content of files that it names, not their paths.

        A key that holds its default is left out: one that a later version adds does not make every rule another one.
        """
        return self.model_dump(mode="json", exclude_defaults=True, warnings="none", exclude=set(NAMES))

    def faults(self, ground: Ground) -> Iterator[Fault]:
        """What is wrong with an entry that reads well by itself. A kind with keys of its own adds to it."""
        for kind in self.scope.kinds:
            if kind not in ground.kinds:
                known = ", ".join(ground.kinds)
                hint = did_you_mean(kind, ground.kinds)
                yield ("scope", "kinds"), f"scope.kinds: {kind!r} is no kind of device; known are {known}{hint}"

    def misfits(self, registry: Registry) -> Iterator[Fault]:
        """What does not fit the city that the rule is to judge, beyond the roads of its scope."""
        yield from ()

    def resolved(self, rules: "Mapping[str, RuleEntry]") -> "RuleEntry":
        """With what it takes from other rules, all of which are given by id. What is not there stays as it is."""
        return self

    def expanded(self, folder: Path) -> "Sequence[RuleEntry]":
        """The rules that it stands for, usually itself; files beside it, in `folder`, that it names are read.

        Raises Misconfigured with all that is wrong in those files.
        """
        return [self]


class MetricEntry(RuleEntry):
    """A rule on values of one metric. `evidence_for`: how many of its own intervals a device's reading is believed."""

    metric: str
    hold: Seconds = 0.0
    clear: Seconds = 0.0
    evidence_for: Intervals = 3.0

    def timing(self) -> Timing:
        return Timing(hold=round(self.hold * MICROS_PER_S), clear=round(self.clear * MICROS_PER_S))

    def reporting(self, registry: Registry) -> tuple[Device, ...]:
        """Devices in scope whose kind reports the metric."""
        return tuple(
            device for device in self.scope.devices(registry) if self.metric in registry.kinds[device.kind].metrics
        )

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from super().faults(ground)
        if self.metric not in ground.catalogue:
            hint = did_you_mean(self.metric, ground.catalogue.codes)
            yield ("metric",), f"metric {self.metric!r} is not in the catalogue; add it or mend its spelling{hint}"
            return
        for kind in self.scope.kinds:
            if kind in ground.kinds and self.metric not in (reported := ground.kinds[kind].metrics):
                yield (
                    ("scope", "kinds"),
                    f"devices of kind {kind} do not report {self.metric}; they report {', '.join(reported)}",
                )


class TableName(Strict):
    table: str


def one_limit(value: Any) -> float | TableName:
    """The same for all devices, or by table. Raises ValueError for anything else that a file may say."""
    if isinstance(value, float | int) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    if isinstance(value, dict) and set(value) == {"table"} and isinstance(value["table"], str):
        return TableName(table=value["table"])
    raise ValueError("is neither a number such as 60, nor {table: gb3096}, nor {share: 0.8, of: depth}")


LIMIT_SCHEMA: Mapping[str, Any] = {
    "anyOf": [
        {"type": "number"},
        {
            "type": "object",
            "properties": {"table": {"type": "string"}},
            "required": ["table"],
            "additionalProperties": False,
        },
    ]
}


def limit_faults(limit: object, *, unit: str, metric: str, ground: Ground) -> Iterator[Fault]:
    """Of a limit under the key `limit` in the `unit` of the file, where the metric is one of the catalogue."""
    own = ground.catalogue[metric].unit
    if unit != own:
        yield ("unit",), f"unit {unit!r} is not that of {metric}; write the limit in {own}"
    if not isinstance(limit, TableName):
        return
    table = ground.tables.get(limit.table)
    if table is None:
        hint = did_you_mean(limit.table, ground.tables)
        known = ", ".join(ground.tables) or "none"
        yield ("limit",), f"limit.table {limit.table!r} is not known; known are {known}{hint}"
    elif table.unit != own:
        yield ("limit",), f"table {table.id} is in {table.unit}, but {metric} in {own}; choose another table"
