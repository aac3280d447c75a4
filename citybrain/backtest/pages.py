"""Readings page by page, from whatever answers a ReadingQuery: the engine that runs, or a series store's port."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

import numpy as np

from citybrain.backtest.source import Extent, Wanted
from domain.instants import from_micros, to_micros
from domain.ports import SeriesStore
from domain.readings import Quality, ReadingBatch, Vocabulary, batch_of
from domain.series import ReadingQuery

PAGE = 50_000

Row = tuple[str, str, int, float, float, int]
"""Device, metric, event time in microseconds, value, span in seconds, quality."""
Ask = Callable[[ReadingQuery], Iterable[Row]]


class Answers(Protocol):
    """What we ask of a running engine; `citybrain.edge.client.EngineClient` is one."""

    def readings(self, query: ReadingQuery) -> Iterator[Mapping[str, Any]]:
        """Rows of `citybrain readings --json`, in order of event time."""


class Pages:
    """A `citybrain.backtest.source.Source`. Slower than columns, but it disturbs no engine and works on any store."""

    knows_history = False

    def __init__(self, ask: Ask, *, name: str, page: int = PAGE, close: Callable[[], None]) -> None:
        self.name = name
        self._ask = ask
        self._page = page
        self._close = close

    def extent(self) -> Extent | None:
        return None

    def batches(self, start: int, end: int, wanted: Wanted) -> Iterator[ReadingBatch]:
        metrics = () if wanted.metrics is None else tuple(sorted(wanted.metrics))
        query = ReadingQuery(start=from_micros(start), end=from_micros(end), metrics=metrics, limit=self._page)
        while True:
            rows = list(self._ask(query))
            if len(rows) < query.limit:
                break
            last = rows[-1][2]
            whole = [row for row in rows if row[2] < last]
            if not whole:  # a page of one instant: take a larger one
                query = replace(query, limit=query.limit * 2)
                continue
            yield _batch(whole)
            query = replace(query, start=from_micros(last), limit=self._page)
        if rows:
            yield _batch(rows)

    def close(self) -> None:
        self._close()


def store_pages(store: SeriesStore, *, name: str, page: int = PAGE) -> Pages:
    """Over the port that every store has."""

    def ask(query: ReadingQuery) -> Iterator[Row]:
        for found in store.readings(query):
            yield found.device, found.metric, to_micros(found.at), found.value, found.span_s, int(found.quality)

    return Pages(ask, name=name, page=page, close=store.close)


def engine_pages(engine: Answers, *, name: str, page: int = PAGE) -> Pages:
    """Over the internal API of a running engine, which tells event times in milliseconds."""

    def ask(query: ReadingQuery) -> Iterator[Row]:
        for row in engine.readings(query):
            at = to_micros(datetime.fromisoformat(row["at"]))
            yield row["device"], row["metric"], at, row["value"], row["span_s"], Quality[row["quality"].upper()]

    return Pages(ask, name=name, page=page, close=lambda: None)


def _batch(rows: Sequence[Row]) -> ReadingBatch:
    device, metric, at, value, span, quality = zip(*rows, strict=True)
    words = Vocabulary(devices=tuple(dict.fromkeys(device)), metrics=tuple(dict.fromkeys(metric)))
    batch = batch_of(
        words,
        device=[words.device_ordinal[name] for name in device],
        metric=[words.metric_ordinal[name] for name in metric],
        at=at,
        value=np.array(value, dtype=np.float64),
        span=span,
        quality=quality,
    )
    return batch.take(np.argsort(batch.at, kind="stable"))
