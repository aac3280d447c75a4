"""The fictional city 澜江市 Lanjiang: writes its files (city, devices, map) from a seed. No place on earth is meant."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import config
from simulators.layout.geometry import Frame
from simulators.layout.gridcells import grid_cell
from simulators.layout.ground import Shape, district_labels, lay_ground
from simulators.layout.hanging import Hung, hang_devices
from simulators.layout.names import CITY, DEPARTMENTS, DISTRICTS
from simulators.layout.profiles import INTERVALS, Profile
from simulators.layout.streets import Street, StreetClass, lay_streets

SHIPPED = Path(config.__file__).parent / "city"
"""The folder of the city that ships: seed 1, profile demo."""
SHIPPED_SEED = 1

FRAME = Frame(lon=112.5, lat=30.9, turn=-6.0)
TIMEZONE = "Asia/Shanghai"
_PLAIN = re.compile(r"[A-Za-z\u4e00-\u9fff][\w\u4e00-\u9fff /+-]*")
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CityPlan:
    """Everything about the city but the paper it is written on."""

    ground: tuple[Shape, ...]
    streets: tuple[Street, ...]
    devices: tuple[Hung, ...]


def plan_city(seed: int) -> CityPlan:
    streets = lay_streets(seed)
    return CityPlan(ground=lay_ground(), streets=streets, devices=hang_devices(seed, streets))


def write_city(directory: Path, *, seed: int = SHIPPED_SEED, profile: Profile = Profile.DEMO) -> None:
    """city.yaml, devices.yaml and map.geojson, as config.city and docs/map.md say. The same seed, the same bytes."""
    plan = plan_city(seed)
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("city.yaml", _city_text(plan)),
        ("devices.yaml", _devices_text(plan, profile)),
        ("map.geojson", _map_text(plan)),
    ):
        (directory / name).write_text(text, encoding="utf-8")


def _city_text(plan: CityPlan) -> str:
    def named(entries: Sequence[Any], *more: str) -> str:
        fields = ("id", "zh", "en", *more)
        return "".join(f"  - {_flow({field: getattr(entry, field) for field in fields})}\n" for entry in entries)

    roads = [street for street in plan.streets if street.cls is StreetClass.NAMED]
    return (
        f"# A fictional city. Written by simulators.city.write_city; docs/simulators.md says how to make another.\n"
        f"zh: {CITY[0]}\nen: {CITY[1]}\ntimezone: {TIMEZONE}\nlon: {FRAME.lon}\nlat: {FRAME.lat}\nmap: map.geojson\n"
        f"districts:\n{named(DISTRICTS)}departments:\n{named(DEPARTMENTS)}roads:\n{named(roads, 'grade')}"
    )


def _devices_text(plan: CityPlan, profile: Profile) -> str:
    lines = [f"  - {_flow(_entry(device, profile))}\n" for device in plan.devices]
    return "# The devices of the fictional city; fields: docs/registry.md.\ndevices:\n" + "".join(lines)


def _entry(device: Hung, profile: Profile) -> dict[str, Any]:
    lon, lat = FRAME.place(device.point)
    return {
        "id": device.id,
        "kind": device.kind,
        "zh": device.zh,
        "en": device.en,
        "lon": lon,
        "lat": lat,
        "interval": INTERVALS[profile][device.kind],
        "zone": device.zone,
        "district": device.district,
        "road": device.road,
        "grid_cell": grid_cell(device.point),
        "department": device.department,
        "parent": device.parent,
    }


def _map_text(plan: CityPlan) -> str:
    features = [_shape_feature(shape) for shape in plan.ground]
    features += [_street_feature(street) for street in sorted(plan.streets, key=lambda street: -street.cls)]
    features += [
        _feature("Point", FRAME.place(point), layer="district", id=district.id, zh=district.zh, en=district.en)
        for district, point in district_labels()
    ]
    rows = ",\n".join(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features)
    return f'{{"type":"FeatureCollection","features":[\n{rows}\n]}}\n'


def _shape_feature(shape: Shape) -> dict[str, Any]:
    line = [FRAME.place(point) for point in shape.line]
    names = {"zh": shape.zh, "en": shape.en} if shape.zh else {}
    return _feature(
        "Polygon" if shape.is_area else "LineString", [line] if shape.is_area else line, layer=shape.layer, **names
    )


def _street_feature(street: Street) -> dict[str, Any]:
    names = {"id": street.id, "zh": street.zh, "en": street.en} if street.zh else {}
    grade = {"grade": street.grade} if street.grade else {}
    line = [FRAME.place(point) for point in street.line]
    return _feature("LineString", line, layer="road", cls=int(street.cls), **names, **grade)


def _feature(geometry: str, coordinates: object, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": geometry, "coordinates": coordinates},
    }


def _flow(fields: Mapping[str, Any]) -> str:
    """One line of YAML; fields without a value are left out."""
    return "{" + ", ".join(f"{key}: {_scalar(value)}" for key, value in fields.items() if value is not None) + "}"


def _scalar(value: Any) -> str:
    """Plain where YAML reads it back as the same text, else quoted: a zone "0" must not become a number."""
    if not isinstance(value, str):
        return repr(value)
    is_plain = _PLAIN.fullmatch(value) is not None and value.lower() not in _YAML_WORDS and not value.endswith(" ")
    return str(value) if is_plain else json.dumps(str(value), ensure_ascii=False)
