"""The instant of every row of a table of air: one column, a date and an hour, or year, month, day and hour."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np

from citybrain.air.table_text import Table
from citybrain.noise.stamps import parse_time, to_utc

_Stamp = tuple[int, bool]
_DAY_H = 24


def times_of(table: Table, rows: Sequence[int], timezone: str, refuse: Callable[[int, str], None]) -> dict[int, int]:
    """Row → instant in microseconds, in the order of the file. Rows without one are refused with their line.

    The hour that comes twice in autumn is told by the order of the rows; a time that the clock skips is refused.
    """
    known: list[int] = []
    stamps: list[_Stamp] = []
    for number in rows:
        try:
            stamps.append(_stamp(table, table.rows[number]))
        except (ValueError, OverflowError) as exc:
            refuse(table.lines[number], str(exc))
        else:
            known.append(number)
    at = np.array([stamp for stamp, _ in stamps], dtype=np.int64)
    instants = to_utc(at, np.array([is_local for _, is_local in stamps], dtype=np.bool_), timezone)
    found = {}
    for number, instant, skipped in zip(known, instants.at.tolist(), instants.is_missing.tolist(), strict=True):
        if skipped:
            refuse(table.lines[number], f"the clock of {timezone} skips this time")
        else:
            found[number] = instant
    return found


def _stamp(table: Table, row: Sequence[str]) -> _Stamp:
    found = table.layout
    if found.parts is not None:
        year, month, day, hour = (row[place].strip() if place < len(row) else "" for place in found.parts)
        return parse_time(_at_hour(datetime(_whole(year), _whole(month), _whole(day)), _whole(hour)))  # noqa: DTZ001  local
    text = row[found.time].strip() if found.time is not None and found.time < len(row) else ""
    if not text:
        raise ValueError("the time is empty")
    if found.clock is None:
        return parse_time(text)
    clock = row[found.clock].strip() if found.clock < len(row) else ""
    return parse_time(f"{text} {clock}") if ":" in clock else _date_and_hour(text, clock)


def _date_and_hour(text: str, clock: str) -> _Stamp:
    stamp, is_local = parse_time(text)
    hour = _whole(clock.removesuffix("时").removesuffix("点").removesuffix("h"))
    if not 0 <= hour <= _DAY_H:
        raise ValueError(f"hour {clock!r}: hours go from 0 to 24")
    return stamp + hour * 3_600_000_000, is_local


def _at_hour(date: datetime, hour: int) -> str:
    if not 0 <= hour <= _DAY_H:
        raise ValueError(f"hour {hour}: hours go from 0 to 24")
    return (date + timedelta(hours=hour)).isoformat()


def _whole(text: str) -> int:
    """12 and 12.0. Raises ValueError for anything else."""
    value = float(text)
    if value != int(value):
        raise ValueError(f"{text!r} is no whole number")
    return int(value)
