"""A series of levels as columns, in order of time, and which local hour each of them belongs to."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from domain.instants import MICROS_PER_S, from_micros
from rules.columns import Ints
from rules.core.comparing import Floats

Bools = npt.NDArray[np.bool_]

HOUR_US = 3_600 * MICROS_PER_S
_QUARTER_US = 900 * MICROS_PER_S
"""Clocks are put forward and back at full quarters of an hour, in every zone since 1972."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Levels in dB(A), ordered by time. `at`: end of the interval of `span` seconds, microseconds since the epoch.

    `peak` is the maximum within the interval (LAFmax), NaN where none was measured.
    """

    at: Ints
    span: Floats
    level: Floats
    peak: Floats

    def __len__(self) -> int:
        return len(self.at)

    def take(self, which: Bools | npt.NDArray[np.intp]) -> "Samples":
        return Samples(at=self.at[which], span=self.span[which], level=self.level[which], peak=self.peak[which])

    @property
    def begin(self) -> Ints:
        return self.at - np.round(self.span * MICROS_PER_S).astype(np.int64)

    @property
    def middle(self) -> Ints:
        return self.at - np.round(self.span * (MICROS_PER_S / 2)).astype(np.int64)


def samples_of(
    at: npt.ArrayLike, span: npt.ArrayLike, level: npt.ArrayLike, peak: npt.ArrayLike | None = None
) -> Samples:
    """From columns in any order; of equal times the order stays. `span` may be one number for all."""
    ends = np.asarray(at, dtype=np.int64)
    order = np.argsort(ends, kind="stable")
    spans = np.broadcast_to(np.asarray(span, dtype=np.float64), ends.shape)
    peaks = np.full(len(ends), np.nan) if peak is None else np.asarray(peak, dtype=np.float64)
    return Samples(
        at=ends[order], span=spans[order], level=np.asarray(level, dtype=np.float64)[order], peak=peaks[order]
    )


def local_offsets(at: Ints, timezone: str) -> Ints:
    """Microseconds by which local clocks are ahead of UTC at each instant."""
    zone = ZoneInfo(timezone)
    quarters, which = np.unique(at // _QUARTER_US, return_inverse=True)
    ahead = [from_micros(int(quarter) * _QUARTER_US).astimezone(zone).utcoffset() for quarter in quarters]
    seconds = np.array([0 if offset is None else round(offset.total_seconds()) for offset in ahead], dtype=np.int64)
    return seconds[which] * MICROS_PER_S


def hours_of(samples: Samples, timezone: str) -> Ints:
    """When the local hour began in which the middle of each interval lies. A clock hour that comes twice is two hours.

    A span across a full hour counts in the hour of its middle: a minute more or less, never twice.
    """
    middle = samples.middle
    return middle - (middle + local_offsets(middle, timezone)) % HOUR_US
