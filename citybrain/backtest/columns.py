"""Reads a DuckDB file of readings as columns, a piece of time at a time, beside nobody: read-only, one thread."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from citybrain.backtest.source import Extent, Wanted
from domain.errors import Misconfigured, Problem, Refused, Temporary
from domain.instants import MICROS_PER_S
from domain.readings import ReadingBatch, Vocabulary
from store.series import embedded_sql
from store.series.embedded_columns import batch_in_order

ROWS_AT_ONCE = 400_000
"""Readings in a piece, on average over the time asked for: some 20 MB."""
SHORTEST_US = 60 * MICROS_PER_S
LONGEST_US = 86_400 * MICROS_PER_S
_MEMORY = "256MB"

_NAMES = "SELECT name FROM {table} ORDER BY ordinal"
_EXTENT = 'SELECT min("at"), max("at"), count(*) FROM readings'
_NUMBER = 'SELECT count(*) FROM readings WHERE "at" >= $start AND "at" < $end AND {chosen}'


class ColumnsFile:
    """A `citybrain.backtest.source.Source` on the file of an embedded store that no engine has open."""

    def __init__(self, path: Path) -> None:
        """Raises Refused when a process has the file open, Misconfigured when it is none of ours."""
        self.name = str(path)
        self._path = path
        if not path.is_file():
            raise _problem(path, "is not there: nothing was ever stored here, or another store is in use")
        with _translated(path):
            self._connection = duckdb.connect(
                str(path),
                read_only=True,
                config={
                    "threads": 1,
                    "memory_limit": _MEMORY,
                    "autoinstall_known_extensions": False,  # never ask the internet
                    "autoload_known_extensions": False,
                },
            )
            ((found,),) = self._ask("SELECT format FROM state")
            if found != embedded_sql.FORMAT:
                raise _problem(path, f"has format {found}, this version reads {embedded_sql.FORMAT}")
            self._words = Vocabulary(devices=self._column("devices"), metrics=self._column("metrics"))

    def extent(self) -> Extent | None:
        with _translated(self._path):
            ((first, last, number),) = self._ask(_EXTENT)
        return Extent(first=first, last=last) if number else None

    def newest(self, before: int) -> int | None:
        extent = self.extent()
        return None if extent is None else min(extent.last, before - 1)

    def batches(self, start: int, end: int, wanted: Wanted) -> Iterator[ReadingBatch]:
        chosen = self._chosen(wanted)
        with _translated(self._path):
            ((number,),) = self._ask(_NUMBER.format(chosen=chosen), {"start": start, "end": end})
            pieces = max(1, number // ROWS_AT_ONCE)
            length = min(max((end - start) // pieces, SHORTEST_US), LONGEST_US)
            for begin in range(start, end, length):
                batch = self._piece(chosen, begin, min(begin + length, end))
                if len(batch):
                    yield batch

    def close(self) -> None:
        self._connection.close()

    def _piece(self, chosen: str, start: int, end: int) -> ReadingBatch:
        text = embedded_sql.BATCH.format(chosen=chosen)
        return batch_in_order(self._connection.execute(text, {"start": start, "end": end}).fetchnumpy(), self._words)

    def _chosen(self, wanted: Wanted) -> str:
        if wanted.metrics is None:
            return "true"
        known = self._words.metric_ordinal
        return embedded_sql.chosen(metric=sorted(known[metric] for metric in wanted.metrics if metric in known))

    def _column(self, table: str) -> list[str]:
        return [name for (name,) in self._ask(_NAMES.format(table=table))]

    def _ask(self, text: str, asked: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._connection.execute(text, asked).fetchall()
        return rows


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """DuckDB's errors as ours."""
    try:
        yield
    except duckdb.IOException as exc:
        if "Could not set lock" in str(exc):
            holder = re.search(r"held in (.+? \(PID \d+\))", str(exc))
            raise Refused(
                f"{path} is open in another process, {holder[1] if holder else 'which did not say its name'}, and its "
                "engine does not answer; wait until it does, or stop it"
            ) from exc
        raise _problem(path, f"cannot be read: {exc}".partition("\n")[0]) from exc
    except (duckdb.SerializationException, duckdb.CatalogException) as exc:
        raise _problem(path, "holds no readings that this version can read") from exc
    except duckdb.Error as exc:
        raise Temporary(f"{path} cannot be read now: {exc}; free memory or disk") from exc


def _problem(path: Path, message: str) -> Misconfigured:
    return Misconfigured([Problem(file=str(path), line=None, message=message)])
