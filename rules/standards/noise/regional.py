"""A city's figures after HJ 640: the plain mean of the grid, the mean by length of the roads, and their grades.

Here, and only here, levels are averaged arithmetically. Compliance is never read from such a mean.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from config.loading import Strict, load
from domain.errors import Refused
from rules.standards.noise.levels import Spans
from rules.standards.noise.shipped import FOLDER

SHIPPED_GRADES = FOLDER / "hj640.yaml"
_TENTH = Decimal("0.1")


class Survey(StrEnum):
    """区域 (grid cells of 10 minutes) or 道路交通 (road points of 20 minutes)."""

    REGION = "region"
    ROAD = "road"


class GradeName(Strict):
    zh: str
    en: str


class Grade(Strict):
    """`number` from 1 (good) to 5 (poor); `mean` in dB(A) to a tenth, as it was graded."""

    number: int
    name: GradeName
    mean: float
    edition: str


Bounds = dict[Literal["day", "night"], Annotated[tuple[float, ...], Field(min_length=4, max_length=4)]]


class Grades(Strict):
    """One edition: the highest mean of grades 1 to 4, by time of day."""

    source: str
    valid_from: date
    confidence: Literal["S", "F", "U"]
    names: Annotated[tuple[GradeName, ...], Field(min_length=5, max_length=5)]
    region: Bounds
    road: Bounds


class GradeTables(Strict):
    """All editions, in order of `valid_from`."""

    zh: str
    en: str
    editions: tuple[Grades, ...]

    def grade(self, mean: float, survey: Survey, period: Literal["day", "night"], *, on: date) -> Grade:
        """The grade of a city's mean level of a survey on a date. Raises Refused before the first edition."""
        known = [edition for edition in self.editions if edition.valid_from <= on]
        if not known:
            raise Refused(f"no grades were in force on {on}; the first are of {self.editions[0].valid_from}")
        edition = known[-1]
        bounds = (edition.region if survey is Survey.REGION else edition.road)[period]
        # of the digits as written: 0.05 in binary is a little more, and 50.05 a little less
        tenths = float(Decimal(repr(round(mean, 6))).quantize(_TENTH, rounding=ROUND_HALF_EVEN))
        place = bisect_left(bounds, tenths)
        return Grade(number=place + 1, name=edition.names[place], mean=tenths, edition=edition.source)


def load_grades(file: Path = SHIPPED_GRADES) -> GradeTables:
    """Raises Misconfigured with every problem of the file."""
    return load(file, GradeTables)


def region_mean(levels: Spans) -> float:
    """The arithmetic mean of the Leq of all grid cells, in dB(A); NaN for none. HJ 640-2012."""
    return float(np.mean(levels)) if len(levels) else float("nan")


def road_mean(levels: Spans, lengths: Sequence[float]) -> float:
    """Σ(lᵢ·Lᵢ)/Σlᵢ: the mean of the Leq of all road points by the length of road they stand for. HJ 640-2012.

    Raises ValueError for lengths that are negative or come to nothing.
    """
    if min(lengths, default=0.0) < 0 or sum(lengths) <= 0:
        raise ValueError(f"lengths of roads {list(lengths)!r:.80}: none may be negative, one must be more than 0")
    return float(np.average(levels, weights=lengths))
