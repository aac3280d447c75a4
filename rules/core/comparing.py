"""Holds values against limits: what a column of values means for the condition."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import assert_never

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Comparison(StrEnum):
    """How a compliant value relates to its limit."""

    BELOW = "<"
    AT_MOST = "<="
    AT_LEAST = ">="
    ABOVE = ">"
    EQUAL = "="


@dataclass(frozen=True, slots=True, kw_only=True)
class Yardstick:
    """What a single value is held against. `dead_band` in the unit of the value."""

    limit: float
    comparison: Comparison
    dead_band: float = 0.0

    def finding(self, value: float) -> "Finding":
        """UNKNOWN for NaN."""
        found = findings(self.comparison, np.array([value]), np.array([self.limit]), self.dead_band)
        return Finding(found[0])


class Finding(IntEnum):
    """What one value, or its absence, says. BETWEEN is compliant but inside the dead-band: it changes nothing."""

    OK = 0
    BETWEEN = 1
    VIOLATED = 2
    UNKNOWN = 3


def findings(comparison: Comparison, values: Floats, limits: Floats, dead_band: float) -> npt.NDArray[np.int8]:
    """One Finding per value; UNKNOWN where the value or the limit is NaN. `dead_band` is in the unit of the values."""
    compliant, beyond = _compliance(comparison, values, limits, dead_band)
    found = np.where(beyond, Finding.OK, np.where(compliant, Finding.BETWEEN, Finding.VIOLATED)).astype(np.int8)
    found[np.isnan(values) | np.isnan(limits)] = Finding.UNKNOWN
    return found


def _compliance(
    comparison: Comparison, values: Floats, limits: Floats, dead_band: float
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Within the limit, and within it by more than the dead-band."""
    match comparison:
        case Comparison.BELOW:
            return values < limits, values < limits - dead_band
        case Comparison.AT_MOST:
            return values <= limits, values <= limits - dead_band
        case Comparison.AT_LEAST:
            return values >= limits, values >= limits + dead_band
        case Comparison.ABOVE:
            return values > limits, values > limits + dead_band
        case Comparison.EQUAL:
            equal = values == limits
            return equal, equal
        case _:
            assert_never(comparison)
