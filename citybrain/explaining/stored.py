"""The stored readings that an alert is about, each with the moment at which it was received."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from domain.instants import to_micros
from domain.readings import Reading, ReadingBatch, Vocabulary, batch_of
from domain.series import BatchQuery
from rules.columns import Ints

Read = Callable[[BatchQuery], Iterable[ReadingBatch]]
"""As domain.ports.SeriesStore.batches."""
AT_ONCE = 10_000
MOST_COUNTED = 500_000
"""The store is not gone through further for one alert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """`received`: microseconds."""

    reading: Reading
    received: int

    @property
    def series(self) -> tuple[str, str]:
        return self.reading.device, self.reading.metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`readings` in order of event time. `left_out`: so many more are in the store, and at least so many where not all
    were counted.
    """

    readings: Sequence[Stored]
    left_out: int
    is_counted: bool


def stored_readings(read: Read, query: BatchQuery, *, moves: Sequence[int], limit: int) -> Found:
    """Of more than `limit` those nearest to one of the `moves` (µs). Raises Temporary when the store is away."""
    near = Nearest(moves, limit)
    is_counted = True
    for batch in read(query):
        near.add(batch)
        is_counted = near.count < MOST_COUNTED
        if not is_counted:
            break
    found = near.readings()
    return Found(readings=found, left_out=near.count - len(found), is_counted=is_counted)


class Nearest:
    """Collects batches and holds no more than about twice `limit` readings of them."""

    def __init__(self, moves: Sequence[int], limit: int) -> None:
        self._moves = np.array(sorted(moves), dtype=np.int64)
        self._limit = limit
        self._batches: list[ReadingBatch] = []
        self._held = 0
        self.count = 0

    def add(self, batch: ReadingBatch) -> None:
        self._batches.append(batch)
        self._held += len(batch)
        self.count += len(batch)
        if self._held > 2 * self._limit:
            self._cut()

    def readings(self) -> list[Stored]:
        """In order of event time; as many as the limit, and those as far from the moves as the last of these."""
        if self._held > self._limit:
            self._cut()
        found: list[Stored] = []
        for batch in self._batches:
            rows = zip(batch.rows(), batch.received.tolist(), strict=True)
            found += [Stored(reading=reading, received=received) for reading, received in rows]
        found.sort(key=lambda one: (one.reading.at, *one.series))
        return found

    def _cut(self) -> None:
        apart = [self._apart(batch.at) for batch in self._batches]
        farthest = np.partition(np.concatenate(apart), self._limit - 1)[self._limit - 1]
        kept = [np.flatnonzero(one <= farthest) for one in apart]
        self._batches = [batch.take(rows) for batch, rows in zip(self._batches, kept, strict=True) if len(rows)]
        self._held = sum(len(batch) for batch in self._batches)

    def _apart(self, at: Ints) -> Ints:
        """From the nearest move."""
        place = np.searchsorted(self._moves, at)
        before = self._moves[np.maximum(place - 1, 0)]
        after = self._moves[np.minimum(place, len(self._moves) - 1)]
        apart: Ints = np.minimum(np.abs(at - before), np.abs(at - after))
        return apart


def overtaken(readings: Sequence[Stored], *, lateness_us: int) -> frozenset[int]:
    """Places of the readings that came after one of their own series that is newer by more than the rule waits for."""
    newest: dict[tuple[str, str], int] = {}
    found: set[int] = set()
    for place in sorted(range(len(readings)), key=lambda place: readings[place].received):
        one, at = readings[place], to_micros(readings[place].reading.at)
        if not one.reading.live:
            continue
        before = newest.get(one.series, at)
        if at + lateness_us < before:
            found.add(place)
        newest[one.series] = max(at, before)
    return frozenset(found)


def batch_from(words: Vocabulary, readings: Sequence[Stored]) -> ReadingBatch:
    """In their order; those of devices and metrics that are still known."""
    known = [one for one in readings if one.reading.device in words.device_ordinal]
    known = [one for one in known if one.reading.metric in words.metric_ordinal]
    return batch_of(
        words,
        device=[words.device_ordinal[one.reading.device] for one in known],
        metric=[words.metric_ordinal[one.reading.metric] for one in known],
        at=[to_micros(one.reading.at) for one in known],
        received=[one.received for one in known],
        value=[one.reading.value for one in known],
        span=[one.reading.span_s for one in known],
        quality=[int(one.reading.quality) for one in known],
    )
