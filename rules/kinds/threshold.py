"""`threshold`: a value against a number, a table of limits, the device's own limit, or a ladder of severities."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from domain.conditions import RuleCard
from domain.devices import Device, Registry
from rules.core.comparing import Comparison
from rules.device_limits import AnyLimit, AnyOf, DeviceLimits, PerDevice, Share, ShareLimits, with_limit
from rules.entries import Fault, Ground, MetricEntry, RuleEntry, TableName, limit_faults
from rules.judges import Site
from rules.kinds.ladder import Rungs, fault_of
from rules.limits import FixedLimit, Limits, TableLimits
from rules.series.judge import SeriesJudge
from rules.tables import Timeline

LONGEST_LADDER_ID = 57
"""The names of the rungs add up to seven characters, and an id has 64."""


class ThresholdEntry(MetricEntry):
    """`compare` is how a compliant value relates to the limit. A value inside of `dead_band` keeps the condition.

    `levels` stands for a rule for each rung; then `severity` and `limit` are those of the highest.
    """

    kind: Literal["threshold"]
    unit: str
    compare: Literal["<", "<=", ">=", ">"]
    limit: AnyLimit
    levels: Rungs = ()
    dead_band: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="before")
    @classmethod
    def _stands_for_the_highest(cls, content: Any) -> Any:
        rungs = content.get("levels") if isinstance(content, dict) else None
        if not isinstance(rungs, list) or not rungs or not isinstance(rungs[-1], dict):
            return content
        both = [key for key in ("severity", "limit") if key in content]
        if both:
            raise ValueError(f"{both[0]} and levels exclude each other; every rung has its own: remove {both[0]}")
        return {**content, "severity": rungs[-1].get("severity"), "limit": rungs[-1].get("limit")}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> Any:
        """Either severity and limit, or levels."""
        schema = super().__get_pydantic_json_schema__(core, handler)
        resolved = handler.resolve_ref_schema(schema)
        resolved["required"] = [key for key in resolved["required"] if key not in ("severity", "limit")]
        resolved["anyOf"] = [{"required": ["severity", "limit"]}, {"required": ["levels"]}]
        return schema

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from super().faults(ground)
        if self.metric in ground.catalogue:
            yield from limit_faults(self.limit, unit=self.unit, metric=self.metric, ground=ground)

    def misfits(self, registry: Registry) -> Iterator[Fault]:
        yield from super().misfits(registry)
        yield from limit_misfits(self.limit, registry)

    def expanded(self, folder: Path) -> Sequence[RuleEntry]:
        """Each rung of a ladder; limits of a table read."""
        if not self.levels:
            return [self.model_copy(update={"limit": read_limit(self.limit, folder)})]
        return [RungEntry.of(self, number) for number in range(len(self.levels))]


class RungEntry(ThresholdEntry):
    """One rung of a ladder, made of the rule that stands in the file: `pm-high` has `pm-high-white`, and so on."""

    ladder: str
    rung: int

    @classmethod
    def of(cls, entry: ThresholdEntry, number: int) -> "RungEntry":
        """The rung at a place among the levels, from 0; the rungs themselves count from 1."""
        rung = entry.levels[number]
        content = {name: getattr(entry, name) for name in ThresholdEntry.model_fields}
        content |= {
            "id": f"{entry.id}-{rung.severity}",
            "zh": f"{entry.zh}{f' · {rung.zh}' if rung.zh else ''}",
            "en": f"{entry.en}{f', {rung.en}' if rung.en else ''}",
            "severity": rung.severity,
            "clause": rung.clause or entry.clause,
            "limit": rung.limit,
        }
        return cls.model_construct(**content, ladder=entry.id, rung=number + 1)

    def faults(self, ground: Ground) -> Iterator[Fault]:
        """Those of the ladder, told by its first rung alone."""
        if self.rung != 1:
            return
        yield from super().faults(ground)
        if len(self.ladder) > LONGEST_LADDER_ID:
            yield ("id",), f"id of a ladder has {len(self.ladder)} characters; use {LONGEST_LADDER_ID} at most"
        fault = fault_of(self.levels, self.compare)
        if fault:
            yield ("levels", fault[0]), f"levels.{fault[0]}: {fault[1]}"

    def meaning(self) -> dict[str, Any]:
        """A rung is judged by its own limit, whatever the others are."""
        return {key: value for key, value in super().meaning().items() if key not in ("levels", "rung")}

    def card(self, *, unit: str) -> RuleCard:
        return replace(super().card(unit=unit), ladder=self.ladder, rung=self.rung)


def read_limit(limit: AnyOf, folder: Path) -> AnyOf:
    """With the table of devices that it may name. Raises Misconfigured with all that is wrong in it."""
    return limit.read(folder) if isinstance(limit, PerDevice) else limit


def limit_misfits(limit: AnyOf, registry: Registry) -> Iterator[Fault]:
    """Limits of devices that the city does not have."""
    if isinstance(limit, PerDevice):
        yield from ((("limit", *where), message) for where, message in limit.misfits(registry))


def bound_limit(limit: AnyOf, devices: tuple[Device, ...], site: Site) -> tuple[Limits, tuple[Device, ...]]:
    """What the limit is for each device; devices that it leaves out (no noise zone, no limit of their own) are not."""
    match limit:
        case PerDevice():
            devices = with_limit(limit, devices)
            return DeviceLimits(limit, devices), devices
        case Share():
            devices = limit.within(devices)
            return ShareLimits(limit, devices), devices
        case TableName():
            table = site.tables[limit.table]
            devices = tuple(device for device in devices if device.zone is not None or not table.needs_zone)
            timeline = Timeline(table, site.registry.city.timezone)
            return TableLimits(timeline, devices, needs_zone=table.needs_zone), devices
        case number:
            return FixedLimit(number), devices


def compile_threshold(entry: ThresholdEntry, site: Site) -> SeriesJudge:
    """With a table by noise zone, devices without one are not judged."""
    limits, devices = bound_limit(entry.limit, entry.reporting(site.registry), site)
    return SeriesJudge(
        entry,
        site,
        devices=devices,
        limits=limits,
        comparison=Comparison(entry.compare),
        dead_band=entry.dead_band,
    )
