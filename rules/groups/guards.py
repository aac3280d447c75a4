"""Another metric that masks a judgement, or lets it be made: a permit to work, a supply that is there."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, FiniteFloat, model_validator

from config.durations import Seconds
from config.loading import Strict
from config.suggestions import did_you_mean
from domain.devices import Device, Registry
from domain.instants import MICROS_PER_S
from rules.entries import Fault, Ground
from rules.groups.bundle import Known, Strand


class Guard(Strict):
    """Another metric, of the device itself, its parent or either. It says yes while its last reading is believed (for
    `lasts`, or three intervals of its device) and meets the one condition.
    """

    metric: str
    of: Literal["device", "parent", "either"] = "device"
    equals: FiniteFloat | None = None
    at_least: FiniteFloat | None = None
    at_most: FiniteFloat | None = None
    lasts: Annotated[Seconds, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if [self.equals, self.at_least, self.at_most].count(None) != 2:
            raise ValueError("write one of equals, at_least, at_most")
        return self

    def is_met(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Never by NaN."""
        low = self.at_least if self.equals is None else self.equals
        high = self.at_most if self.equals is None else self.equals
        met: npt.NDArray[np.bool_] = (values >= (-np.inf if low is None else low)) & (
            values <= (np.inf if high is None else high)
        )
        return met

    def strands(self, devices: tuple[Device, ...], registry: Registry) -> Iterator[Strand]:
        """One for the devices themselves, one for their parents, as asked."""
        if self.of != "parent":
            yield self._strand(devices, registry)
        if self.of != "device":
            yield self._strand(tuple(registry.devices.get(device.parent or "") for device in devices), registry)

    def _strand(self, devices: tuple[Device | None, ...], registry: Registry) -> Strand:
        saying = tuple(
            device if device is not None and self.metric in registry.kinds[device.kind].metrics else None
            for device in devices
        )
        return Strand(
            metric=self.metric,
            devices=saying,
            validity_us=tuple(
                round((self.lasts or (3 * device.interval_s if device else 0)) * MICROS_PER_S) for device in saying
            ),
        )

    def says_yes(self, known: Known, strands: slice) -> npt.NDArray[np.bool_]:
        """Whether any of its strands does, row by row."""
        met = known.is_valid[:, strands] & self.is_met(known.value[:, strands])
        return np.logical_or.reduce(met, axis=1, out=np.zeros(len(met), dtype=np.bool_))

    def faults(self, key: str, ground: Ground) -> Iterator[Fault]:
        """Of the guard that stands under `key`."""
        if self.metric not in ground.catalogue:
            hint = did_you_mean(self.metric, ground.catalogue.codes)
            yield (key, "metric"), f"{key}.metric {self.metric!r} is not in the catalogue{hint}"
