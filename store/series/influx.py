"""The series store in InfluxDB 1, 2 or 3: measurement = metric code, one tag `device`; see docs/influxdb.md."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.errors import Refused
from domain.instants import EPOCH, MICROS_PER_S, from_micros, to_micros
from domain.metrics import Averaging, Catalogue
from domain.readings import Quality, Reading, ReadingBatch
from domain.series import BatchQuery, ReadingQuery, TrendPoint, TrendQuery
from store.series import averaging, influxql, levels
from store.series.batching import batch_of_rows
from store.series.cursor_file import CursorFile, RolledFile
from store.series.influx_errors import LinesRefused, TooLarge, misconfigured
from store.series.influx_server import InfluxSeries, InfluxServer
from store.series.influxql import Span
from store.series.levels import Columns, Rolled
from store.series.line_protocol import LineWriter, rollup_lines
from store.series.refusing import RowsRefused
from store.series.rollups import FIGURES, Level, Rollups
from store.series.stretches import Buckets, stretches

LINES_AT_ONCE = 20_000
"""About 2 MB a request; InfluxDB takes 25 MB by default, proxies often less: after a 413 it is half as many."""


class InfluxSeriesStore:
    """Implements domain.ports.SeriesStore. The cursor stands in a local file, written after the server has answered."""

    def __init__(self, server: InfluxServer, catalogue: Catalogue, *, cursor: CursorFile, rolled: RolledFile) -> None:
        """Raises Misconfigured for metrics whose measurements would be those of another one's rollups."""
        taken = {influxql.measurement_of(metric, level) for metric in catalogue.codes for level in Level}
        if clash := sorted(taken.intersection(catalogue.codes)):
            raise misconfigured(f"metrics {', '.join(clash)} have the names of rollups; call them otherwise")
        self._server = server
        self._catalogue = catalogue
        self._cursor = cursor
        self._rolled = rolled
        self._writer = LineWriter()
        self._naming = threading.Lock()
        self._number_of: dict[str | None, int] = {}
        self._names: list[str] = []
        self._at_once = LINES_AT_ONCE

    def write(self, batch: ReadingBatch, *, through: int | None) -> None:
        if through is not None and through <= self._cursor.through:
            return
        start = 0
        while start < len(batch):
            start += self._send(batch, start)
        if through is not None:
            self._cursor.advance(through)

    def stored_through(self) -> int:
        return self._cursor.through

    def readings(self, query: ReadingQuery) -> Iterator[Reading]:
        metrics = query.metrics or self._catalogue.codes
        found = [
            reading
            for series in self._server.ask(influxql.readings(query, metrics))
            for reading in self._whole_last_moment(series, query)
        ]
        sign = -1 if query.newest_first else 1
        found.sort(key=lambda reading: (sign * (reading.at - EPOCH), reading.device, reading.metric))
        return iter(found[: query.limit])

    def batches(self, query: BatchQuery) -> Iterator[ReadingBatch]:
        metrics = query.metrics or self._catalogue.codes

        def count(asked: Buckets) -> Counter[int]:
            found: Counter[int] = Counter()
            where = Span(query.devices, asked.start, asked.end)
            for series in self._server.ask(influxql.counts(where, metrics, step_s=asked.step_s)):
                found.update(dict(series.values))
            return found

        for start, end in stretches(count, to_micros(query.start), to_micros(query.end), at_once=query.at_once):
            found = self._server.ask(influxql.batch(Span(query.devices, start, end), metrics))
            if batch := batch_of_rows({series.name: series.values for series in found}):
                yield batch

    def trend(self, query: TrendQuery) -> Sequence[TrendPoint]:
        how = averaging.averaging_of(query.metric, self._catalogue)
        pieces = levels.stretches(query, self._rolled.rolled or Rolled())
        if any(piece.level for piece in pieces):
            return levels.trend(self, how, query, pieces)
        if how is Averaging.MEAN:
            rows = [row for series in self._server.ask(influxql.means(query)) for row in series.values]
            return [TrendPoint(at=from_micros(at), value=value, count=count) for at, value, count in rows if count]
        few = self.columns(query.metric, query.devices, to_micros(query.start), to_micros(query.end))
        bucket_us = query.bucket_s * MICROS_PER_S
        return averaging.trend(how, device=few.device, at=few.at, value=few.value, bucket_us=bucket_us)

    def delete_before(self, moment: datetime) -> int:
        """Always -1: InfluxDB does not count. Raises Refused for InfluxDB 3, which only has a retention period."""
        if self._server.settings.generation == 3:
            raise Refused(
                "InfluxDB 3 deletes by itself: influxdb3 update database --retention-period 400d "
                f"--database {self._server.settings.database}; and leave series.keep empty"
            )
        self._delete(self._catalogue.codes, moment)
        return -1

    def rolled(self) -> Rolled | None:
        return self._rolled.rolled

    def settle_rolled(self, rolled: Rolled) -> None:
        self._rolled.settle(rolled)

    def columns(self, metric: str, devices: tuple[str, ...], start: int, end: int) -> Columns:
        at, value, device = self._ask(influxql.columns(metric, Span(devices, start, end)), 3)
        return Columns(device=self._numbers(device), at=_times(at), value=_figures(value))

    def rollups(self, level: Level, metric: str, devices: tuple[str, ...], start: int, end: int) -> Rollups:
        names = FIGURES[averaging.averaging_of(metric, self._catalogue)]
        question = influxql.rollups(level, metric, names, Span(devices, start, end))
        at, *figures, device = self._ask(question, len(names) + 2)
        return Rollups(
            device=self._numbers(device),
            start=_times(at),
            figures=dict(zip(names, map(_figures, figures), strict=True)),
        )

    def write_rollups(self, level: Level, metric: str, rows: Rollups, *, start: int, end: int) -> None:
        """Overwrites; a window that lost its readings would keep its row, but readings do not go one by one."""
        measurement = influxql.measurement_of(metric, level)
        for begin in range(0, len(rows), LINES_AT_ONCE):
            part = slice(begin, begin + LINES_AT_ONCE)
            self._server.write(rollup_lines(measurement, rows, part, names=self._names))

    def delete_rollups(self, level: Level, moment: datetime) -> None:
        """Nothing to do in generation 3: there each table has its own retention period, see docs/influxdb.md."""
        measurements = [influxql.measurement_of(metric, level) for metric in self._catalogue.codes]
        if self._server.settings.generation != 3:
            self._delete(measurements, moment)

    def give_back(self) -> None:
        """Nothing: the server holds it."""

    def close(self) -> None:
        self._server.close()

    def _delete(self, measurements: Sequence[str], moment: datetime) -> None:
        if self._server.settings.generation == 1:
            self._server.ask(influxql.deletion(moment, measurements))
            return
        for measurement in measurements:
            self._server.delete(start=EPOCH, stop=moment - timedelta(microseconds=1), measurement=measurement)

    def _ask(self, question: str, width: int) -> list[list[Any]]:
        """The columns of the answer, `width` of them also where there are no rows."""
        rows = [row for series in self._server.ask(question) for row in series.values]
        return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]

    def _numbers(self, devices: list[str | None]) -> npt.NDArray[np.intp]:
        """Of each device, the same for as long as this store is open."""
        with self._naming:
            for name in devices:
                if name not in self._number_of:
                    self._number_of[name] = len(self._names)
                    self._names.append(name or "")
            return np.array([self._number_of[name] for name in devices], dtype=np.intp)

    def _send(self, batch: ReadingBatch, start: int) -> int:
        """Write what fits into one request, and say how many readings that were."""
        rows = np.arange(start, min(start + self._at_once, len(batch)))
        try:
            self._server.write(self._writer.lines(batch.take(rows)))
        except TooLarge:
            if len(rows) == 1:
                raise
            self._at_once = len(rows) // 2
            return 0
        except LinesRefused as exc:
            is_every_row = exc.dropped == len(rows) == len(batch)
            raise RowsRefused(str(exc), suspects=[start + n for n in exc.lines], is_every_row=is_every_row) from exc
        return len(rows)

    def _whole_last_moment(self, series: InfluxSeries, query: ReadingQuery) -> list[Reading]:
        """The server cuts anywhere among equal times: ask for all of the last one, so that we can cut in order."""
        rows = series.values
        if len(rows) >= query.limit:
            last = rows[-1][0]
            all_of_last = self._server.ask(influxql.at_moment(last, query, series.name))
            rows = [row for row in rows if row[0] != last] + [row for more in all_of_last for row in more.values]
        return [_reading(series.name, row) for row in rows if row[1] is not None]


def _times(column: list[Any]) -> npt.NDArray[np.int64]:
    return np.array(column, dtype=np.int64)


def _figures(column: list[Any]) -> npt.NDArray[np.float64]:
    """NaN where a row says nothing."""
    return np.array(column, dtype=np.float64)


def _reading(metric: str, row: list[Any]) -> Reading:
    at, value, span, quality, live, device = row
    return Reading(
        device=device or "",
        metric=metric,
        at=from_micros(at),
        value=float(value),
        quality=Quality(quality or 0),
        span_s=float(np.float32(span or 0)),
        live=live is not False,  # rows of others say nothing about it
    )
