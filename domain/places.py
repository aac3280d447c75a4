"""Where things are: coordinates, noise zones, roads, districts, grid cells."""

from dataclasses import dataclass
from enum import StrEnum


class NoiseZone(StrEnum):
    """Class of the functional area for ambient noise (声环境功能区), GB 3096-2008 clause 4."""

    ZERO = "0"
    ONE = "1"
    TWO = "2"
    THREE = "3"
    FOUR_A = "4a"
    FOUR_B = "4b"


class RoadGrade(StrEnum):
    """A main road owes 98 % lit lamps, secondary roads and branches 96 %."""

    MAIN = "main"
    SECONDARY = "secondary"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point in WGS-84 degrees."""

    lon: float
    lat: float

    def __post_init__(self) -> None:
        if not (-180.0 <= self.lon <= 180.0 and -90.0 <= self.lat <= 90.0):
            raise ValueError(f"no such place on earth: lon {self.lon}, lat {self.lat}; give degrees, longitude first")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An identifier with its two names."""

    id: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Road(Named):
    grade: RoadGrade = RoadGrade.SECONDARY


GRADES = (
    Named(id=RoadGrade.MAIN, zh="主干道", en="Main roads"),
    Named(id=RoadGrade.SECONDARY, zh="次干道", en="Secondary roads"),
    Named(id=RoadGrade.BRANCH, zh="支路", en="Branch roads"),
)
"""What all roads of a grade are called together."""

NOISE_ZONES = tuple(
    Named(id=zone, zh=f"{zone} 类声环境功能区", en=f"Noise zones of class {zone}") for zone in NoiseZone
)
"""What all areas of a class are called together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """The city that one installation serves: names, zone of time, and the places that devices refer to by id."""

    zh: str
    en: str
    timezone: str
    centre: Place
    districts: tuple[Named, ...] = ()
    roads: tuple[Road, ...] = ()
    departments: tuple[Named, ...] = ()
    radius_km: float = 100.0
    """No device stands farther from the centre than this: a position beyond it is a mistake."""
