"""`threshold`: a value against a number, or against a dated table of limits by noise zone and time of day."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from rules.comparing import Comparison
from rules.entries import Fault, Ground, Limit, MetricEntry, TableName, limit_faults
from rules.limits import FixedLimit, TableLimits
from rules.program import Site
from rules.series import SeriesJudge
from rules.tables import Timeline


class ThresholdEntry(MetricEntry):
    """`compare` is how a compliant value relates to the limit. A value inside of `dead_band` keeps the condition."""

    kind: Literal["threshold"]
    unit: str
    compare: Literal["<", "<=", ">=", ">"]
    limit: Limit
    dead_band: Annotated[float, Field(ge=0)] = 0.0

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from super().faults(ground)
        if self.metric in ground.catalogue:
            yield from limit_faults(self.limit, unit=self.unit, metric=self.metric, ground=ground)


def compile_threshold(entry: ThresholdEntry, site: Site) -> SeriesJudge:
    """With a table by noise zone, devices without one are not judged."""
    devices = entry.reporting(site.registry)
    limits: FixedLimit | TableLimits
    if isinstance(entry.limit, TableName):
        table = site.tables[entry.limit.table]
        devices = tuple(device for device in devices if device.zone is not None or not table.needs_zone)
        timeline = Timeline(table, site.registry.city.timezone)
        limits = TableLimits(timeline, devices, needs_zone=table.needs_zone)
    else:
        limits = FixedLimit(entry.limit)
    return SeriesJudge(
        entry,
        site,
        devices=devices,
        limits=limits,
        comparison=Comparison(entry.compare),
        dead_band=entry.dead_band,
    )
