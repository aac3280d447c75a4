"""What reports: devices (部件), their kinds, and the registry that knows them all."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from domain.places import City, NoiseZone, Place

_GRID_CELL = re.compile(r"[0-9]{15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceKind:
    """A kind of device. Data (config/catalogue.yaml): code, names, the metrics it may report, its usual interval."""

    code: str
    zh: str
    en: str
    metrics: tuple[str, ...]
    interval_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one device speaks where its format leaves that open. Empty: by the format's own words."""

    timezone: str | None = None
    """IANA zone of times that come without one."""
    units: Mapping[str, str] = field(default_factory=dict)
    """Code on the wire → the unit that this device sends under it, whatever the format says."""
    metrics: Mapping[str, str] = field(default_factory=dict)
    """Code on the wire → metric code, where this device means something else than its format usually does."""
    missing: frozenset[float] = frozenset()
    """Values that this device sends instead of a measurement (-999, 65535)."""
    codec: str | None = None
    """Which codec reads its binary payload; docs/codecs.md lists them."""
    decimal_comma: bool = False
    installed: tuple[float, float, float] | None = None
    """Angles x, y, z in degrees that an inclinometer shows as installed; its tilt is measured from there."""


PLAIN = Dialect()
NO_FIGURES: Mapping[str, float] = {}
"""One for all devices that have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device of the city. `interval_s` is its own reporting interval: silence is measured against it."""

    id: str
    kind: str
    zh: str
    en: str
    place: Place
    interval_s: float
    zone: NoiseZone | None = None
    district: str | None = None
    road: str | None = None
    grid_cell: str | None = None
    department: str | None = None
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    """Other names that it goes by on the wire: its EUI, its MN, its name at a second network."""
    dialect: Dialect = PLAIN
    figures: Mapping[str, float] = field(default_factory=lambda: NO_FIGURES)
    """Numbers of its own that limits refer to, such as the depth of its shaft; docs/registry.md says in which unit."""

    def __post_init__(self) -> None:
        if not self.interval_s > 0:
            raise ValueError(f"device {self.id}: interval_s {self.interval_s} must be above 0 seconds")
        if self.grid_cell is not None and not _GRID_CELL.fullmatch(self.grid_cell):
            raise ValueError(f"device {self.id}: grid cell {self.grid_cell!r} must have 15 digits (GB/T 30428.1)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The city's devices, kinds and places; immutable, replaced whole when the registry changes."""

    city: City
    kinds: Mapping[str, DeviceKind]
    devices: Mapping[str, Device]

    def __iter__(self) -> Iterator[Device]:
        return iter(self.devices.values())

    def __len__(self) -> int:
        return len(self.devices)

    def of_kind(self, kind: str) -> tuple[Device, ...]:
        return tuple(device for device in self if device.kind == kind)

    def children(self, parent: str) -> tuple[Device, ...]:
        return tuple(device for device in self if device.parent == parent)
