"""Every name on the wire belongs to one device: ids and aliases, folded as messages fold them."""

from collections.abc import Collection, Iterator

from config.loading import Where
from config.registry.entries import DeviceEntry
from domain.devices import Device
from domain.names import folded


def naming_faults(entries: Collection[tuple[int, DeviceEntry | Device]]) -> Iterator[tuple[int, Where, str]]:
    """Index, path and message of every name that two devices claim."""
    owners: dict[str, str] = {}
    for index, entry in entries:
        owner = owners.setdefault(folded(entry.id), entry.id)
        if owner != entry.id:
            message = f"device {entry.id} is on the wire the same as device {owner}; give every device its own id"
            yield index, ("id",), message
    claimed: dict[str, str] = {}
    for index, entry in entries:
        for position, alias in enumerate(entry.aliases):
            name = folded(alias)
            owner = owners.get(name) or claimed.setdefault(name, entry.id)
            if owner != entry.id:
                whose = "the id" if name in owners else "an alias"
                message = f"device {entry.id}: alias {alias!r} is {whose} of device {owner}; a name leads to one device"
                yield index, ("aliases", position), message
