"""Hours of a station: tumbling means with their coverage, and what slides over them, also across midnight."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from domain.instants import EPOCH, MICROS_PER_S, from_micros
from rules.columns import Ints
from rules.standards.air.columns import NOTHING, SCALE
from rules.standards.air.nowcast import HOURS, nowcast

HOUR_US = 3_600 * MICROS_PER_S
OF_EIGHT = 840
"""A common denominator of means of 1 to 8 hours."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A column of fractions `numerator / denominator` in the pollutant's own unit; a numerator below 0 is missing."""

    numerator: Ints
    denominator: Ints

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = self.numerator >= 0
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Hours:
    """Consecutive hours of one place. `means` in millionths of the pollutant's unit, NOTHING where not valid."""

    begin: Ints
    """Microseconds since the epoch, UTC."""
    day: Ints
    """Proleptic ordinal of the local date of the hour's begin."""
    clock: Ints
    """Local hour of its begin, 0 to 23."""
    means: Mapping[str, Ints]

    def __len__(self) -> int:
        return len(self.begin)


def phase(timezone: str) -> int:
    """Microseconds by which local full hours lie behind those of UTC: half an hour in India, else mostly 0."""
    offset = EPOCH.replace(year=2026).astimezone(ZoneInfo(timezone)).utcoffset() or timedelta(0)
    return -round(offset.total_seconds()) * MICROS_PER_S % HOUR_US


def hour_of(at: Ints, span_s: npt.NDArray[np.float64], behind: int) -> tuple[Ints, Ints]:
    """The begin of the local hour in which each span ends, and how many whole seconds of the span lie within it.

    `at` is the end of the span and belongs to what went before: 10:00 ends the hour from 9 to 10 o'clock. What of a
    span lies before that hour counts nowhere: the hour before may have been judged already. At least one second.
    """
    hour = (at - 1 - behind) // HOUR_US * HOUR_US + behind
    within = np.minimum(np.rint(span_s * MICROS_PER_S), at - hour)
    return hour, np.maximum(np.rint(within / MICROS_PER_S), 1).astype(np.int64)


def hours_of(begins: Mapping[str, Ints], means: Mapping[str, Ints], *, timezone: str) -> Hours:
    """A row for every hour from the first to the last; those without a value are NOTHING."""
    every = [column for column in begins.values() if len(column)]
    first = min((int(column.min()) for column in every), default=0)
    last = max((int(column.max()) for column in every), default=-HOUR_US)
    begin = np.arange(first, last + 1, HOUR_US, dtype=np.int64)
    filled = {}
    for pollutant, column in begins.items():
        filled[pollutant] = np.full(len(begin), NOTHING, dtype=np.int64)
        filled[pollutant][(column - first) // HOUR_US] = means[pollutant]
    day, clock = calendar(begin, timezone)
    return Hours(begin=begin, day=day, clock=clock, means=filled)


def calendar(begin: Ints, timezone: str) -> tuple[Ints, Ints]:
    """Local date (as an ordinal) and hour of each instant."""
    both = np.array([_local(int(hour), timezone) for hour in begin], dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def means_of(hour: Ints, weight_s: Ints, value: Ints) -> tuple[Ints, Ints, Ints]:
    """Begin, mean in millionths and covered seconds of every hour with readings; each counts by its seconds."""
    begins, place = np.unique(hour, return_inverse=True)
    total, covered = np.zeros(len(begins), dtype=np.int64), np.zeros(len(begins), dtype=np.int64)
    np.add.at(total, place, value * weight_s)
    np.add.at(covered, place, weight_s)
    return begins, divided(total, np.maximum(covered, 1)), covered


def divided(numerator: Ints, denominator: Ints) -> Ints:
    """Rounded half to even."""
    floor, rest = numerator // denominator, numerator % denominator
    up = (2 * rest > denominator) | ((2 * rest == denominator) & (floor % 2 == 1))
    quotient: Ints = floor + up
    return quotient


def hourly(means: Ints) -> Part:
    """Each hour by itself."""
    return Part(numerator=means, denominator=np.full(len(means), SCALE, dtype=np.int64))


def sliding(means: Ints, *, width: int, least: int) -> Part:
    """Mean of the `width` hours that end with each one; missing with fewer than `least` valid ones among them."""
    known = means >= 0
    total = np.concatenate([[0], np.cumsum(np.where(known, means, 0))])
    count = np.concatenate([[0], np.cumsum(known)])
    begin = np.maximum(np.arange(1, len(means) + 1) - width, 0)
    number = count[1:] - count[begin]
    enough = (number >= least) & (number > 0)
    return Part(
        numerator=np.where(enough, total[1:] - total[begin], NOTHING), denominator=np.maximum(number, 1) * SCALE
    )


def sliding_eight(means: Ints, *, least: int) -> Part:
    """As `sliding` over 8 hours, all over one denominator: so that they can be compared with each other."""
    part = sliding(means, width=8, least=least)
    number = part.denominator // SCALE
    return Part(
        numerator=np.where(part.known, part.numerator * (OF_EIGHT // number), NOTHING),
        denominator=np.full(len(means), OF_EIGHT * SCALE, dtype=np.int64),
    )


def nowcasts(means: Ints) -> Part:
    """The NowCast of each hour, down to a millionth: it is truncated to tenths afterwards."""
    values = [None if mean < 0 else mean for mean in means.tolist()]
    found = [nowcast(values[max(place - HOURS + 1, 0) : place + 1][::-1]) for place in range(len(values))]
    numerator = [NOTHING if value is None else value.numerator // value.denominator for value in found]
    return hourly(np.array(numerator, dtype=np.int64))


def day_of(ordinal: int) -> date:
    return date.fromordinal(int(ordinal))


@lru_cache(maxsize=65_536)
def _local(hour: int, timezone: str) -> tuple[int, int]:
    local = from_micros(hour).astimezone(ZoneInfo(timezone))
    return local.toordinal(), local.hour
