"""What the tests of air share: the shipped tables, loaded once, and hours made of a few numbers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from domain.instants import to_micros
from rules.standards.air.columns import scaled
from rules.standards.air.editions import Edition, Editions, load_editions
from rules.standards.air.hours import HOUR_US, Hours, hours_of
from rules.standards.air.indices import SubIndex, as_fraction, sub_index
from rules.standards.air.limits import Ambient, load_ambient

TZ = "Asia/Shanghai"


@cache
def editions() -> Editions:
    return load_editions()


@cache
def ambient() -> Ambient:
    return load_ambient()


def edition(name: str) -> Edition:
    return editions()[name]


def sub(name: str, indicator: str, value: str | float) -> SubIndex:
    return sub_index(edition(name), indicator, as_fraction(value))


def local(text: str, timezone: str = TZ) -> int:
    return to_micros(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone)))


def hours(start: str, values: Mapping[str, Sequence[float | None]], timezone: str = TZ) -> Hours:
    """Consecutive hours from a local time on; None is missing."""
    begins, means = {}, {}
    for pollutant, column in values.items():
        numbers = np.array([np.nan if value is None else value for value in column], dtype=np.float64)
        begins[pollutant] = local(start, timezone) + HOUR_US * np.arange(len(numbers), dtype=np.int64)
        means[pollutant] = scaled(numbers)
    return hours_of(begins, means, timezone=timezone)
