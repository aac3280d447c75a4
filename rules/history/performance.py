"""How much a set of alerts asks of the people on duty: rates, floods, busy hours, after ISA-18.2 and EEMUA 191.

Every window counts, the empty ones too; the average hides floods, so those have figures of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from pydantic import Field

from config.durations import Seconds
from config.loading import Strict
from domain.instants import MICROS_PER_S
from rules.columns import Ints

HOUR_US = 3600 * MICROS_PER_S
DAY_US = 24 * HOUR_US


class Verdict(StrEnum):
    """EEMUA 191 on the average rate."""

    ACCEPTABLE = "acceptable"
    MANAGEABLE = "manageable"
    OVER_DEMANDING = "over_demanding"
    UNACCEPTABLE = "unacceptable"


class Band(Strict):
    """Up to `at_most` alarms in a window on average; the last band has no end."""

    at_most: float = float("inf")
    word: Verdict


class Flood(Strict):
    """Begins with more than `above` in one window, ends with fewer than `below`."""

    above: float
    below: float


class Shares(Strict):
    """Shares in % that are to stay below."""

    windows_over: float
    hours_over: float
    in_flood: float
    top_ten: float


class Chattering(Strict):
    times: int = Field(ge=2)
    within: Seconds


class Stale(Strict):
    after: Seconds
    per_day: int


class Source(Strict):
    zh: str
    en: str


class LoadAims(Strict):
    """The file config/standards/alarms/load.yaml."""

    id: str
    valid_from: object
    source: Source
    window: Seconds
    bands: tuple[Band, ...]
    flood: Flood
    busy_hour: float
    aims: Shares
    chattering: Chattering
    fleeting: Seconds
    stale: Stale
    priorities: dict[str, float]

    @property
    def window_us(self) -> int:
        return round(self.window * MICROS_PER_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloodSpan:
    """One flood, in microseconds; `alarms` were told within it, or made it begin."""

    begin: int
    end: int
    alarms: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlarmLoad:
    """For one operator position, when `operators` share the alarms evenly. Shares in %."""

    operators: int
    alarms: int
    per_window: float
    """Average over the whole time."""
    most_in_window: float
    """In any window, wherever it begins."""
    windows: Ints
    """Alarms of all operators together in each consecutive window from the begin; the last one may be cut short."""
    windows_over: float
    hours_over: float
    in_flood: float
    floods: Sequence[FloodSpan]
    verdict: Verdict


def alarm_load(at: Ints, *, start: int, end: int, operators: int, aims: LoadAims) -> AlarmLoad:
    """Of activations at `at` (in any order), all within [start, end). Raises ValueError for an empty time."""
    if end <= start:
        raise ValueError(f"no time between {start} and {end}; there is no rate over nothing")
    at = np.sort(at)
    windows, hours = _counts(at, start, end, aims.window_us), _counts(at, start, end, HOUR_US)
    per_window = len(at) * aims.window_us / (end - start) / operators
    times, within = _course(at, aims.window_us)
    floods = _floods(times, within / operators, at, end=end, aims=aims)
    return AlarmLoad(
        operators=operators,
        alarms=len(at),
        per_window=per_window,
        most_in_window=float(within.max(initial=0)) / operators,
        windows=windows,
        windows_over=100.0 * float(np.mean(windows / operators > aims.flood.above)),
        hours_over=100.0 * float(np.mean(hours / operators > aims.busy_hour)),
        in_flood=100.0 * sum(flood.end - flood.begin for flood in floods) / (end - start),
        floods=floods,
        verdict=verdict_of(per_window, aims),
    )


def verdict_of(per_window: float, aims: LoadAims) -> Verdict:
    """The word for an average rate."""
    return next(band.word for band in aims.bands if per_window <= band.at_most)


def _counts(at: Ints, start: int, end: int, window_us: int) -> Ints:
    """In consecutive windows from `start`."""
    number = -(-(end - start) // window_us)
    return np.bincount((at - start) // window_us, minlength=number)


def _course(at: Ints, window_us: int) -> tuple[Ints, Ints]:
    """How many there were in (t - window, t], after each t at which that changes."""
    moments = np.concatenate([at, at + window_us])
    steps = np.concatenate([np.ones(len(at), dtype=np.int64), np.full(len(at), -1, dtype=np.int64)])
    order = np.argsort(moments, kind="stable")
    moments, within = moments[order], np.cumsum(steps[order])
    last = np.ones(len(moments), dtype=np.bool_)
    last[:-1] = moments[1:] != moments[:-1]  # what happens at one instant happens together
    return moments[last], within[last]


def _floods(times: Ints, within: npt.NDArray[np.float64], at: Ints, *, end: int, aims: LoadAims) -> Sequence[FloodSpan]:
    """Hysteresis: in above the one figure, out below the other, in between as before."""
    says = np.where(within > aims.flood.above, 1, np.where(within < aims.flood.below, 0, -1))
    known = np.maximum.accumulate(np.where(says >= 0, np.arange(len(says)), -1))
    inside = np.where(known >= 0, says[known], 0) == 1
    edges = np.diff(inside.astype(np.int8), prepend=np.int8(0), append=np.int8(0))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    floods = []
    for first, after in zip(begins.tolist(), ends.tolist(), strict=True):
        begin = int(times[first])
        over = min(int(times[after]) if after < len(times) else end, end)
        low, high = np.searchsorted(at, [begin - aims.window_us + 1, over])
        floods.append(FloodSpan(begin=begin, end=over, alarms=int(high - low)))
    return floods
