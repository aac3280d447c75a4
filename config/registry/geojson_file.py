"""Devices out of GeoJSON: a FeatureCollection of Points whose properties are the fields."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from config.loading import Where, read_text
from config.registry.columns import SECTIONS, column_of
from config.registry.listing import Listing, Spot, named
from domain.errors import Misconfigured, Problem

_WANTED = "a device is a Point [lon, lat]: take the points that are meant (in a GIS: explode, or centroids)"
_WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326")


def read_geojson(path: Path, *, ignore_extra: bool) -> Listing:
    """Raises Misconfigured for what cannot be read or is no FeatureCollection in WGS-84 degrees. `ignore_extra` leaves
    out properties that nobody knows and says so.
    """
    features = _features(path, read_text(path))
    _refuse_other_shapes(path, features)
    extra: dict[str, None] = {}
    contents = [_content(feature, extra if ignore_extra else None) for feature in features]

    def spot(index: int, where: Where) -> Spot:
        name = named(contents[index])
        label = f"features[{index}]{f' ({name})' if name else ''}{''.join(f'.{part}' for part in where)}"
        return Spot(file=str(path), line=None, label=label)

    notes = (f"left out the properties {', '.join(extra)}",) if extra else ()
    return Listing(contents=contents, spot=spot, notes=notes)


def _features(path: Path, text: str) -> list[Any]:
    try:
        content = msgspec.json.decode(text)
    except msgspec.MsgspecError as exc:
        raise _refused(path, f"not JSON: {exc}; a GeoJSON file is one JSON object") from exc
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or content.get("type") != "FeatureCollection":
        raise _refused(path, 'not a FeatureCollection; write {"type": "FeatureCollection", "features": […]}')
    crs = msgspec.json.encode(content.get("crs")).decode()
    if content.get("crs") is not None and not crs.replace('"', "").rstrip("}").endswith(_WGS84):
        raise _refused(path, f"its coordinates are in {crs:.120}; export it in WGS-84 (EPSG:4326)")
    return features


def _refuse_other_shapes(path: Path, features: Sequence[Any]) -> None:
    """Raises Misconfigured: a line or an area is no place for a device; nobody knows which point is meant."""
    problems = [
        Problem(file=str(path), line=None, message=f"features[{index}]: its geometry is {shape}; {_WANTED}")
        for index, feature in enumerate(features)
        if isinstance(feature, Mapping) and (shape := _other_shape(feature.get("geometry"))) is not None
    ]
    if problems:
        raise Misconfigured(problems)


def _other_shape(geometry: Any) -> str | None:
    """None for a point, and for nothing: then the properties say where it stands."""
    match geometry:
        case None | {"type": "Point", "coordinates": [_, _, *_]}:
            return None
        case {"type": "Point"}:
            return "a Point without lon and lat"
        case {"type": str(kind)}:
            return f"a {kind:.40}"
        case _:
            return f"{str(geometry)[:40]!r}"


def _refused(path: Path, message: str) -> Misconfigured:
    return Misconfigured([Problem(file=str(path), line=None, message=message)])


def _content(feature: Any, left_out: dict[str, None] | None) -> Any:
    """The fields of a feature. What is not as it should be is kept under a name that checking refuses."""
    if not isinstance(feature, Mapping):
        return feature
    content: dict[str, Any] = {}
    if feature.get("id") is not None:
        content["id"] = str(feature["id"])
    properties = feature.get("properties")
    for name, value in (properties if isinstance(properties, Mapping) else {}).items():
        _put(content, name, value, left_out)
    if feature.get("geometry") is not None:
        content["lon"], content["lat"], *_ = feature["geometry"]["coordinates"]
    return content


def _put(content: dict[str, Any], name: str, value: Any, left_out: dict[str, None] | None) -> None:
    """A property that is null or empty says nothing: tables of a GIS have every column in every feature."""
    if value in (None, ""):
        return
    column = column_of(name)
    if column is not None:
        section = content
        for part in column.where[:-1]:
            section = section.setdefault(part, {})
            if not isinstance(section, dict):
                return  # checking refuses what stands in the section's place
        section[column.where[-1]] = column.read(value) if isinstance(value, str) else value
    elif name in SECTIONS or left_out is None:
        content[name] = value
    else:
        left_out[name] = None
