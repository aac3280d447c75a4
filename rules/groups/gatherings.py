"""Which conditions on which devices are looked at together: by road, by place, by parent, or around a device."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from domain.conditions import Target, TargetKind
from domain.devices import Device, Registry
from rules.columns import Index, Ints
from rules.groups.neighbours import near


class Same(StrEnum):
    """What devices have in common."""

    DEVICE = "device"
    PARENT = "parent"
    ROAD = "road"
    DISTRICT = "district"
    CELL = "cell"
    ZONE = "zone"
    CITY = "city"


TARGETS: Mapping[Same, TargetKind] = {
    Same.DEVICE: TargetKind.DEVICE,
    Same.PARENT: TargetKind.DEVICE,
    Same.ROAD: TargetKind.ROAD,
    Same.DISTRICT: TargetKind.DISTRICT,
    Same.CELL: TargetKind.CELL,
    Same.ZONE: TargetKind.ZONE,
    Same.CITY: TargetKind.CITY,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gatherings:
    """Groups with the members that belong to them: a member is one condition on one device.

    `group`, `condition` and `member` are rows of who belongs where, in that order; `by_member` the same rows in order
    of their member. `size`: members of each group (row) under each condition (column).
    """

    targets: tuple[Target, ...]
    group: Index
    condition: Index
    member: Index
    by_member: Index
    size: Ints

    def rows_of_groups(self, groups: Index) -> Index:
        """Rows of some groups, in their order."""
        return _ranges(np.searchsorted(self.group, groups), np.searchsorted(self.group, groups, side="right"))

    def rows_of_members(self, members: Index) -> tuple[Index, Index]:
        """Rows of some members, with repetitions, and for each row which of `members` it is for."""
        ordered = self.member[self.by_member]
        begins, ends = np.searchsorted(ordered, members), np.searchsorted(ordered, members, side="right")
        return self.by_member[_ranges(begins, ends)], np.repeat(np.arange(len(members)), ends - begins)


def together(same: Same, members: Sequence[Sequence[Device]], registry: Registry) -> tuple[list[Target], Index, Index]:
    """By what devices share. `members`: the devices of every condition, one member each, counted through.

    Targets in the order of the registry's devices, and for every membership its target's and its member's number.
    Devices without a road, district and so on belong nowhere. A parent that is a member itself belongs to its children.
    """
    parents = {device.parent for device in registry if device.parent is not None}
    keys = _KEYS[same]
    everyone = [device for devices in members for device in devices]
    names = [
        [*keys(device), *([device.id] if same is Same.PARENT and device.id in parents else [])] for device in everyone
    ]
    order = {name: place for place, name in enumerate(sorted({name for found in names for name in found}))}
    group = np.array([order[name] for found in names for name in found], dtype=np.intp)
    member = np.repeat(np.arange(len(everyone)), [len(found) for found in names])
    return [Target(kind=TARGETS[same], id=name) for name in order], group, member


def around(metres: float, members: Sequence[Sequence[Device]], *, alone: bool) -> tuple[list[Target], Index, Index]:
    """Around every device of the first condition, which is the target. `alone`: of the first condition only itself."""
    centres = members[0]
    groups, found = [], []
    offset = 0
    for number, devices in enumerate(members):
        if number == 0 and alone:
            first = second = np.arange(len(centres))
        else:
            places = [device.place for device in centres], [device.place for device in devices]
            first, second = near(*places, metres=metres)
        groups.append(first)
        found.append(second + offset)
        offset += len(devices)
    targets = [Target(kind=TargetKind.DEVICE, id=device.id) for device in centres]
    return targets, np.concatenate(groups), np.concatenate(found)


def gathered(
    targets: Sequence[Target], group: Index, member: Index, *, condition_of: Index, quorum: Ints, need: int
) -> Gatherings:
    """Groups in which so many conditions have as many members as they need; the others can never be violated."""
    conditions = len(quorum)
    size = np.zeros((len(targets), conditions), dtype=np.int64)
    np.add.at(size, (group, condition_of[member]), 1)
    able = (size >= quorum).sum(axis=1) >= need
    place = np.cumsum(able) - 1
    kept = able[group]
    group, member = place[group[kept]], member[kept]
    condition = condition_of[member]
    order = np.lexsort((member, condition, group))
    group, condition, member = group[order], condition[order], member[order]
    return Gatherings(
        targets=tuple(target for target, can in zip(targets, able.tolist(), strict=True) if can),
        group=group,
        condition=condition,
        member=member,
        by_member=np.argsort(member, kind="stable"),
        size=size[able],
    )


_KEYS: Mapping[Same, Callable[[Device], list[str]]] = {
    Same.DEVICE: lambda device: [device.id],
    Same.PARENT: lambda device: _given(device.parent),
    Same.ROAD: lambda device: _given(device.road),
    Same.DISTRICT: lambda device: _given(device.district),
    Same.CELL: lambda device: _given(device.grid_cell),
    Same.ZONE: lambda device: _given(device.zone),
    Same.CITY: lambda device: ["city"],
}


def _given(name: str | None) -> list[str]:
    return [] if name is None else [str(name)]


def _ranges(begins: Index, ends: Index) -> Index:
    """All numbers of [begin, end) of each pair, one after the other."""
    lengths = ends - begins
    before = np.cumsum(lengths) - lengths
    numbers: Index = np.arange(int(lengths.sum())) - np.repeat(before, lengths) + np.repeat(begins, lengths)
    return numbers
