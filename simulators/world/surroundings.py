"""Which streets a place hears: the map's lines, and the distance from a point to the nearest of each class."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, radians
from pathlib import Path

from domain.errors import Misconfigured, Problem
from domain.places import Place
from simulators.layout.geometry import KM_PER_DEGREE, Line, distance_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """A kind of street (`grade` of the map, or its class as a word) and how far away the nearest one is, metres."""

    street: str
    distance_m: float


class Surroundings:
    """The lines of one map. Without a map nothing is near."""

    def __init__(self, lines: Iterable[tuple[str, Sequence[tuple[float, float]]]], centre: Place) -> None:
        self._centre = centre
        self._lines = [(street, tuple(self._flat(lon, lat) for lon, lat in line)) for street, line in lines]

    def hear(self, place: Place) -> tuple[Hearing, ...]:
        """The nearest street of every kind that is on the map."""
        nearest: dict[str, float] = {}
        point = self._flat(place.lon, place.lat)
        for street, line in self._lines:
            nearest[street] = min(nearest.get(street, float("inf")), distance_to(line, point))
        return tuple(Hearing(street=street, distance_m=km * 1000.0) for street, km in sorted(nearest.items()))

    def _flat(self, lon: float, lat: float) -> tuple[float, float]:
        """Kilometres from the centre; good to a metre over a city."""
        squeeze = cos(radians(self._centre.lat))
        return ((lon - self._centre.lon) * KM_PER_DEGREE * squeeze, (lat - self._centre.lat) * KM_PER_DEGREE)


def load_surroundings(path: Path | None, centre: Place) -> Surroundings:
    """The roads and tracks of a map as docs/map.md describes it. Raises Misconfigured."""
    if path is None:
        return Surroundings((), centre)
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        return Surroundings([_line(feature) for feature in features if _is_street(feature)], centre)
    except (OSError, ValueError, LookupError, TypeError) as exc:
        message = f"cannot be used as a map: {type(exc).__name__}: {exc}; see docs/map.md for its layers"
        raise Misconfigured([Problem(file=str(path), line=None, message=message)]) from exc


def _is_street(feature: dict[str, dict[str, str]]) -> bool:
    return feature["properties"]["layer"] in ("road", "rail")


def _line(feature: dict[str, dict[str, object]]) -> tuple[str, Line]:
    properties = feature["properties"]
    classes = {0: "expressway", 1: "secondary", 3: "side"}
    street = "rail" if properties["layer"] == "rail" else properties.get("grade", classes[int(str(properties["cls"]))])
    coordinates: Line = tuple(feature["geometry"]["coordinates"])  # type: ignore[arg-type]  # JSON from the map
    return str(street), coordinates
