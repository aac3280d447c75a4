"""`frozen`: a sensor whose values do not move any more, although it reports: stuck, not calm."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from domain.instants import MICROS_PER_S
from domain.metrics import Averaging
from rules.core.comparing import Comparison
from rules.entries import Fault, Ground
from rules.judges import Site
from rules.kinds.window import WindowedEntry
from rules.limits import FixedLimit
from rules.windows.aggregates import Aggregate
from rules.windows.grid import grid_of
from rules.windows.judging import Plan, WindowJudge


class FrozenEntry(WindowedEntry):
    """Largest minus smallest value of a sliding window of at least `readings` readings is no more than `band`.

    `band` in `unit`, the metric's: 0 means exact repeats; the sensor's resolution, that it only trembles in its last
    digit. Windows with fewer readings say nothing: silence is never frozen.
    """

    kind: Literal["frozen"]
    unit: str
    band: Annotated[float, Field(ge=0)] = 0.0
    readings: Annotated[int, Field(ge=2)] = 10

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from super().faults(ground)
        if self.metric not in ground.catalogue:
            return
        metric = ground.catalogue[self.metric]
        if metric.averaging in (Averaging.LAST, Averaging.COUNTER):
            yield ("metric",), f"{self.metric} is a state or a counter: it may stand still; choose what is measured"
        if self.unit != metric.unit:
            yield ("unit",), f"unit {self.unit!r} is not that of {self.metric}; write the band in {metric.unit}"


def compile_frozen(entry: FrozenEntry, site: Site) -> WindowJudge:
    """Compliant is a range of values above the band."""
    return WindowJudge(
        entry,
        site,
        devices=entry.reporting(site.registry),
        limits=FixedLimit(entry.band),
        plan=Plan(
            aggregate=Aggregate.RANGE,
            percent=None,
            grid=grid_of(site.registry.city.timezone, round(entry.step() * MICROS_PER_S)),
            steps=entry.steps(),
            comparison=Comparison.ABOVE,
            dead_band=0.0,
            coverage=entry.coverage,
            fewest=entry.readings,
        ),
    )
