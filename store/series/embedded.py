"""The series store in one local DuckDB file: no server, one process."""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from domain.errors import CitybrainError, Misconfigured, Problem, Refused, Temporary
from domain.instants import MICROS_PER_S, from_micros, to_micros
from domain.metrics import Catalogue
from domain.readings import COLUMNS, Quality, Reading, ReadingBatch, Vocabulary
from domain.series import BatchQuery, ReadingQuery, TrendPoint, TrendQuery
from store.series import embedded_sql as sql
from store.series import levels
from store.series.averaging import averaging_of
from store.series.embedded_columns import Names, batch_in_order
from store.series.embedded_memory import Held
from store.series.levels import Columns, Reach, Rolled
from store.series.rollups import FIGURES, Level, Rollups
from store.series.stretches import Buckets, stretches
from store.settings import EmbeddedSettings

ROWS_AT_ONCE = 1_000


class EmbeddedSeriesStore:
    """Implements domain.ports.SeriesStore. One thread writes at a time; any thread may read meanwhile."""

    def __init__(self, path: Path, catalogue: Catalogue, settings: EmbeddedSettings | None = None) -> None:
        """Opens or creates. Raises Refused when another process has it open, Misconfigured when it is not ours."""
        self._path = path
        self._catalogue = catalogue
        self._settings = settings or EmbeddedSettings()
        self._writing = threading.Lock()
        self._held = Held(self._settings.memory_limit)
        self._is_invalid = False
        self._through = 0
        self._rolled: Rolled | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        with _translated(path):
            self._open()

    def write(self, batch: ReadingBatch, *, through: int | None) -> None:
        if through is not None and through <= self._through:
            return
        with self._transaction() as writer:
            if len(batch):
                self._insert(batch)
            if through is not None:
                writer.execute("UPDATE state SET through = $through", {"through": through})
        self._through = self._through if through is None else through

    def stored_through(self) -> int:
        return self._through

    def readings(self, query: ReadingQuery) -> Iterator[Reading]:
        text = sql.READINGS.format(
            chosen=sql.chosen(device=self._devices.of(query.devices), metric=self._metrics.of(query.metrics)),
            direction="DESC" if query.newest_first else "ASC",
        )
        asked = {"start": to_micros(query.start), "end": to_micros(query.end), "limit": query.limit}
        for device, metric, at, value, span, quality, live in self._rows(text, asked):
            yield Reading(
                device=device,
                metric=metric,
                at=from_micros(at),
                value=value,
                quality=Quality(quality),
                span_s=span,
                live=live,
            )

    def batches(self, query: BatchQuery) -> Iterator[ReadingBatch]:
        chosen = sql.chosen(device=self._devices.of(query.devices), metric=self._metrics.of(query.metrics))

        def count(asked: Buckets) -> dict[int, int]:
            step = asked.step_s * MICROS_PER_S
            words = {"start": asked.start, "end": asked.end, "step": step}
            return dict(self._rows(sql.BUCKETS.format(chosen=chosen), words))

        for start, end in stretches(count, to_micros(query.start), to_micros(query.end), at_once=query.at_once):
            found = self._columns(sql.BATCH.format(chosen=chosen), {"start": start, "end": end})
            if len(found["at"]):
                words = Vocabulary(devices=self._devices.spelled, metrics=self._metrics.spelled)
                yield batch_in_order(found, words)

    def trend(self, query: TrendQuery) -> Sequence[TrendPoint]:
        averaging = averaging_of(query.metric, self._catalogue)
        pieces = levels.stretches(query, self._rolled or Rolled())
        if any(piece.level for piece in pieces):
            return levels.trend(self, averaging, query, pieces)
        chosen = sql.chosen(device=self._devices.of(query.devices), metric=self._metrics.of((query.metric,)))
        text = sql.trend(averaging, chosen=chosen)
        bucket = query.bucket_s * MICROS_PER_S
        asked = {"start": to_micros(query.start), "end": to_micros(query.end), "bucket": bucket}
        return [TrendPoint(at=from_micros(at), value=value, count=n) for at, value, n in self._rows(text, asked)]

    def delete_before(self, moment: datetime) -> int:
        with self._writing, _translated(self._path):
            asked = {"moment": to_micros(moment)}
            ((deleted,),) = self._writer.execute('DELETE FROM readings WHERE "at" < $moment', asked).fetchall()
            self._writer.execute("CHECKPOINT")  # gives the room of whole row groups back
            return int(deleted)

    def rolled(self) -> Rolled | None:
        return self._rolled

    def settle_rolled(self, rolled: Rolled) -> None:
        figures = {
            "through": rolled.through,
            "raw_from": rolled.raw_from,
            **{"minutes_begin": rolled.minutes.begin, "minutes_end": rolled.minutes.end},
            **{"hours_begin": rolled.hours.begin, "hours_end": rolled.hours.end},
        }
        with self._transaction() as writer:
            writer.execute("DELETE FROM rolled")
            writer.execute(sql.SETTLE_ROLLED, figures)
        self._rolled = rolled

    def columns(self, metric: str, devices: tuple[str, ...], start: int, end: int) -> Columns:
        chosen = sql.chosen(device=self._devices.of(devices), metric=self._metrics.of((metric,)))
        found = self._columns(sql.COLUMNS.format(chosen=chosen), {"start": start, "end": end})
        return Columns(device=found["device"], at=found["at"], value=found["value"])

    def rollups(self, level: Level, metric: str, devices: tuple[str, ...], start: int, end: int) -> Rollups:
        chosen = sql.chosen(device=self._devices.of(devices), metric=self._metrics.of((metric,)))
        figures = FIGURES[averaging_of(metric, self._catalogue)]
        text = sql.ROLLUPS.format(figures=sql.listed(figures), table=sql.table_of(level), chosen=chosen)
        found = self._columns(text, {"start": start, "end": end})
        columns = {name: np.ma.filled(found[name], np.nan) for name in figures}  # DuckDB hides a NaN behind a mask
        return Rollups(device=found["device"], start=found["start"], figures=columns)

    def write_rollups(self, level: Level, metric: str, rows: Rollups, *, start: int, end: int) -> None:
        numbers = self._metrics.of((metric,))
        if not numbers:
            return
        table, figures = sql.table_of(level), sql.listed(rows.figures)
        with self._transaction() as writer:
            asked = {"start": start, "end": end, "metric": numbers[0]}
            writer.execute(sql.CLEAR_ROLLUPS.format(table=table), asked)
            writer.register("rows", {"device": rows.device, "start": rows.start, **rows.figures})
            writer.execute(sql.INSERT_ROLLUPS.format(table=table, figures=figures), {"metric": numbers[0]})
            writer.unregister("rows")

    def delete_rollups(self, level: Level, moment: datetime) -> None:
        with self._transaction() as writer:
            writer.execute(f"DELETE FROM {sql.table_of(level)} WHERE start < $moment", {"moment": to_micros(moment)})

    def give_back(self) -> None:
        with self._writing, _translated(self._path):
            if not self._is_invalid:
                self._held.give_back(self._writer)

    def close(self) -> None:
        with self._writing:
            self._writer.close()
            self._root.close()

    def _open(self) -> None:
        self._root = duckdb.connect(
            str(self._path),
            config={
                "memory_limit": self._settings.memory_limit,
                "threads": self._settings.threads,
                "checkpoint_threshold": "4MB",  # what waits for one is held uncompressed; at 16MB, 10 MB more
                "autoinstall_known_extensions": False,  # never ask the internet
                "autoload_known_extensions": False,
            },
        )
        self._writer = self._root.cursor()
        for statement in filter(str.strip, sql.TABLES.split(";")):
            self._writer.execute(statement, {"format": sql.FORMAT} if "$format" in statement else None)
        ((found, self._through),) = self._writer.execute("SELECT format, through FROM state").fetchall()
        if found != sql.FORMAT:
            raise _problem(self._path, f"has format {found}, this version reads {sql.FORMAT}; move the file away")
        rolled = self._writer.execute(sql.ROLLED).fetchall()
        self._rolled = _rolled(rolled[0]) if rolled else None
        self._devices = Names("devices", self._writer)
        self._metrics = Names("metrics", self._writer)

    def _reopen(self) -> None:
        """After a fatal error DuckDB answers nothing until the file is opened again, which replays its log."""
        self._writer.close()
        self._root.close()
        self._open()
        self._is_invalid = False

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """The one writer, alone; all of it or nothing."""
        with self._writing, _translated(self._path):
            if self._is_invalid:
                self._reopen()
            try:
                self._writer.begin()
                yield self._writer
                self._writer.commit()
            except duckdb.FatalException:
                self._is_invalid = True
                raise
            except Exception:
                self._roll_back()
                raise
            self._devices.settle()
            self._metrics.settle()

    def _insert(self, batch: ReadingBatch) -> None:
        columns = {name: getattr(batch, name) for name in COLUMNS}
        columns["device"] = self._devices.translate(batch.vocabulary.devices, batch.device, self._writer)
        columns["metric"] = self._metrics.translate(batch.vocabulary.metrics, batch.metric, self._writer)
        self._writer.register("batch", columns)
        self._writer.execute(sql.INSERT, {"earliest": int(batch.at.min()), "latest": int(batch.at.max())})
        self._writer.unregister("batch")  # after a failure the rollback does it; asking for it would hide the failure

    def _roll_back(self) -> None:
        self._devices.forget()
        self._metrics.forget()
        try:
            self._writer.rollback()
        except duckdb.Error:
            self._is_invalid = True  # not even that works: begin from the file again

    def _columns(self, text: str, asked: dict[str, Any]) -> dict[str, Any]:
        with self._held.asking(), _translated(self._path):
            cursor = self._root.cursor()
            try:
                found: dict[str, Any] = cursor.execute(text, asked).fetchnumpy()
                return found
            finally:
                cursor.close()

    def _rows(self, text: str, asked: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
        with self._held.asking(), _translated(self._path):
            cursor = self._root.cursor()
            try:
                cursor.execute(text, asked)
                while rows := cursor.fetchmany(ROWS_AT_ONCE):
                    yield from rows
            finally:
                cursor.close()


def _rolled(row: tuple[int, ...]) -> Rolled:
    through, raw_from, minutes_begin, minutes_end, hours_begin, hours_end = row
    return Rolled(
        through=through,
        raw_from=raw_from,
        minutes=Reach(begin=minutes_begin, end=minutes_end),
        hours=Reach(begin=hours_begin, end=hours_end),
    )


def _problem(path: Path, message: str) -> Misconfigured:
    return Misconfigured([Problem(file=str(path), line=None, message=message)])


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """DuckDB's errors as ours."""
    try:
        yield
    except duckdb.Error as exc:
        raise _as_ours(exc, path) from exc


def _as_ours(exc: duckdb.Error, path: Path) -> CitybrainError:
    words = str(exc)
    if "Could not set lock" in words:
        holder = re.search(r"held in (.+? \(PID \d+\))", words)
        return Refused(
            f"{path} is open in another process, {holder[1] if holder else 'which did not say its name'}; one process "
            "at a time: ask the running engine (docs/internal-api.md, `citybrain readings`) or stop it first"
        )
    if "not a valid DuckDB database file" in words or isinstance(exc, duckdb.SerializationException):
        return _problem(path, "is not a DuckDB file of a version that this one reads; move it away")
    if isinstance(exc, duckdb.DataError | duckdb.IntegrityError | duckdb.NotSupportedError | duckdb.ProgrammingError):
        return Refused(f"{path} refuses the readings: {words}")
    return Temporary(f"{path} cannot be used now: {words}; free disk or memory")
