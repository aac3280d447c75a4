"""What is demanded of a metric, as a section of a rule may say it: one normal value, or a limit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.loading import Strict
from domain.devices import Device, Registry
from rules.core.comparing import Comparison
from rules.device_limits import AnyLimitOrNone
from rules.entries import Fault, Ground, limit_faults
from rules.judges import Site
from rules.kinds.threshold import bound_limit, limit_misfits, read_limit
from rules.limits import FixedLimit, Limits


class Demand(Strict):
    """Either `normal`, the one good value, or `compare`, `limit` and `unit` as in `threshold`."""

    normal: float | None = None
    unit: str | None = None
    compare: Literal["<", "<=", ">=", ">"] | None = None
    limit: AnyLimitOrNone = None
    dead_band: Annotated[float, Field(ge=0)] = 0.0

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        fault = self.shape_fault()
        if fault:
            raise ValueError(fault)
        return self

    def shape_fault(self) -> str:
        """What is missing or too much; empty when nothing is."""
        measured = {"unit": self.unit, "compare": self.compare, "limit": self.limit}
        given = [key for key, value in measured.items() if value is not None]
        if self.normal is not None and given:
            return f"normal and {given[0]} exclude each other; remove one of the two"
        missing = [key for key in measured if key not in given]
        if self.normal is None and missing:
            return f"{missing[0]} is missing; give normal, or all of {', '.join(measured)}"
        return ""

    @property
    def comparison(self) -> Comparison:
        return Comparison(self.compare) if self.compare else Comparison.EQUAL

    def demand_faults(self, metric: str, ground: Ground) -> Iterator[Fault]:
        if self.unit is not None and metric in ground.catalogue:
            yield from limit_faults(self.limit, unit=self.unit, metric=metric, ground=ground)

    def demand_misfits(self, registry: Registry) -> Iterator[Fault]:
        if self.limit is not None:
            yield from limit_misfits(self.limit, registry)

    def with_limit_read(self, folder: Path) -> Self:
        """With the table of devices that it may name. Raises Misconfigured with all that is wrong in it."""
        return self if self.limit is None else self.model_copy(update={"limit": read_limit(self.limit, folder)})

    def bound(self, devices: tuple[Device, ...], site: Site) -> tuple[Limits, tuple[Device, ...]]:
        """The limit of each device; devices that have none are left out."""
        if self.limit is not None:
            return bound_limit(self.limit, devices, site)
        return FixedLimit(float(self.normal or 0.0)), devices
