"""`window`: an aggregate over windows of the city's clock, against a number or a dated table of limits."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.durations import Seconds
from domain.devices import Registry
from domain.instants import MICROS_PER_S
from rules.core.comparing import Comparison
from rules.device_limits import AnyLimit
from rules.entries import Fault, Ground, MetricEntry, RuleEntry, TableName, limit_faults
from rules.judges import Site
from rules.kinds.threshold import bound_limit, limit_misfits, read_limit
from rules.windows.aggregates import LEVEL_EXCEEDED, Aggregate, unfit, unit_of
from rules.windows.grid import DAY_S, grid_of
from rules.windows.judging import Plan, WindowJudge

LONGEST_S = 31 * DAY_S
MOST_STEPS = 1_440
"""A day in minutes. So many steps of a sliding window are kept of every series."""


class WindowedEntry(MetricEntry):
    """`window`: how long; `every`: how often a sliding one ends, left out for windows that follow each other.

    `coverage`: the share of a window that has to be covered by readings; below it the window says nothing.
    """

    window: Seconds
    every: Seconds | None = None
    coverage: Annotated[float, Field(ge=0, le=1)] = 0.75

    @model_validator(mode="after")
    def _is_on_the_clock(self) -> Self:
        step = self.step()
        if not 0 < self.window <= LONGEST_S:
            raise ValueError("window must be longer than 0s and no longer than 31d")
        if step < 1 or (DAY_S % step and step % DAY_S):
            key = "window" if self.every is None else "every"
            raise ValueError(f"{key}: {step:g} s neither divides a day nor is whole days; write 1m, 15m, 1h, 8h or 1d")
        if self.window % step:
            raise ValueError(f"window {self.window:g} s is no multiple of {step:g} s, its every; change one of them")
        if self.window // step > MOST_STEPS:
            raise ValueError(f"window is {self.window // step:g} times every; make every longer, up to 1440 times")
        return self

    def step(self) -> float:
        """How often a window ends, in seconds."""
        return self.window if self.every is None else self.every

    def steps(self) -> int:
        """How many steps a window has."""
        return round(self.window / self.step())


class WindowEntry(WindowedEntry):
    """`p`: which percentile, with `aggregate: percentile`. `unit` is that of the aggregate, such as kWh/h of a rate."""

    kind: Literal["window"]
    aggregate: Literal["energy_mean", "mean", "max", "min", "l10", "l50", "l90", "percentile", "count", "sum", "rate"]
    p: Annotated[float, Field(gt=0, lt=100)] | None = None
    unit: str
    compare: Literal["<", "<=", ">=", ">"]
    limit: AnyLimit
    dead_band: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _names_its_percentile(self) -> Self:
        if (self.aggregate == "percentile") != (self.p is not None):
            raise ValueError("p belongs to aggregate: percentile, and to no other; write p: 95 beside it")
        return self

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from super().faults(ground)
        if self.metric not in ground.catalogue:
            return
        metric, aggregate = ground.catalogue[self.metric], Aggregate(self.aggregate)
        remedy = unfit(aggregate, metric.averaging)
        if remedy is not None:
            yield ("aggregate",), f"{self.aggregate} of {self.metric} means nothing; {remedy}"
        unit = unit_of(aggregate, metric.unit)
        if unit == metric.unit:
            yield from limit_faults(self.limit, unit=self.unit, metric=self.metric, ground=ground)
        elif self.unit != unit:
            yield ("unit",), f"unit {self.unit!r} is not that of the {self.aggregate} of {self.metric}; write {unit!r}"
        elif isinstance(self.limit, TableName):
            yield ("limit",), f"no table has limits in {unit}; write a number"

    def misfits(self, registry: Registry) -> Iterator[Fault]:
        yield from super().misfits(registry)
        yield from limit_misfits(self.limit, registry)

    def expanded(self, folder: Path) -> Sequence[RuleEntry]:
        """With the limits of devices that stand in a table of their own."""
        return [self.model_copy(update={"limit": read_limit(self.limit, folder)})]


def compile_window(entry: WindowEntry, site: Site) -> WindowJudge:
    """Devices for which the limit says nothing are not judged."""
    aggregate = Aggregate(entry.aggregate)
    limits, devices = bound_limit(entry.limit, entry.reporting(site.registry), site)
    return WindowJudge(
        entry,
        site,
        devices=devices,
        limits=limits,
        plan=Plan(
            aggregate=aggregate,
            percent=LEVEL_EXCEEDED.get(aggregate, entry.p),
            grid=grid_of(site.registry.city.timezone, round(entry.step() * MICROS_PER_S)),
            steps=entry.steps(),
            comparison=Comparison(entry.compare),
            dead_band=entry.dead_band,
            coverage=entry.coverage,
        ),
    )
