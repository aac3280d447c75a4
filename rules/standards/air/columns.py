"""Sub-indices of whole columns in 64-bit integers: the fast twin of indices.py, equal to it to the last digit.

A concentration is `numerator / denominator` in the indicator's unit: a sum of scaled readings over their count.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rules.columns import Ints
from rules.standards.air.editions import Edition, Result, Rounding

SCALE = 1_000_000
"""Concentrations are kept in millionths of their unit: as many digits as any station gives."""
NOTHING = -1
"""No index."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ladder:
    """One indicator's table in whole steps (`parts` of them make the unit)."""

    parts: int
    low: Ints
    high: Ints
    index_low: Ints
    index_high: Ints
    concentrations: Rounding
    result: Result
    above: int
    """The index above the table; NOTHING where another indicator decides."""

    @classmethod
    def of(cls, edition: Edition, indicator: str) -> "Ladder":
        entry, bands = edition.indicators[indicator], edition.bands(indicator)

        def steps(edges: list[int]) -> Ints:
            return np.array(edges, dtype=np.int64)

        return cls(
            parts=int(1 / entry.step),
            low=steps([int(band.low / entry.step) for band in bands]),
            high=steps([int(band.high / entry.step) for band in bands]),
            index_low=steps([band.index_low for band in bands]),
            index_high=steps([band.index_high for band in bands]),
            concentrations=edition.concentrations,
            result=edition.result,
            above=entry.beyond if isinstance(entry.beyond, int) else NOTHING,
        )

    def indices(self, numerator: Ints, denominator: Ints) -> Ints:
        """The sub-index of each fraction; NOTHING where the numerator is negative, or none is defined.

        Below 2^63 as long as numerator × steps of the unit × 199 is: a year of readings in millionths.
        """
        whole, part = self._used(np.maximum(numerator, 0) * self.parts, denominator)
        # the first band whose end is not below whole/part
        band = np.searchsorted(self.high, -(-whole // part), side="left")
        inside = np.minimum(band, len(self.high) - 1)
        low, high, first = self.low[inside], self.high[inside], self.index_low[inside]
        run = (high - low) * part
        rise = (whole - low * part) * (self.index_high[inside] - first)
        found = first + (-(-rise // run) if self.result is Result.UP else (2 * rise + run) // (2 * run))
        found = np.where(band == len(self.high), self.above, found)
        below = (band == 0) & (whole < self.low[0] * part)
        return np.where(below | (numerator < 0), NOTHING, found).astype(np.int64)

    def is_above(self, numerator: Ints, denominator: Ints) -> npt.NDArray[np.bool_]:
        """Whether the concentration lies above the end of the table."""
        whole, part = self._used(np.maximum(numerator, 0) * self.parts, denominator)
        found: npt.NDArray[np.bool_] = (whole > self.high[-1] * part) & (numerator >= 0)
        return found

    def _used(self, whole: Ints, part: Ints) -> tuple[Ints, Ints]:
        """The fraction in steps after the edition's rounding."""
        one = np.ones_like(part)
        match self.concentrations:
            case Rounding.NONE:
                return whole, part
            case Rounding.TRUNCATE:
                return whole // part, one
            case Rounding.HALF_EVEN:
                floor, rest = whole // part, whole % part
                up = (2 * rest > part) | ((2 * rest == part) & (floor % 2 == 1))
                return floor + up, one


def scaled(values: npt.NDArray[np.float64]) -> Ints:
    """Readings in millionths, as they are written; NaN is NOTHING."""
    known = np.isfinite(values) & (values >= 0)
    return np.where(known, np.rint(np.where(known, values, 0.0) * SCALE), NOTHING).astype(np.int64)
