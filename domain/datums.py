"""Coordinates of Chinese maps and WGS-84: what GCJ-02 and BD-09 make of a place, and back.

The formulas and constants are those that are publicly known and used everywhere; GCJ-02 itself was never published.
"""

from enum import StrEnum

import numpy as np
import numpy.typing as npt

Degrees = npt.NDArray[np.float64]

METRES_PER_DEGREE = 111_319.49
"""Of latitude; of longitude at the equator."""
_AXIS_M = 6_378_245.0
_ECCENTRICITY_SQUARED = 0.006693421622965943
"""Of the Krasovsky 1940 ellipsoid, in whose measures GCJ-02 shifts."""
_BAIDU = np.pi * 3000.0 / 180.0
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
"""Outside of this box nothing is shifted."""
_ROUNDS = 8
"""Each round leaves less than a hundredth of the error of the one before: two are a metre, eight are nothing."""


class Datum(StrEnum):
    """What a pair of longitude and latitude refers to."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


def from_wgs84(lon: Degrees, lat: Degrees, datum: Datum) -> tuple[Degrees, Degrees]:
    """The same places as `datum` has them."""
    inside = _is_shifted(lon, lat)
    there_lon, there_lat = _shifted(lon, lat, datum)
    return np.where(inside, there_lon, lon), np.where(inside, there_lat, lat)


def to_wgs84(lon: Degrees, lat: Degrees, datum: Datum) -> tuple[Degrees, Degrees]:
    """The places in WGS-84 of what `datum` says; exact to less than a millimetre inside the box."""
    found_lon, found_lat = lon, lat
    for _ in range(_ROUNDS):
        there_lon, there_lat = _shifted(found_lon, found_lat, datum)
        found_lon, found_lat = found_lon - (there_lon - lon), found_lat - (there_lat - lat)
    inside = _is_shifted(lon, lat)
    return np.where(inside, found_lon, lon), np.where(inside, found_lat, lat)


def metres(lon: Degrees, lat: Degrees, *, at_lat: Degrees) -> tuple[Degrees, Degrees]:
    """Small differences of degrees, near the latitude `at_lat`, as metres east and north."""
    return lon * METRES_PER_DEGREE * np.cos(np.radians(at_lat)), lat * METRES_PER_DEGREE


def _is_shifted(lon: Degrees, lat: Degrees) -> npt.NDArray[np.bool_]:
    return (lon >= _WEST) & (lon <= _EAST) & (lat >= _SOUTH) & (lat <= _NORTH)


def _shifted(lon: Degrees, lat: Degrees, datum: Datum) -> tuple[Degrees, Degrees]:
    match datum:
        case Datum.WGS84:
            return lon, lat
        case Datum.GCJ02:
            return _gcj(lon, lat)
        case Datum.BD09:
            return _baidu(*_gcj(lon, lat))


def _gcj(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    x, y = lon - 105.0, lat - 35.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    east_m += _waves(x) + (150.0 * np.sin(x * np.pi / 12.0) + 300.0 * np.sin(x * np.pi / 30.0)) * 2.0 / 3.0
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    north_m += (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north_m += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y * np.pi / 3.0)) * 2.0 / 3.0
    north_m += (160.0 * np.sin(y * np.pi / 12.0) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    latitude = np.radians(lat)
    squash = 1.0 - _ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    meridian_m = _AXIS_M * (1.0 - _ECCENTRICITY_SQUARED) / (squash * np.sqrt(squash))
    parallel_m = _AXIS_M / np.sqrt(squash) * np.cos(latitude)
    return lon + np.degrees(east_m / parallel_m), lat + np.degrees(north_m / meridian_m)


def _waves(x: Degrees) -> Degrees:
    short = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    long = 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x * np.pi / 3.0)
    return np.asarray((short + long) * 2.0 / 3.0)


def _baidu(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006
