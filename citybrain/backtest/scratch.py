"""Readings of a file in a scratch DuckDB file: sorted by time from there, however they stood, in little memory."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from domain.errors import Temporary
from store.series import embedded_sql

ROWS_AT_ONCE = 200_000

Row = tuple[str, str, int, float, float, int, bool]
"""Device, metric, event time in microseconds, value, span in seconds, quality, live."""

_Numbers = tuple[int, int, int, float, float, int, bool]
"""The same with numbers for device and metric."""

_INSERT = 'INSERT INTO readings SELECT device, metric, "at", "at", value, span, quality, live FROM batch'
_NAMES = "INSERT INTO {table} SELECT unnest($ordinals), unnest($names)"


def write_scratch(path: Path, rows: Iterable[Row]) -> int:
    """A file like that of the embedded store; returns the number of rows. Raises Temporary when there is no room."""
    devices: dict[str, int] = {}
    metrics: dict[str, int] = {}
    written = 0
    try:
        with duckdb.connect(str(path), config={"threads": 1, "memory_limit": "256MB"}) as connection:
            for statement in filter(str.strip, embedded_sql.TABLES.split(";")):
                given = {"format": embedded_sql.FORMAT} if "$format" in statement else None
                connection.execute(statement, given)
            waiting: list[_Numbers] = []
            for device, metric, at, value, span, quality, live in rows:
                numbers = devices.setdefault(device, len(devices)), metrics.setdefault(metric, len(metrics))
                waiting.append((*numbers, at, value, span, quality, live))
                if len(waiting) >= ROWS_AT_ONCE:
                    written += _insert(connection, waiting)
                    waiting.clear()
            written += _insert(connection, waiting)
            for table, names in (("devices", devices), ("metrics", metrics)):
                if names:
                    numbered = {"ordinals": list(names.values()), "names": list(names)}
                    connection.execute(_NAMES.format(table=table), numbered)
    except duckdb.Error as exc:
        raise Temporary(f"{path} cannot be written: {exc}; free room for temporary files") from exc
    return written


def _insert(connection: Any, rows: Sequence[_Numbers]) -> int:
    if not rows:
        return 0
    columns = zip(("device", "metric", "at", "value", "span", "quality", "live"), zip(*rows, strict=True), strict=True)
    connection.register("batch", {name: np.array(column) for name, column in columns})
    connection.execute(_INSERT)
    connection.unregister("batch")
    return len(rows)
