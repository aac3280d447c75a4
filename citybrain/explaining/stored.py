"""The stored readings that an alert is about, each with the moment at which it was received."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from domain.instants import to_micros
from domain.readings import Reading, ReadingBatch, Vocabulary, batch_of
from domain.series import BatchQuery

Read = Callable[[BatchQuery], Iterable[ReadingBatch]]
"""As domain.ports.SeriesStore.batches."""
AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """`received`: microseconds."""

    reading: Reading
    received: int

    @property
    def series(self) -> tuple[str, str]:
        return self.reading.device, self.reading.metric


def stored_readings(read: Read, query: BatchQuery, *, limit: int) -> list[Stored]:
    """In order of event time, the first `limit` of them. Raises Temporary when the store is away."""
    found: list[Stored] = []
    for batch in read(query):
        rows = zip(batch.rows(), batch.received.tolist(), strict=True)
        found += [Stored(reading=reading, received=received) for reading, received in rows]
        if len(found) >= limit:
            break
    found.sort(key=lambda one: (one.reading.at, *one.series))
    return found[:limit]


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
