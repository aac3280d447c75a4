"""The series store in InfluxDB 1, 2 or 3: measurement = metric code, one tag `device`; see docs/influxdb.md."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from domain.errors import Refused
from domain.instants import EPOCH, MICROS_PER_S, from_micros
from domain.metrics import Averaging, Catalogue
from domain.readings import Quality, Reading, ReadingBatch
from domain.series import ReadingQuery, TrendPoint, TrendQuery
from store.series import averaging, influxql
from store.series.cursor_file import CursorFile
from store.series.influx_errors import LinesRefused, TooLarge
from store.series.influx_server import InfluxSeries, InfluxServer
from store.series.line_protocol import LineWriter
from store.series.refusing import RowsRefused

LINES_AT_ONCE = 20_000
"""About 2 MB a request; InfluxDB takes 25 MB by default, proxies often less: after a 413 it is half as many."""


class InfluxSeriesStore:
    """Implements domain.ports.SeriesStore. The cursor stands in a local file, written after the server has answered."""

    def __init__(self, server: InfluxServer, catalogue: Catalogue, cursor: CursorFile) -> None:
        self._server = server
        self._catalogue = catalogue
        self._cursor = cursor
        self._writer = LineWriter()
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

    def trend(self, query: TrendQuery) -> Sequence[TrendPoint]:
        how = averaging.averaging_of(query.metric, self._catalogue)
        if how is Averaging.MEAN:
            rows = [row for series in self._server.ask(influxql.means(query)) for row in series.values]
            return [TrendPoint(at=from_micros(at), value=value, count=count) for at, value, count in rows if count]
        rows = [row for series in self._server.ask(influxql.values(query)) for row in series.values]
        ordinal = {device: n for n, device in enumerate(dict.fromkeys(device for _, _, device in rows))}
        return averaging.trend(
            how,
            device=np.array([ordinal[device] for _, _, device in rows], dtype=np.intp),
            at=np.array([at for at, _, _ in rows], dtype=np.int64),
            value=np.array([value for _, value, _ in rows], dtype=np.float64),
            bucket_us=query.bucket_s * MICROS_PER_S,
        )

    def delete_before(self, moment: datetime) -> int:
        """Always -1: InfluxDB does not count. Raises Refused for InfluxDB 3, which only has a retention period."""
        match self._server.settings.generation:
            case 1:
                self._server.ask(influxql.deletion(moment, self._catalogue.codes))
            case 2:
                for metric in self._catalogue.codes:
                    self._server.delete(start=EPOCH, stop=moment - timedelta(microseconds=1), measurement=metric)
            case 3:
                raise Refused(
                    "InfluxDB 3 deletes by itself: influxdb3 update database --retention-period 400d "
                    f"--database {self._server.settings.database}; and leave store.series.keep empty"
                )
        return -1

    def close(self) -> None:
        self._server.close()

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


def _reading(metric: str, row: list[Any]) -> Reading:
    at, value, span, quality, device = row
    return Reading(
        device=device or "",
        metric=metric,
        at=from_micros(at),
        value=float(value),
        quality=Quality(quality or 0),
        span_s=float(np.float32(span or 0)),
    )
