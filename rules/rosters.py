"""The devices of a rule with their names, targets and places, once for all rules that judge the same devices."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domain.conditions import Target, TargetKind
from domain.devices import Device
from domain.readings import Vocabulary
from rules.columns import Index


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Roster:
    """Devices in the order of a rule's columns."""

    devices: tuple[Device, ...]
    ids: tuple[str, ...]
    targets: tuple[Target, ...]
    """Every device as a target of its own."""
    keys: tuple[str, ...]
    """The targets as a snapshot spells them."""
    place_of: Index
    """From a vocabulary's device ordinal to the place in the columns, -1 for all other devices. Not to be changed."""


def roster_of(devices: Sequence[Device], vocabulary: Vocabulary) -> Roster:
    """Raises KeyError for a device that the vocabulary does not have."""
    ids = tuple([device.id for device in devices])
    targets = tuple([Target(kind=TargetKind.DEVICE, id=device) for device in ids])
    place_of = np.full(len(vocabulary.devices), -1, dtype=np.intp)
    place_of[[vocabulary.device_ordinal[device] for device in ids]] = np.arange(len(ids))
    place_of.flags.writeable = False
    return Roster(
        devices=tuple(devices),
        ids=ids,
        targets=targets,
        keys=tuple([str(target) for target in targets]),
        place_of=place_of,
    )
