"""The ground of the plan: land, river, lake, parks, the railway, and the districts with their boundaries."""

from dataclasses import dataclass
from math import cos, pi, sin

from domain.places import Named
from simulators.layout.geometry import Line, Point, rounded, sampled
from simulators.layout.names import DISTRICTS, PARKS, RAILWAY, RIVER

HALF_WIDTH, HALF_HEIGHT = 9.75, 4.95
"""Of the land, km."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """An area or a line of the map, with its names where it has some."""

    layer: str
    line: Line
    is_area: bool
    zh: str = ""
    en: str = ""


def lay_ground() -> tuple[Shape, ...]:
    """From the bottom of the map to its top."""
    return (
        Shape(layer="land", line=_land(), is_area=True),
        *(
            Shape(layer="park", line=_blob(centre, size), is_area=True, zh=zh, en=en)
            for (centre, size), (zh, en) in zip(_PARKS, PARKS, strict=True)
        ),
        Shape(layer="water", line=_river(), is_area=True, zh=RIVER[0], en=RIVER[1]),
        Shape(layer="water", line=_blob((6.15, 0.98), (0.32, 0.2)), is_area=True),
        Shape(layer="rail", line=railway(), is_area=False, zh=RAILWAY[0], en=RAILWAY[1]),
        Shape(layer="boundary", line=sampled(_meridian, -4.0, HALF_HEIGHT), is_area=False),
        Shape(layer="boundary", line=sampled(_parallel, -HALF_WIDTH, HALF_WIDTH), is_area=False),
    )


def district_of(point: Point) -> Named:
    """The district that the point lies in; the two boundaries cross near the centre."""
    is_east = point[0] > _meridian(point[1])[0]
    is_north = point[1] > _parallel(point[0])[1]
    return DISTRICTS[(1 if is_east else 0) if is_north else (2 if is_east else 3)]


def district_labels() -> tuple[tuple[Named, Point], ...]:
    """Where the names of the districts stand: between the roads, so that both can be read."""
    return tuple(zip(DISTRICTS, ((-4.4, 2.3), (4.65, 2.3), (4.65, -1.05), (-4.4, -1.05)), strict=True))


def river_middle(east: float) -> Point:
    """The middle of the river at so many km east."""
    return (east, -3.98 - 0.025 * east + 0.16 * sin(east / 2.6) + 0.05 * sin(east / 0.9))


def railway() -> Line:
    return sampled(lambda east: (east, 4.12 - 0.011 * east * east + 0.05 * sin(east)), -9.2, 9.2)


def _meridian(north: float) -> Point:
    return (0.2 + 0.22 * sin(north / 1.3), north)


def _parallel(east: float) -> Point:
    return (east, 0.14 + 0.18 * sin(east / 1.9 + 0.8))


def _river() -> Line:
    def bank(side: float) -> Line:
        def at(east: float) -> Point:
            middle = river_middle(east)
            return (middle[0], middle[1] + side * (0.2 + 0.05 * sin(east / 1.7)))

        return sampled(at, -11.0, 11.0)

    north, south = bank(1.0), bank(-1.0)
    return (*north, *reversed(south), north[0])


def _land() -> Line:
    """A rectangle with soft corners and a slightly uneven edge."""
    corners = []
    for step in range(48):
        angle = 2 * pi * step / 48
        east, north = cos(angle), sin(angle)
        stretch = 1.0 / (abs(east) ** 4.5 + abs(north) ** 4.5) ** (1 / 4.5) * (1 + 0.012 * sin(5 * angle + 1))
        corners.append((HALF_WIDTH * east * stretch, HALF_HEIGHT * north * stretch))
    return rounded(corners, rounds=1)


_PARKS: tuple[tuple[Point, Point], ...] = (
    ((-2.9, 3.35), (0.55, 0.3)),
    ((-7.3, 1.2), (0.5, 0.36)),
    ((1.65, 0.15), (0.5, 0.4)),
    ((6.15, 1.0), (0.55, 0.42)),
    ((-5.9, -1.95), (0.5, 0.32)),
    ((4.6, -2.92), (0.65, 0.2)),
)


def _blob(centre: Point, size: Point) -> Line:
    corners = [(-1.0, -0.85), (0.1, -1.05), (1.0, -0.8), (0.9, 0.15), (1.0, 0.9), (-0.2, 1.0), (-0.95, 0.85)]
    return rounded([(centre[0] + east * size[0], centre[1] + north * size[1]) for east, north in corners])
