"""Which devices an effect or a fault is about: named one by one, or chosen from all that fit."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from config.loading import Strict
from domain.devices import Device, Registry
from domain.places import NoiseZone
from simulators.dice import Dice


class TargetEntry(Strict):
    """All conditions hold together; none at all means every device. `pick` takes so many of them by chance."""

    devices: tuple[str, ...] = ()
    kind: str | None = None
    zone: NoiseZone | None = None
    district: str | None = None
    road: str | None = None
    parent: str | None = None
    pick: Annotated[int, Field(ge=1)] | None = None

    def fits(self, device: Device) -> bool:
        return (not self.devices or device.id in self.devices) and all(
            wanted is None or getattr(device, field) == wanted for field, wanted in self._conditions()
        )

    def _conditions(self) -> Iterator[tuple[str, str | None]]:
        for field in ("kind", "zone", "district", "road", "parent"):
            yield field, getattr(self, field)

    def faults(self, registry: Registry) -> Iterator[str]:
        """What is wrong with the target in this city, as sentences; nothing when it can be hit."""
        unknown = [device for device in self.devices if device not in registry.devices]
        if unknown:
            yield f"devices {', '.join(unknown)} are not in the registry; name devices that are"
        elif not any(self.fits(device) for device in registry):
            chosen = ", ".join(f"{field} {value}" for field, value in self._conditions() if value is not None)
            yield f"no device fits {chosen}; choose conditions that some device meets"


_REMEMBERED = 256
"""Occurrences whose choice is kept; an older one is chosen again, the same."""


class Choice:
    """The devices of one target, occurrence by occurrence; with `pick` every occurrence chooses anew."""

    def __init__(self, target: TargetEntry, registry: Registry, dice: Dice) -> None:
        self._fitting = tuple(device.id for device in registry if target.fits(device))
        self._all = frozenset(self._fitting)
        self._pick = target.pick
        self._dice = dice
        self._chosen: OrderedDict[int, frozenset[str]] = OrderedDict()

    def devices(self, occurrence: int) -> frozenset[str]:
        if self._pick is None:
            return self._all
        if occurrence not in self._chosen:
            base = occurrence * 100_003
            ranked = sorted(range(len(self._fitting)), key=lambda i: self._dice.uniform(base + i))
            self._chosen[occurrence] = frozenset(self._fitting[i] for i in ranked[: self._pick])
            if len(self._chosen) > _REMEMBERED:
                self._chosen.popitem(last=False)
        return self._chosen[occurrence]
