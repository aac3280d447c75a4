"""The city's devices on its map: one trace, because any change of one trace draws all of them again."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboard.figures.map_style import map_style
from dashboard.figures.palette import NOTHING, TEXT, kind_colours

Json = dict[str, Any]

SIZES = {"lamp": 4.5, "manhole_cover": 5.5, "noise_meter": 11.0, "air_station": 13.0, "feeder_cabinet": 7.0}
OTHER_SIZE = 7.0
DRAWN_ORDER = ("lamp", "manhole_cover", "feeder_cabinet")
"""The many small ones first, so that the few large ones lie on top of them."""
STRAYS_PERCENT = 0.5
"""Devices farther out than this share on each side do not widen the view: one absurd place must not shrink the city."""
SMALLEST_VIEW_DEG = 0.004


def map_figure(city: Json, *, field: str, tile_url: str | None) -> Json:
    """The figure as JSON, in pixels of a 1920 wide wall. `layout.meta` tells the scripts ids, colours and bounds."""
    devices = sorted(city["devices"], key=_drawn)
    names = {kind["code"]: kind[field] for kind in city["kinds"]}
    colours = kind_colours([kind["code"] for kind in city["kinds"]])
    bounds = view_bounds(devices) or [city["lon"] - 0.05, city["lat"] - 0.03, city["lon"] + 0.05, city["lat"] + 0.03]
    trace = {
        "type": "scattermap",
        "lon": [device["lon"] for device in devices],
        "lat": [device["lat"] for device in devices],
        "customdata": [[device["id"], names.get(device["kind"], device["kind"])] for device in devices],
        "text": [device[field] for device in devices],
        "hovertemplate": "<b>%{text}</b><br>%{customdata[1]} · %{customdata[0]}<extra></extra>",
        "marker": {
            "color": [colours[device["kind"]] for device in devices],
            "size": [SIZES.get(device["kind"], OTHER_SIZE) for device in devices],
            "opacity": 0.95,
        },
    }
    layout = {
        "uirevision": "map",
        "map": {
            "style": map_style(city["map"], field=field, tile_url=tile_url),
            "center": {"lon": (bounds[0] + bounds[2]) / 2, "lat": (bounds[1] + bounds[3]) / 2},
            "zoom": 11,
        },
        "meta": {"bounds": bounds},
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "showlegend": False,
        "paper_bgcolor": NOTHING,
        "font": {"color": TEXT},
    }
    return {"data": [trace], "layout": layout}


def view_bounds(devices: Sequence[Json]) -> list[float] | None:
    """West, south, east, north of nearly all devices; None without devices."""
    if not devices:
        return None
    places = np.array([(device["lon"], device["lat"]) for device in devices])
    low, high = np.percentile(places, [STRAYS_PERCENT, 100 - STRAYS_PERCENT], axis=0)
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, SMALLEST_VIEW_DEG)
    return [float(edge) for edge in (*(middle - half), *(middle + half))]


def _drawn(device: Json) -> tuple[int, str]:
    kind = device["kind"]
    return (DRAWN_ORDER.index(kind) if kind in DRAWN_ORDER else len(DRAWN_ORDER), device["id"])
