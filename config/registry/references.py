"""The names that a device refers to: its kind, its district, road and department, its parent, its metrics."""

import heapq
from collections.abc import Iterator, Mapping

from config.loading import Where
from config.registry.entries import DeviceEntry
from domain.devices import DeviceKind
from domain.places import City

_SHOWN = 5


class References:
    """What there is to refer to: in the city, among the kinds, and among the `devices` of the whole registry; None
    leaves the parents to somebody who knows them all.
    """

    def __init__(self, city: City, kinds: Mapping[str, DeviceKind], devices: set[str] | None) -> None:
        self._kinds = kinds
        self._by_field: dict[str, set[str]] = {
            "kind": set(kinds),
            "district": {district.id for district in city.districts},
            "road": {road.id for road in city.roads},
            "department": {department.id for department in city.departments},
        }
        if devices is not None:
            self._by_field["parent"] = devices
        self._suggestions: dict[str, str] = {}

    def faults(self, entry: DeviceEntry) -> Iterator[tuple[Where, str]]:
        """Path and message of every name that leads nowhere."""
        for name, names in self._by_field.items():
            value = getattr(entry, name)
            if value is not None and value not in names:
                yield (name,), f"device {entry.id}: {name} {value!r} is not known; {self._suggest(name)}"
        if entry.parent == entry.id:
            yield ("parent",), f"device {entry.id} is its own parent; name the device that it hangs on, or leave it out"
        if entry.dialect is not None and entry.kind in self._kinds:
            yield from self._metric_faults(entry.id, entry.dialect.metrics, self._kinds[entry.kind])

    def _metric_faults(self, device: str, metrics: Mapping[str, str], kind: DeviceKind) -> Iterator[tuple[Where, str]]:
        for code, metric in metrics.items():
            if metric not in kind.metrics:
                known = f"known are {', '.join(kind.metrics)}"
                message = f"device {device}: {code} cannot be {metric!r}, no metric of a {kind.code}; {known}"
                yield ("dialect", "metrics", code), message

    def _suggest(self, name: str) -> str:
        if name not in self._suggestions:
            names = self._by_field[name]
            some = ", ".join(heapq.nsmallest(_SHOWN, names))
            more = "…" if len(names) > _SHOWN else ""
            self._suggestions[name] = f"known are {some}{more}" if names else "none is defined"
        return self._suggestions[name]
