"""The streets of the plan: named roads as gently winding lines, the ring, and the side streets between the roads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from math import cos, pi, sin

from domain.places import RoadGrade
from simulators.dice import Dice
from simulators.layout.geometry import Line, Point, beside, length, sampled
from simulators.layout.names import BRIDGE, RING, ROADS, RoadPlan

_WINDING_KM = 0.13
_SHORTEST_KM = 0.45


class StreetClass(IntEnum):
    """As the map's `cls`."""

    EXPRESSWAY = 0
    NAMED = 1
    SIDE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """A line that carries traffic. Side streets have no name and no grade."""

    cls: StreetClass
    line: Line
    id: str = ""
    zh: str = ""
    en: str = ""
    grade: RoadGrade | None = None

    @property
    def length_km(self) -> float:
        return length(self.line)


def lay_streets(seed: int) -> tuple[Street, ...]:
    """The 20 named roads in the order of their numbers, then the ring, then the side streets."""
    courses = [_course(plan, Dice(seed, "road", str(number))) for number, plan in enumerate(ROADS)]
    named = tuple(
        Street(
            cls=StreetClass.NAMED,
            id=f"R{number:02d}",
            zh=plan.zh,
            en=plan.en,
            grade=plan.grade,
            line=sampled(course, plan.begin, plan.end),
        )
        for number, (plan, course) in enumerate(zip(ROADS, courses, strict=True), start=1)
    )
    return (*named, _ring(), *_side_streets(seed, courses))


def _course(plan: RoadPlan, dice: Dice) -> Callable[[float], Point]:
    """Where the road is at a distance along its axis: straight, but for two slow bends."""
    phase, bend, span = dice.between(0, 2 * pi), dice.between(0.6, 1.0, 1) * _WINDING_KM, dice.between(7.0, 11.0, 2)
    tilt = dice.between(-0.012, 0.012, 3)

    def at(along: float) -> Point:
        aside = plan.at + tilt * along + bend * sin(2 * pi * along / span + phase)
        return (along, aside) if plan.is_east_west else (aside, along)

    return at


def _ring() -> Street:
    def at(angle: float) -> Point:
        return (0.3 + 7.5 * cos(angle), 0.35 + 3.75 * sin(angle) + 0.12 * sin(3 * angle))

    return Street(cls=StreetClass.EXPRESSWAY, id="ring", zh=RING[0], en=RING[1], line=sampled(at, 0, 2 * pi, step=0.07))


def _side_streets(seed: int, courses: Sequence[Callable[[float], Point]]) -> list[Street]:
    """In every block between two neighbouring roads of one direction one or two streets, from road to road."""
    streets = []
    for is_east_west in (True, False):
        roads = [(p, c) for p, c in zip(ROADS, courses, strict=True) if p.is_east_west is is_east_west]
        roads.sort(key=lambda road: road[0].at)
        for number, (lower, upper) in enumerate(pairwise(roads)):
            streets += _rungs(Dice(seed, "side", str(is_east_west), str(number)), lower, upper)
    return streets


def _rungs(
    dice: Dice, lower: tuple[RoadPlan, Callable[[float], Point]], upper: tuple[RoadPlan, Callable[[float], Point]]
) -> list[Street]:
    """Streets across the strip between two roads, where both exist; none along the bridges."""
    begin = max(lower[0].begin, upper[0].begin, BRIDGE + 1.2 if not lower[0].is_east_west else -99.0) + 0.3
    end = min(lower[0].end, upper[0].end) - 0.3
    count = round((end - begin) / 0.55)
    rungs = []
    for i in range(count):
        along = begin + (end - begin) * (i + dice.between(0.15, 0.85, 4 * i)) / count
        slant, kept = dice.between(-0.06, 0.06, 4 * i + 1), dice.uniform(4 * i + 2) < 0.78
        a, b = lower[1](along), upper[1](along + slant)
        short = dice.between(0.55, 1.0, 4 * i + 3)
        line = _bent(a, (a[0] + (b[0] - a[0]) * short, a[1] + (b[1] - a[1]) * short))
        if kept and length(line) > _SHORTEST_KM:
            rungs.append(Street(cls=StreetClass.SIDE, line=line))
    return rungs


def _bent(a: Point, b: Point) -> Line:
    middle = beside((a, b), length((a, b)) / 2, offset=0.03)
    return (a, middle, b)
