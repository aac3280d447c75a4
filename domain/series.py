"""Questions to the time-series store, and the shape of its answers."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingQuery:
    """Which readings: half-open [start, end) in event time; empty tuples mean all devices, all metrics."""

    start: datetime
    end: datetime
    devices: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    limit: int = 10_000
    newest_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchQuery:
    """Whole columns of many readings: half-open [start, end) in event time; empty tuples mean all.

    `at_once`: about so many readings in a batch. What has the same event time is never parted.
    """

    start: datetime
    end: datetime
    devices: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    at_once: int = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendQuery:
    """One value per bucket of `bucket_s` seconds over all the devices, averaged as the metric's catalogue entry says.

    Only GOOD readings count. Buckets are aligned to the epoch; an empty bucket is left out, never filled.
    """

    metric: str
    devices: tuple[str, ...]
    start: datetime
    end: datetime
    bucket_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """`at` is the start of the bucket."""

    at: datetime
    value: float
    count: int
