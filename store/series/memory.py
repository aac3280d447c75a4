"""A series store in a dictionary: for tests and for trying things out; gone with the process."""

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

import numpy as np

from domain.instants import MICROS_PER_S, to_micros
from domain.metrics import Catalogue
from domain.readings import Quality, Reading, ReadingBatch, Vocabulary, batch_of
from domain.series import BatchQuery, ReadingQuery, TrendPoint, TrendQuery
from store.series import averaging


class MemorySeriesStore:
    """Implements domain.ports.SeriesStore."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._readings: dict[tuple[str, str, datetime], Reading] = {}
        self._received: dict[tuple[str, str, datetime], int] = {}
        self._through = 0
        self._guard = threading.Lock()

    def write(self, batch: ReadingBatch, *, through: int | None) -> None:
        with self._guard:
            if through is not None and through <= self._through:
                return
            for reading, received in zip(batch.rows(), batch.received.tolist(), strict=True):
                key = (reading.device, reading.metric, reading.at)
                self._readings.setdefault(key, reading)
                self._received.setdefault(key, received)
            self._through = self._through if through is None else through

    def stored_through(self) -> int:
        return self._through

    def readings(self, query: ReadingQuery) -> Iterator[Reading]:
        sign = -1 if query.newest_first else 1
        chosen = [reading for reading in self._all() if _answers(reading, query)]
        chosen.sort(key=lambda reading: (sign * to_micros(reading.at), reading.device, reading.metric))
        return iter(chosen[: query.limit])

    def batches(self, query: BatchQuery) -> Iterator[ReadingBatch]:
        """One for each minute: small, so that whoever asks has to put several together."""
        asked = ReadingQuery(start=query.start, end=query.end, devices=query.devices, metrics=query.metrics)
        chosen = sorted((r for r in self._all() if _answers(r, asked)), key=lambda r: r.at)
        for _, minute in groupby(chosen, key=lambda r: to_micros(r.at) // (60 * MICROS_PER_S)):
            yield self._batch(list(minute))

    def trend(self, query: TrendQuery) -> Sequence[TrendPoint]:
        asked = ReadingQuery(start=query.start, end=query.end, devices=query.devices, metrics=(query.metric,))
        chosen = [r for r in self._all() if _answers(r, asked) and r.quality is Quality.GOOD]
        ordinal = {device: n for n, device in enumerate(dict.fromkeys(r.device for r in chosen))}
        return averaging.trend(
            averaging.averaging_of(query.metric, self._catalogue),
            device=np.array([ordinal[r.device] for r in chosen], dtype=np.intp),
            at=np.array([to_micros(r.at) for r in chosen], dtype=np.int64),
            value=np.array([r.value for r in chosen], dtype=np.float64),
            bucket_us=query.bucket_s * MICROS_PER_S,
        )

    def delete_before(self, moment: datetime) -> int:
        with self._guard:
            gone = [key for key in self._readings if key[2] < moment]
            for key in gone:
                del self._readings[key], self._received[key]
        return len(gone)

    def give_back(self) -> None:
        """Nothing: all that it holds is what was stored."""

    def close(self) -> None:
        """Nothing to give back: what was written can still be read."""

    def _batch(self, readings: Sequence[Reading]) -> ReadingBatch:
        words = Vocabulary(
            devices=sorted({reading.device for reading in readings}),
            metrics=sorted({reading.metric for reading in readings}),
        )
        return batch_of(
            words,
            device=[words.device_ordinal[reading.device] for reading in readings],
            metric=[words.metric_ordinal[reading.metric] for reading in readings],
            at=[to_micros(reading.at) for reading in readings],
            received=[self._received[reading.device, reading.metric, reading.at] for reading in readings],
            value=[reading.value for reading in readings],
            quality=[reading.quality for reading in readings],
            span=[reading.span_s for reading in readings],
            live=[reading.live for reading in readings],
        )

    def _all(self) -> list[Reading]:
        with self._guard:
            return list(self._readings.values())


def _answers(reading: Reading, query: ReadingQuery) -> bool:
    is_asked_for = (not query.devices or reading.device in query.devices) and (
        not query.metrics or reading.metric in query.metrics
    )
    return is_asked_for and query.start <= reading.at < query.end
