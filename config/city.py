"""The city's files: who it is (city.yaml) and what it has hung up (devices.yaml)."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, field_validator

from config.loading import Strict, load
from config.registry.checking import checked
from config.registry.entries import Latitude, Longitude
from config.registry.reading import read_listing
from config.registry.yaml_file import paused_collection
from domain.devices import DeviceKind, Registry
from domain.places import City, Named, Place, Road, RoadGrade


class NamedEntry(Strict):
    id: str
    zh: str
    en: str


class RoadEntry(NamedEntry):
    grade: RoadGrade


class CityFile(Strict):
    """`map` is a GeoJSON file beside this one; see docs/map.md for its layers. No device stands farther from the centre
    than `radius_km`.
    """

    zh: str
    en: str
    timezone: str
    lon: Longitude
    lat: Latitude
    radius_km: float = Field(default=100.0, gt=0)
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


def load_city(path: Path) -> tuple[City, Path | None]:
    """The city, and the path of its map if it has one. Raises Misconfigured."""
    file = load(path, CityFile)
    city = City(
        zh=file.zh,
        en=file.en,
        timezone=file.timezone,
        centre=Place(lon=file.lon, lat=file.lat),
        radius_km=file.radius_km,
        districts=tuple(Named(**entry.model_dump()) for entry in file.districts),
        roads=tuple(Road(**entry.model_dump()) for entry in file.roads),
        departments=tuple(Named(**entry.model_dump()) for entry in file.departments),
    )
    return city, path.parent / file.map if file.map else None


def load_registry(path: Path, *, city: City, kinds: Mapping[str, DeviceKind]) -> Registry:
    """The devices of the file (YAML, CSV or GeoJSON, by its ending), each checked against the city, the kinds and the
    others. Raises Misconfigured with all problems.
    """
    with paused_collection():
        return Registry(city=city, kinds=kinds, devices=checked(read_listing(path), city=city, kinds=kinds))
