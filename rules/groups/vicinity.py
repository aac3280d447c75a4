"""Which devices stand near each other, or on the same road or in the same district."""

from collections.abc import Sequence

import numpy as np

from domain.devices import Device
from rules.columns import Index
from rules.groups.neighbours import near


def within(devices: Sequence[Device], km: float) -> list[Index]:
    """For every device the places of the others within a distance."""
    places = [device.place for device in devices]
    centre, other = near(places, places, metres=1000 * km)
    centre, other = centre[centre != other], other[centre != other]
    return np.split(other, np.searchsorted(centre, np.arange(1, len(devices)))) if devices else []


def within_same(devices: Sequence[Device], field: str) -> list[Index]:
    """For every device the places of the others with the same road or district; none where it has none."""
    members: dict[str, list[int]] = {}
    for place, device in enumerate(devices):
        members.setdefault(getattr(device, field) or "", []).append(place)
    members[""] = []
    groups = {name: np.array(places, dtype=np.intp) for name, places in members.items()}
    own = [groups[getattr(device, field) or ""] for device in devices]
    return [group[group != place] for place, group in enumerate(own)]
