"""The city's files: who it is (city.yaml) and what it has hung up (devices.yaml)."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator

from config.durations import Seconds
from config.loading import Strict, line_numbers, load, nearest_line, read_yaml
from domain.devices import Device, DeviceKind, Registry
from domain.errors import Misconfigured, Problem
from domain.places import City, Named, NoiseZone, Place, Road, RoadGrade

Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]


class NamedEntry(Strict):
    id: str
    zh: str
    en: str


class RoadEntry(NamedEntry):
    grade: RoadGrade


class CityFile(Strict):
    """`map` is a GeoJSON file beside this one; see docs/map.md for its layers."""

    zh: str
    en: str
    timezone: str
    lon: Longitude
    lat: Latitude
    districts: tuple[NamedEntry, ...] = ()
    roads: tuple[RoadEntry, ...] = ()
    departments: tuple[NamedEntry, ...] = ()
    map: str | None = None

    @field_validator("districts", "roads", "departments")
    @classmethod
    def _each_has_its_own_id(cls, entries: tuple[NamedEntry, ...]) -> tuple[NamedEntry, ...]:
        ids = [entry.id for entry in entries]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} stands twice; give every one its own id")
        return entries


class DeviceEntry(Strict):
    """One line of the registry. `interval` defaults to that of the kind."""

    id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    """As docs/wire.md spells it: another id could not be heard."""
    kind: str
    zh: str
    en: str
    lon: Longitude
    lat: Latitude
    interval: Annotated[Seconds, Field(gt=0)] | None = None
    zone: NoiseZone | None = None
    district: str | None = None
    road: str | None = None
    grid_cell: str | None = None
    department: str | None = None
    parent: str | None = None


class DevicesFile(Strict):
    devices: tuple[DeviceEntry, ...]


def load_city(path: Path) -> tuple[City, Path | None]:
    """The city, and the path of its map if it has one. Raises Misconfigured."""
    file = load(path, CityFile)
    city = City(
        zh=file.zh,
        en=file.en,
        timezone=file.timezone,
        centre=Place(lon=file.lon, lat=file.lat),
        districts=tuple(Named(**entry.model_dump()) for entry in file.districts),
        roads=tuple(Road(**entry.model_dump()) for entry in file.roads),
        departments=tuple(Named(**entry.model_dump()) for entry in file.departments),
    )
    return city, path.parent / file.map if file.map else None


def load_registry(path: Path, *, city: City, kinds: dict[str, DeviceKind]) -> Registry:
    """The devices of the file, each checked against the city and the kinds. Raises Misconfigured with all problems."""
    file = load(path, DevicesFile)
    known = _Known(city, kinds, {entry.id for entry in file.devices})
    devices: dict[str, Device] = {}
    faults: list[tuple[int, str]] = []
    for index, entry in enumerate(file.devices):
        try:
            device = _device(entry, kinds, known)
            if device.id in devices:
                raise ValueError(f"device {device.id} stands twice; give every device its own id")
            devices[device.id] = device
        except ValueError as exc:
            faults.append((index, str(exc)))
    if faults:
        lines = line_numbers(read_yaml(path)[0])
        raise Misconfigured(
            [Problem(file=str(path), line=nearest_line(lines, ("devices", i)), message=text) for i, text in faults]
        )
    return Registry(city=city, kinds=kinds, devices=devices)


class _Known:
    """The names that a device may refer to."""

    def __init__(self, city: City, kinds: dict[str, DeviceKind], devices: set[str]) -> None:
        self.by_field: dict[str, set[str]] = {
            "kind": set(kinds),
            "district": {district.id for district in city.districts},
            "road": {road.id for road in city.roads},
            "department": {department.id for department in city.departments},
            "parent": devices,
        }

    def check(self, entry: DeviceEntry) -> None:
        for field, names in self.by_field.items():
            value = getattr(entry, field)
            if value is not None and value not in names:
                raise ValueError(f"device {entry.id}: {field} {value!r} is not known; {_suggest(names)}")


def _suggest(names: set[str]) -> str:
    some = ", ".join(sorted(names)[:5])
    return f"known are {some}{'…' if len(names) > 5 else ''}" if names else "none is defined"


def _device(entry: DeviceEntry, kinds: dict[str, DeviceKind], known: _Known) -> Device:
    known.check(entry)
    content: dict[str, Any] = entry.model_dump(exclude={"lon", "lat", "interval"})
    interval = entry.interval if entry.interval is not None else kinds[entry.kind].interval_s
    return Device(**content, place=Place(lon=entry.lon, lat=entry.lat), interval_s=interval)
