"""Readings as columns from whatever answers a BatchQuery: the engine that runs, or a series store's port."""

from collections.abc import Callable, Iterator
from typing import Protocol

from citybrain.backtest.source import Extent, Wanted
from domain.instants import from_micros
from domain.readings import ReadingBatch
from domain.series import BatchQuery


class Answers(Protocol):
    """A domain.ports.SeriesStore is one, and so is a citybrain.edge.client.EngineClient."""

    def batches(self, query: BatchQuery) -> Iterator[ReadingBatch]: ...


class Asked:
    """A `citybrain.backtest.source.Source` that opens no file: it disturbs no engine and works on any store."""

    def __init__(self, answers: Answers, *, name: str, close: Callable[[], None] = lambda: None) -> None:
        self.name = name
        self._answers = answers
        self._close = close

    def extent(self) -> Extent | None:
        return None

    def batches(self, start: int, end: int, wanted: Wanted) -> Iterator[ReadingBatch]:
        metrics = () if wanted.metrics is None else tuple(sorted(wanted.metrics))
        if wanted.metrics != frozenset():
            yield from self._answers.batches(
                BatchQuery(start=from_micros(start), end=from_micros(end), metrics=metrics)
            )

    def close(self) -> None:
        self._close()
