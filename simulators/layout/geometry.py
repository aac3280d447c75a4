"""Lines and points on the plan, in kilometres east and north of the city's centre, and their way onto the globe."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, radians, sin

Point = tuple[float, float]
Line = tuple[Point, ...]

KM_PER_DEGREE = 111.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The plan's place on the globe. `turn` is by how many degrees its streets are turned against east."""

    lon: float
    lat: float
    turn: float

    def place(self, point: Point) -> Point:
        """Longitude and latitude in degrees, to about 0.1 m."""
        angle = radians(self.turn)
        east = point[0] * cos(angle) - point[1] * sin(angle)
        north = point[0] * sin(angle) + point[1] * cos(angle)
        return (
            round(self.lon + east / (KM_PER_DEGREE * cos(radians(self.lat))), 6),
            round(self.lat + north / KM_PER_DEGREE, 6),
        )


def sampled(curve: Callable[[float], Point], begin: float, end: float, *, step: float = 0.25) -> Line:
    """The points of a curve from `begin` to `end`, about every `step` of its parameter."""
    count = max(2, round(abs(end - begin) / step))
    return tuple(curve(begin + (end - begin) * i / count) for i in range(count + 1))


def rounded(corners: Sequence[Point], *, rounds: int = 3) -> Line:
    """A closed outline with its corners cut off again and again (Chaikin); first and last point are the same."""
    outline = list(corners)
    for _ in range(rounds):
        following = [*outline[1:], outline[0]]
        outline = [
            (a[0] * (1 - w) + b[0] * w, a[1] * (1 - w) + b[1] * w)
            for a, b in zip(outline, following, strict=True)
            for w in (0.25, 0.75)
        ]
    return (*outline, outline[0])


def length(line: Line) -> float:
    """Kilometres."""
    return sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(line))


def beside(line: Line, distance: float, *, offset: float = 0.0) -> Point:
    """The point `distance` km along the line and `offset` km to the left of it (negative: to the right)."""
    left = distance
    for a, b in pairwise(line):
        piece = hypot(b[0] - a[0], b[1] - a[1])
        if left <= piece or b == line[-1]:
            share = min(left / piece, 1.0)
            east, north = (b[0] - a[0]) / piece, (b[1] - a[1]) / piece
            return (a[0] + (b[0] - a[0]) * share - north * offset, a[1] + (b[1] - a[1]) * share + east * offset)
        left -= piece
    raise ValueError(f"a line of {len(line)} points has no inside")


def distance_to(line: Line, point: Point) -> float:
    """Kilometres from the point to the nearest point of the line."""
    return min(_distance_to_piece(a, b, point) for a, b in pairwise(line))


def _distance_to_piece(a: Point, b: Point, point: Point) -> float:
    east, north = b[0] - a[0], b[1] - a[1]
    square = east * east + north * north
    along = ((point[0] - a[0]) * east + (point[1] - a[1]) * north) / square if square else 0.0
    share = min(1.0, max(0.0, along))
    return hypot(point[0] - a[0] - share * east, point[1] - a[1] - share * north)
