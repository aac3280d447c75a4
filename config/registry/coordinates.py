"""Why a position cannot be meant: swapped, absurd, or far from the city."""

import math
from typing import Any

from domain.places import City

_EARTH_KM = 6371.0
_NOWHERE_DEGREES = 0.01


def why_not_here(lon: float, lat: float, city: City) -> str | None:
    """None for a position within the city's radius; else what is wrong with it and what to write instead."""
    if _km_from_centre(lon, lat, city) <= city.radius_km:
        return None
    if is_swapped(lon, lat, city):
        return f"lon {lon:g} and lat {lat:g} look swapped; write lon: {lat:g}, lat: {lon:g}"
    if abs(lon) < _NOWHERE_DEGREES and abs(lat) < _NOWHERE_DEGREES:
        return f"lon {lon:g}, lat {lat:g} is what devices send that do not know their position; write where it stands"
    far = f"{_km_from_centre(lon, lat, city):.0f} km from the centre of {city.zh} · {city.en}"
    return (
        f"lon {lon:g}, lat {lat:g} is {far}, more than its radius_km {city.radius_km:g};"
        " mend the position, or write a larger radius_km in the city's file"
    )


def is_swapped(lon: Any, lat: Any, city: City) -> bool:
    """Whether these, as a file gives them, are a place of the city when exchanged."""
    try:
        there_lon, there_lat = float(lat), float(lon)
    except (TypeError, ValueError):
        return False
    is_on_earth = abs(there_lat) <= 90.0 and abs(there_lon) <= 180.0
    return is_on_earth and _km_from_centre(there_lon, there_lat, city) <= city.radius_km


def _km_from_centre(lon: float, lat: float, city: City) -> float:
    """Along the great circle; NaN for what is no number, which is within no radius."""
    here, there = math.radians(city.centre.lat), math.radians(lat)
    across = math.sin((there - here) / 2) ** 2
    along = math.sin(math.radians(lon - city.centre.lon) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(across + math.cos(here) * math.cos(there) * along)))
