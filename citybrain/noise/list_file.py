"""A CSV with a row for each metric, as `citybrain backtest` reads it: device, metric, at, value."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path

import numpy as np

from citybrain.noise.columns import Role, list_columns, quantity, stamp_words
from citybrain.noise.readings_file import LEVEL, PEAK, RAIN, WIND, Value, noise_file
from citybrain.noise.rows import NoiseFile, Unread
from citybrain.noise.stamps import parse_time, to_utc
from citybrain.noise.table_file import Told, encoding_of
from config.separators import named_separator
from domain.errors import Refused
from rules.standards.noise.validity import Validity
from simulators.recordings import tables

_METRICS = {Role.LEVEL: LEVEL, Role.PEAK: PEAK, Role.WIND: WIND, Role.RAIN: RAIN}
_OTHER = "rows without a metric"
_TOLD_EVERY = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListColumns:
    """How a list is to be cut, and where it keeps what."""

    delimiter: str
    encoding: str
    names: tuple[str, ...]
    places: Mapping[str, int]
    above: int = 0
    """Lines before the header."""


@dataclass(slots=True, kw_only=True)
class _Row:
    """One row that could be read; the instant follows when all are known."""

    line: int
    key: tuple[str, str]
    stamp: int
    is_local: bool
    value: float
    span_s: float
    is_abnormal: bool


def list_of_readings(path: Path) -> ListColumns | None:
    """The columns when the list has such a header, first or below `sep=;`. Raises Refused when it cannot be read."""
    try:
        encoding = encoding_of(path)
        with path.open(encoding=encoding, newline="") as file:
            line = file.readline()
            above = 1 if named_separator(line) else 0
            line = file.readline() if above else line
    except (OSError, UnicodeError) as exc:
        raise Refused(f"{path} cannot be read: {exc}; give a CSV file in UTF-8") from exc
    delimiter = max(",;\t|", key=line.count)
    names = tuple(name.strip().lstrip("\ufeff") for name in next(csv.reader([line], delimiter=delimiter), []))
    places = list_columns(names)
    if places is None:
        return None
    return ListColumns(delimiter=delimiter, encoding=encoding, names=names, places=places, above=above)


def read_list(path: Path, columns: ListColumns, *, timezone: str, validity: Validity, told: Told) -> NoiseFile:
    """Levels, maxima, wind and rain by device. Raises Refused when it cannot be read."""
    unread = Unread()
    counted = 0
    rows = []
    for line, cells in _lines(path, columns, told):
        counted += 1
        row = _row(line, cells, columns, validity, unread)
        if row is not None:
            rows.append(row)
    instants = to_utc(
        np.array([row.stamp for row in rows], dtype=np.int64),
        np.array([row.is_local for row in rows], dtype=np.bool_),
        timezone,
    )
    values: defaultdict[tuple[str, str], list[Value]] = defaultdict(list)
    for row, at, skipped in zip(rows, instants.at.tolist(), instants.is_missing.tolist(), strict=True):
        if skipped:
            unread.note(row.line, "the local clock skips this time")
        else:
            values[row.key].append((at, row.value, row.span_s, row.is_abnormal))
    said = columns.names[columns.places["time"]]
    return noise_file(
        values,
        rows=counted,
        stamps="end" if said == "at" else stamp_words(said),
        columns={role: columns.names[place] for role, place in columns.places.items()},
        unread=unread,
    )


def _lines(path: Path, columns: ListColumns, told: Told) -> Iterator[tuple[int, Sequence[str]]]:
    try:
        with path.open("rb") as raw, TextIOWrapper(raw, encoding=columns.encoding, newline="") as file:
            reader = csv.reader(file, delimiter=columns.delimiter)
            for number, cells in enumerate(islice(reader, columns.above + 1, None), start=1):
                if number % _TOLD_EVERY == 0:
                    told(raw.tell())
                if any(cells):
                    yield reader.line_num, cells
    except (OSError, UnicodeError, csv.Error) as exc:
        raise Refused(f"{path} cannot be read as a table: {exc}; give a CSV file in UTF-8") from exc


def _row(line: int, cells: Sequence[str], columns: ListColumns, validity: Validity, unread: Unread) -> _Row | None:
    def cell(name: str) -> str:
        place = columns.places.get(name)
        text = cells[place].strip() if place is not None and place < len(cells) else ""
        return text.replace(",", ".") if columns.delimiter != "," and name in {"value", "span"} else text

    try:
        stamp, is_local = parse_time(cell("time"))
    except (ValueError, OverflowError):
        unread.note(line, "the time cannot be read")
        return None
    try:
        value, span = tables.number(cell("value")), tables.number(cell("span"))
    except ValueError:
        unread.note(line, "value is no number")
        return None
    metric = cell("metric")
    role = quantity(metric)
    return _Row(
        line=line,
        key=(cell("point"), metric or _OTHER if role is None else _METRICS[role]),
        stamp=stamp,
        is_local=is_local,
        value=float("nan") if value is None else value,
        span_s=span or float("nan"),
        is_abnormal=not validity.is_normal(cell("quality")),
    )
