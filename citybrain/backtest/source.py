"""The seam between where readings are kept and what judges them: batches in order of event time, never all at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from domain.readings import ReadingBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the rules look at. `metrics` None: all of them."""

    metrics: frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Event times of the first and the last reading, in microseconds."""

    first: int
    last: int


class Source(Protocol):
    """Stored readings."""

    name: str
    """What people call it: a path, or the engine."""

    def extent(self) -> Extent | None:
        """None when there are none, or when the store cannot say without reading everything."""

    def newest(self, before: int) -> int | None:
        """Event time of the last reading before `before`; None when there is none, or when an engine still writes."""

    def batches(self, start: int, end: int, wanted: Wanted) -> Iterator[ReadingBatch]:
        """Readings of [start, end) in order of event time, of bounded size; each batch later than the one before."""

    def close(self) -> None: ...
