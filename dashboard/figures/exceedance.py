"""Where a course of values lies above its limit: the areas that the charts shade."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

Point = tuple[float, float]
Limit = tuple[float, float, float]
"""Start, end and value; in the same unit of time as the points."""


def limit_at(limits: Sequence[Limit], at: float) -> float | None:
    """The limit that holds at a moment, [start, end); the last one also holds at its end."""
    for start, end, value in limits:
        if start <= at < end:
            return value
    return limits[-1][2] if limits and at == limits[-1][1] else None


def exceedances(course: Sequence[Point], limits: Sequence[Limit]) -> list[list[Point]]:
    """Closed outlines, in order of time, of what lies between the course and the limit below it."""
    areas: list[list[Point]] = []
    for start, end, value in limits:
        run: list[Point] = []
        for point in _inside(course, start, end, value):
            if point[1] >= value:
                run.append(point)
                continue
            areas.extend(_closed(run, value))
            run = []
        areas.extend(_closed(run, value))
    return areas


def _inside(course: Sequence[Point], start: float, end: float, value: float) -> Iterator[Point]:
    """The course within [start, end], with points added where it enters, leaves, or crosses the limit."""
    for (t0, v0), (t1, v1) in pairwise(course):
        cuts = {start, end}
        if (v0 - value) * (v1 - value) < 0:
            cuts.add(t0 + (t1 - t0) * (value - v0) / (v1 - v0))
        if start <= t0 <= end:
            yield t0, v0
        for cut in sorted(cuts):
            if t0 < cut < t1 and start <= cut <= end:
                at_cut = v0 + (v1 - v0) * (cut - t0) / (t1 - t0)
                is_crossing = cut not in (start, end)
                yield cut, value if is_crossing else at_cut
    if course and start <= course[-1][0] <= end:
        yield course[-1]


def _closed(run: list[Point], value: float) -> Iterator[list[Point]]:
    if len(run) > 1 and any(v > value for _, v in run):
        yield [*run, (run[-1][0], value), (run[0][0], value)]
