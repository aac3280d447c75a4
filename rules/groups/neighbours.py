"""Which places lie within a distance of each other: once per program, for a hundred thousand of them in seconds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.places import Place
from rules.columns import Index
from rules.core.comparing import Floats

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the earth (IUGG)."""
AROUND = tuple((column, row) for column in (-1, 0, 1) for row in (-1, 0, 1))
_ROWS = 1 << 31
"""More rows than a grid of metres has: a cell's column and row fit into one number."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Places in cells as wide as the distance asked for, so that neighbours lie in cells that touch."""

    lon: Floats
    lat: Floats
    cell: npt.NDArray[np.int64]


def near(centres: Sequence[Place], others: Sequence[Place], *, metres: float) -> tuple[Index, Index]:
    """Pairs (centre, other) no farther apart than `metres` on the sphere, by number, in order of centre, then other."""
    if not centres or not others:
        none = np.zeros(0, dtype=np.intp)
        return none, none
    some, rest = _grids(centres, others, metres)
    pairs = [_within(some, rest, *candidates, metres) for candidates in _candidates(some, rest)]
    first = np.concatenate([pair[0] for pair in pairs])
    second = np.concatenate([pair[1] for pair in pairs])
    order = np.lexsort((second, first))
    return first[order], second[order]


def most_pairs(centres: Sequence[Place], others: Sequence[Place], *, metres: float) -> int:
    """No fewer than `near` finds, and quickly: to refuse a distance that would fill the memory."""
    if not centres or not others:
        return 0
    some, rest = _grids(centres, others, metres)
    ordered = np.sort(rest.cell)
    return sum(
        int((np.searchsorted(ordered, cell, side="right") - np.searchsorted(ordered, cell, side="left")).sum())
        for cell in (some.cell + column * _ROWS + row for column, row in AROUND)
    )


def _grids(centres: Sequence[Place], others: Sequence[Place], metres: float) -> tuple[Grid, Grid]:
    lon = np.array([place.lon for place in (*centres, *others)])
    lat = np.array([place.lat for place in (*centres, *others)])
    # measured from the first place, so that no city lies on the date line
    east = np.radians((lon - lon[0] + 540.0) % 360.0 - 180.0)
    lat = np.radians(lat)
    angle = metres / EARTH_RADIUS_M * (1.0 + 1e-9)
    # a degree of longitude is shortest farthest from the equator: there a cell has to be wide enough too
    narrowest = max(float(np.cos(np.abs(lat).max() + angle)), 1e-6)
    column = np.floor(east / (angle / narrowest)).astype(np.int64)
    cell = column * _ROWS + np.floor(lat / angle).astype(np.int64)
    n = len(centres)
    return Grid(lon=east[:n], lat=lat[:n], cell=cell[:n]), Grid(lon=east[n:], lat=lat[n:], cell=cell[n:])


def _candidates(some: Grid, rest: Grid) -> Iterator[tuple[Index, Index]]:
    """All pairs whose cells touch."""
    order = np.argsort(rest.cell, kind="stable")
    ordered = rest.cell[order]
    for column, row in AROUND:
        cell = some.cell + column * _ROWS + row
        begin = np.searchsorted(ordered, cell, side="left")
        number = np.searchsorted(ordered, cell, side="right") - begin
        first = np.repeat(np.arange(len(cell)), number)
        before = np.cumsum(number) - number
        place = np.arange(int(number.sum())) - np.repeat(before, number) + np.repeat(begin, number)
        yield first, order[place]


def _within(some: Grid, rest: Grid, first: Index, second: Index, metres: float) -> tuple[Index, Index]:
    half_lat = np.sin((rest.lat[second] - some.lat[first]) / 2.0) ** 2
    half_lon = np.sin((rest.lon[second] - some.lon[first]) / 2.0) ** 2
    chord = half_lat + np.cos(some.lat[first]) * np.cos(rest.lat[second]) * half_lon
    close = 2.0 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(chord, 1.0))) <= metres
    return first[close], second[close]
