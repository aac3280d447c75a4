"""A tiny city as the files of an installation, for tests of whatever reads a settings file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from citybrain.assembly import Installation, assemble
from citybrain.settings import Settings, load_settings

CENTRE = (112.5, 30.9)
CITY: Mapping[str, Any] = {
    "zh": "试城",
    "en": "Testville",
    "timezone": "Asia/Shanghai",
    "lon": CENTRE[0],
    "lat": CENTRE[1],
    "map": "map.geojson",
    "districts": [{"id": "north", "zh": "北区", "en": "North"}],
    "roads": [
        {"id": "R1", "zh": "一路", "en": "First Road", "grade": "main"},
        {"id": "R2", "zh": "二路", "en": "Second Road", "grade": "branch"},
    ],
    "departments": [{"id": "lighting", "zh": "照明所", "en": "Lighting"}],
}
MAP = '{"type": "FeatureCollection", "features": []}'


def device(identifier: str, kind: str, **more: Any) -> dict[str, Any]:
    names = {"zh": f"设备{identifier}", "en": f"Device {identifier}"}
    return {"id": identifier, "kind": kind, **names, "lon": CENTRE[0], "lat": CENTRE[1], **more}


DEVICES: tuple[Mapping[str, Any], ...] = (
    device("NM-1", "noise_meter", zone="2", district="north", interval="10s"),
    device("NM-2", "noise_meter", zone="2", interval="10s"),
    device("AQ-1", "air_station", interval="10s"),
    device("FC-1", "feeder_cabinet", road="R1", interval="10s"),
    *(device(f"LP-{n}", "lamp", road="R1", parent="FC-1", department="lighting") for n in range(1, 5)),
    *(device(f"LP-{n}", "lamp", road="R2") for n in range(5, 7)),
    device("MC-1", "manhole_cover"),
    device("MC-2", "manhole_cover"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The files of one installation; `file` is its settings file."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "citybrain.yaml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def settings(self) -> Settings:
        return load_settings(self.file, {})

    def installation(self) -> Installation:
        return assemble(self.settings())


def write_installation(folder: Path, **sections: Any) -> Site:
    """Write all files of a good installation; `sections` are further ones of its settings file."""
    city = folder / "city"
    city.mkdir(parents=True, exist_ok=True)
    (city / "map.geojson").write_text(MAP, encoding="utf-8")
    write_yaml(city / "city.yaml", CITY)
    write_yaml(city / "devices.yaml", {"devices": [dict(entry) for entry in DEVICES]})
    site = Site(folder=folder)
    write_yaml(site.file, {"data": "data", "city": "city/city.yaml", "devices": "city/devices.yaml", **sections})
    return site


def write_yaml(path: Path, content: Mapping[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path
