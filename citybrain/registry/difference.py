"""What an import or an adoption would change, device by device and field by field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.registry.entries import DeviceEntry
from config.registry.listing import Spot
from config.registry.writing import fields_of

Pair = tuple[Any, Any]
"""Before and after; None where nothing was or will be said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A device that stays, and its fields that do not."""

    id: str
    fields: Mapping[str, Pair]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    added: tuple[DeviceEntry, ...] = ()
    changed: tuple[Changed, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: int = 0
    faulty: Mapping[str, Spot] = field(default_factory=dict)
    """Devices that are installed, and named by a row which cannot be read as a device: they stay as they are."""

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.removed)


def difference(
    before: Iterable[DeviceEntry], after: Iterable[DeviceEntry], *, unreadable: Mapping[str, Spot]
) -> Difference:
    """From one registry to the other. Of an id that stands twice the last counts. `unreadable`: ids that are named
    afterwards by rows which are no devices, with their places; who is named was not removed.
    """
    old = {entry.id: entry for entry in before}
    new = {entry.id: entry for entry in after}
    faulty = {name: spot for name, spot in unreadable.items() if name in old and name not in new}
    changed = [
        Changed(id=name, fields=fields)
        for name, entry in new.items()
        if name in old and entry != old[name] and (fields := _fields(old[name], entry))
    ]
    added = tuple(entry for name, entry in new.items() if name not in old)
    return Difference(
        added=added,
        changed=tuple(changed),
        removed=tuple(name for name in old if name not in new and name not in faulty),
        unchanged=len(new) - len(added) - len(changed),
        faulty=faulty,
    )


def _fields(before: DeviceEntry, after: DeviceEntry) -> dict[str, Pair]:
    old, new = _flat(fields_of(before)), _flat(fields_of(after))
    names = dict.fromkeys((*old, *new))
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}


def _flat(fields: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = list(value) if isinstance(value, tuple) else value
    return found
