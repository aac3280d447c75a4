"""Readings as columns from whatever answers a BatchQuery: the engine that runs, or a series store's port."""

from collections.abc import Callable, Iterator
from typing import Protocol

from citybrain.backtest.source import Extent, Wanted
from domain.instants import MICROS_PER_S, from_micros, to_micros
from domain.ports import SeriesStore
from domain.readings import ReadingBatch
from domain.series import BatchQuery, ReadingQuery

FIRST_LOOK_US = 3_600 * MICROS_PER_S
LOOK_FURTHER = 6


class Answers(Protocol):
    """A domain.ports.SeriesStore is one, and so is a citybrain.edge.client.EngineClient."""

    def batches(self, query: BatchQuery) -> Iterator[ReadingBatch]: ...


class Asked:
    """A `citybrain.backtest.source.Source` that opens no file: it disturbs no engine and works on any store."""

    def __init__(
        self,
        answers: Answers,
        *,
        name: str,
        newest: Callable[[int], int | None] = lambda before: None,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        """`newest` as in `Source`; the default suits an engine that runs."""
        self.name = name
        self._newest = newest
        self._answers = answers
        self._close = close

    def extent(self) -> Extent | None:
        return None

    def newest(self, before: int) -> int | None:
        return self._newest(before)

    def batches(self, start: int, end: int, wanted: Wanted) -> Iterator[ReadingBatch]:
        metrics = () if wanted.metrics is None else tuple(sorted(wanted.metrics))
        if wanted.metrics != frozenset():
            yield from self._answers.batches(
                BatchQuery(start=from_micros(start), end=from_micros(end), metrics=metrics)
            )

    def close(self) -> None:
        self._close()


def newest_in(store: SeriesStore, before: int) -> int | None:
    """Event time of the last reading before `before`. Looks back an hour, then further and further: a server that is
    asked for the last of all opens everything that it holds.
    """
    end, length = before, FIRST_LOOK_US
    while end > 0:
        start = max(0, end - length)
        query = ReadingQuery(start=from_micros(start), end=from_micros(end), limit=1, newest_first=True)
        for reading in store.readings(query):
            return to_micros(reading.at)
        end, length = start, length * LOOK_FURTHER
    return None
