"""Holds what files say about devices against the city, the kinds and each other; every fault at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from config.loading import Where, shape_faults
from config.registry.coordinates import is_swapped
from config.registry.entries import DeviceEntry
from config.registry.listing import Listing
from config.registry.making import Maker
from config.registry.naming import naming_faults
from config.registry.references import References
from domain.devices import Device, DeviceKind
from domain.errors import Misconfigured, Problem
from domain.places import City

_ALL = TypeAdapter(list[DeviceEntry])
PORTION = 500
"""Devices that are made at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong with device `index` of a listing, at a path inside it."""

    index: int
    where: Where
    message: str
    is_about_shape: bool = False
    """Then nobody knows the device yet: the message gets the place's own label before it."""

    def problem(self, listing: Listing) -> Problem:
        spot = listing.spot(self.index, self.where)
        return spot.problem(f"{spot.label}: {self.message}" if self.is_about_shape else self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What became of a listing. `entries` are those of the right shape, `devices` those that can be built;
    where an id stands twice, which of the two is open.
    """

    entries: Sequence[DeviceEntry]
    devices: Mapping[str, Device]
    problems: Sequence[Problem]


def examined(listing: Listing, *, city: City, kinds: Mapping[str, DeviceKind]) -> Examined:
    """All devices of the listing, in its order, and all that is wrong with them."""
    entries, faults = validated(listing, city)
    references = References(city, kinds, {entry.id for _, entry in entries})
    maker = Maker(city, kinds)
    devices: dict[str, Device] = {}
    seen: set[str] = set()
    for index, entry in entries:
        device, found = maker.make(entry)
        found.extend(references.faults(entry))
        if entry.id in seen:
            found.append((("id",), f"device {entry.id} stands twice; give every device its own id"))
        faults += [Fault(index=index, where=where, message=message) for where, message in found]
        seen.add(entry.id)
        if device is not None:
            devices[entry.id] = device
    faults += [Fault(index=index, where=where, message=text) for index, where, text in naming_faults(entries)]
    faults.sort(key=lambda fault: fault.index)
    return Examined(
        entries=[entry for _, entry in entries],
        devices=devices,
        problems=[fault.problem(listing) for fault in faults],
    )


def checked(listing: Listing, *, city: City, kinds: Mapping[str, DeviceKind]) -> Mapping[str, Device]:
    """The devices by their ids, in the listing's order. Raises Misconfigured with all problems."""
    devices = _without_fault(listing, city, kinds)
    if devices is not None:
        return devices
    found = examined(listing, city=city, kinds=kinds)
    if found.problems:
        raise Misconfigured(list(found.problems))
    return found.devices


def _without_fault(listing: Listing, city: City, kinds: Mapping[str, DeviceKind]) -> dict[str, Device] | None:
    """The devices, made in portions so that what they are made of takes little memory; None at the first fault."""
    references = References(city, kinds, None)
    maker = Maker(city, kinds)
    devices: dict[str, Device] = {}
    for start in range(0, len(listing.contents), PORTION):
        try:
            entries = _ALL.validate_python(listing.contents[start : start + PORTION])
        except ValidationError:
            return None
        for entry in entries:
            device, faults = maker.make(entry)
            if device is None or faults or entry.id in devices or any(references.faults(entry)):
                return None
            devices[entry.id] = device
    are_hung = all(device.parent is None or device.parent in devices for device in devices.values())
    is_named = not any(naming_faults([(0, device) for device in devices.values()]))
    return devices if are_hung and is_named else None


def validated(listing: Listing, city: City) -> tuple[list[tuple[int, DeviceEntry]], list[Fault]]:
    """The devices that have the right shape, with their index, and the faults of the others."""
    try:
        return list(enumerate(_ALL.validate_python(listing.contents))), []
    except ValidationError:
        entries: list[tuple[int, DeviceEntry]] = []
        faults: list[Fault] = []
        for index, content in enumerate(listing.contents):
            try:
                entries.append((index, DeviceEntry.model_validate(content)))
            except ValidationError as exc:
                faults += _shape_faults(index, content, exc, city)
        return entries, faults


def _shape_faults(index: int, content: Any, problems: ValidationError, city: City) -> Iterator[Fault]:
    swapped = isinstance(content, Mapping) and is_swapped(content.get("lon"), content.get("lat"), city)
    for where, message in shape_faults(DeviceEntry, problems):
        advice = "; lon and lat look swapped" if swapped and where in (("lon",), ("lat",)) else ""
        yield Fault(index=index, where=where, message=message + advice, is_about_shape=True)
