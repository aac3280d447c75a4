"""Grid cells (单元网格) of the plan: 15 digits after GB/T 30428.1, with county codes that no county has."""

from math import floor

from simulators.layout.geometry import Point
from simulators.layout.ground import HALF_HEIGHT, HALF_WIDTH, district_of
from simulators.layout.names import DISTRICTS

_COUNTY = 990_101
"""Code of the first district; codes that begin with 99 are not given to any county."""
_STREET_KM, _COMMUNITY_KM, _CELL_KM = 2.0, 0.5, 0.1
"""A cell has about 10,000 m²; communities and streets are larger squares of the plan."""


def grid_cell(point: Point) -> str:
    """6 digits of the district, 3 of the street, 3 of the community, 3 of the cell within it (from 001)."""
    east, north = point[0] + HALF_WIDTH + 1, point[1] + HALF_HEIGHT + 1
    county = _COUNTY + DISTRICTS.index(district_of(point))
    return f"{county}{_square(east, north, _STREET_KM, 12):03d}" + "".join(
        f"{_square(east % outer, north % outer, inner, round(outer / inner)):03d}"
        for outer, inner in ((_STREET_KM, _COMMUNITY_KM), (_COMMUNITY_KM, _CELL_KM))
    )


def _square(east: float, north: float, size: float, per_row: int) -> int:
    """The number of a square, row by row, from 1."""
    return floor(north / size) * per_row + min(floor(east / size), per_row - 1) + 1
