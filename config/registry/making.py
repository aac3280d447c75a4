"""Makes devices of entries; what many of them say alike is kept once."""

import sys
from collections.abc import Hashable, Mapping

from config.loading import Where
from config.registry.coordinates import why_not_here
from config.registry.entries import DeviceEntry
from domain.devices import NO_FIGURES, PLAIN, Device, DeviceKind, Dialect
from domain.places import City, Place


class Maker:
    """For one city and its kinds."""

    def __init__(self, city: City, kinds: Mapping[str, DeviceKind]) -> None:
        self._city = city
        self._kinds = kinds
        self._dialects: dict[Hashable, Dialect] = {}

    def make(self, entry: DeviceEntry) -> tuple[Device | None, list[tuple[Where, str]]]:
        """The device, None without its kind or when it cannot be; and what is wrong with it by itself."""
        reason = why_not_here(entry.lon, entry.lat, self._city)
        faults: list[tuple[Where, str]] = [(("lon",), f"device {entry.id}: {reason}")] if reason else []
        kind = self._kinds.get(entry.kind)
        try:
            return self._device(entry, kind) if kind else None, faults
        except ValueError as exc:
            return None, [*faults, (("grid_cell",), str(exc))]

    def _device(self, entry: DeviceEntry, kind: DeviceKind) -> Device:
        return Device(
            id=entry.id,
            kind=kind.code,
            zh=entry.zh,
            en=entry.en or entry.zh,
            place=Place(lon=entry.lon, lat=entry.lat),
            interval_s=kind.interval_s if entry.interval is None else entry.interval,
            zone=entry.zone,
            district=_shared(entry.district),
            road=_shared(entry.road),
            grid_cell=_shared(entry.grid_cell),
            department=_shared(entry.department),
            parent=_shared(entry.parent),
            aliases=entry.aliases,
            dialect=self._dialect(entry),
            figures=entry.figures or NO_FIGURES,
        )

    def _dialect(self, entry: DeviceEntry) -> Dialect:
        if entry.dialect is None:
            return PLAIN
        key = entry.dialect.key()
        if key not in self._dialects:
            self._dialects[key] = entry.dialect.dialect()
        return self._dialects[key]


def _shared(name: str | None) -> str | None:
    return None if name is None else sys.intern(name)
