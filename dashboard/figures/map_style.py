"""A map style of our own over the city's GeoJSON: no tile, font or picture is asked from anywhere."""

from typing import Any

Json = dict[str, Any]

LAYERS = ("land", "park", "water", "boundary", "road", "district")
LABEL_FONT = ["Open Sans Regular"]
"""A name that the style language asks for; without `glyphs`, MapLibre draws labels with the fonts of the machine."""
EXPRESSWAY, NAMED_ROAD, SIDE_STREET = 0, 1, 3

_HALO = "#14212B"


def map_style(features: Json, *, field: str, tile_url: str | None) -> Json:
    """`features` is the city's map; `field` names the language's property, zh or en."""
    sources: Json = {name: _source(features, name) for name in LAYERS}
    layers = [
        {"id": "ground", "type": "background", "paint": {"background-color": "#0D151C"}},
        *([_tiles()] if tile_url else []),
        _fill("land", "#14212B", opacity=0.0 if tile_url else 1.0),
        _fill("park", "#173128", opacity=0.5 if tile_url else 1.0),
        _fill("water", "#174062", opacity=0.5 if tile_url else 1.0),
        _road("side-streets", SIDE_STREET, "#253542", (0.6, 1.2, 4)),
        _road("roads", NAMED_ROAD, "#3C5263", (1.4, 3, 9)),
        _road("expressways", EXPRESSWAY, "#56707F", (1.8, 3.6, 10)),
        _boundaries(),
        _road_names(field),
        _district_names(field),
    ]
    if tile_url:
        sources["tiles"] = {"type": "raster", "tiles": [tile_url], "tileSize": 256}
    return {"version": 8, "sources": sources, "layers": layers}


def _source(features: Json, layer: str) -> Json:
    chosen = [f for f in features.get("features", []) if f.get("properties", {}).get("layer") == layer]
    return {"type": "geojson", "data": {"type": "FeatureCollection", "features": chosen}}


def _tiles() -> Json:
    """The intranet's raster, dimmed so that what we say stands out."""
    return {
        "id": "tiles",
        "type": "raster",
        "source": "tiles",
        "paint": {"raster-brightness-max": 0.45, "raster-saturation": -0.6},
    }


def _fill(layer: str, colour: str, *, opacity: float) -> Json:
    return {
        "id": layer,
        "type": "fill",
        "source": layer,
        "paint": {"fill-color": colour, "fill-opacity": opacity},
    }


def _road(name: str, cls: int, colour: str, widths: tuple[float, float, float]) -> Json:
    far, middle, near = widths
    return {
        "id": name,
        "type": "line",
        "source": "road",
        "filter": ["==", ["get", "cls"], cls],
        "layout": {"line-cap": "round", "line-join": "round"},
        "paint": {
            "line-color": colour,
            "line-width": ["interpolate", ["linear"], ["zoom"], 10, far, 12, middle, 15, near],
        },
    }


def _boundaries() -> Json:
    return {
        "id": "boundaries",
        "type": "line",
        "source": "boundary",
        "paint": {"line-color": "#6C8799", "line-width": 1.2, "line-dasharray": [4, 4], "line-opacity": 0.7},
    }


def _road_names(field: str) -> Json:
    return {
        "id": "road-names",
        "type": "symbol",
        "source": "road",
        "filter": ["in", ["get", "cls"], ["literal", [EXPRESSWAY, NAMED_ROAD]]],
        "layout": {
            "symbol-placement": "line",
            "symbol-spacing": 620,
            "text-field": ["get", field],
            "text-size": 15,
            "text-font": LABEL_FONT,
        },
        "paint": {"text-color": "#A7BAC8", "text-halo-color": _HALO, "text-halo-width": 1.6},
    }


def _district_names(field: str) -> Json:
    return {
        "id": "district-names",
        "type": "symbol",
        "source": "district",
        "layout": {
            "text-field": ["get", field],
            "text-size": 23,
            "text-letter-spacing": 0.12,
            "text-font": LABEL_FONT,
        },
        "paint": {"text-color": "#D5E0E8", "text-halo-color": _HALO, "text-halo-width": 2},
    }
