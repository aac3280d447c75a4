"""Devices out of a table (CSV): one row a device, its columns named in the first row."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from config.loading import Where, read_text
from config.registry.columns import Column, column_of
from config.registry.listing import Listing, Spot, named
from config.separators import named_separator
from domain.errors import Misconfigured, Problem

DELIMITERS = ",;\t"
LONGEST_CELL = 10_000
NO_MORE = "..."


def read_table(path: Path, *, ignore_extra: bool) -> Listing:
    """Raises Misconfigured for what cannot be read, or has no usable first row. `ignore_extra` leaves out columns
    that nobody knows and says so.
    """
    text = read_text(path)
    delimiter = _delimiter_of(text)
    rows = _rows(path, text, delimiter)
    if _named_in(text):
        next(rows)
    head_line, _, head = next(rows, (1, "", []))
    columns = [column_of(name) for name in head]
    unknown = [name for name, column in zip(head, columns, strict=True) if column is None and name]
    _check_head(path, head_line, columns, [] if ignore_extra else unknown)
    found = TableRows(columns, [(line, text) for line, text, row in rows if any(row)], delimiter=delimiter)
    notes = (f"left out the columns {', '.join(unknown)}",) if unknown and ignore_extra else ()
    return Listing(contents=found, spot=_spots(path, found, columns, head), notes=notes)


class TableRows(Sequence[Any]):
    """Devices of one row each. Their cells are taken apart when they are asked for: a registry that is read in portions
    never lies in memory twice, and what is left of it lies close together.
    """

    def __init__(self, columns: Sequence[Column | None], rows: Sequence[tuple[int, str]], *, delimiter: str) -> None:
        """`rows`: the line on which each begins, and its text, which has been found to be CSV."""
        self._columns = columns
        self._rows = rows
        self._delimiter = delimiter

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return list(self._contents([text for _, text in self._rows[index]]))
        return next(self._contents([self._rows[index][1]]))

    def __iter__(self) -> Iterator[Any]:
        return self._contents(text for _, text in self._rows)

    def line(self, index: int) -> int:
        return self._rows[index][0]

    def _contents(self, texts: Iterable[str]) -> Iterator[dict[str, Any]]:
        for row in csv.reader(texts, delimiter=self._delimiter, strict=True):
            yield _content(self._columns, _stripped(row))


def _delimiter_of(text: str) -> str:
    first = text.partition("\n")[0]
    return _named_in(text) or max(DELIMITERS, key=first.count)


def _named_in(text: str) -> str | None:
    return named_separator(text.partition("\n")[0])


def _rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, str, list[str]]]:
    """The line on which each row begins, its text, and its cells without the blanks around them."""
    lines: list[str] = []

    def told() -> Iterator[str]:
        for each in io.StringIO(text):
            lines.append(each)
            yield each

    reader = csv.reader(told(), delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            yield line, "".join(lines), _stripped(row)
            line = reader.line_num + 1
            lines.clear()
    except csv.Error as exc:
        message = f"the row is no CSV: {exc}; put cells with quotes, commas or line breaks between double quotes"
        raise Misconfigured([Problem(file=str(path), line=line, message=message)]) from exc


def _stripped(row: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in row]


def _check_head(path: Path, line: int, columns: Sequence[Column | None], unknown: Sequence[str]) -> None:
    problems = []
    known = [column.where for column in columns if column is not None]
    if not known:
        problems.append("the first row names no column that we know; write id, kind, zh, lon, lat, …")
    elif unknown:
        names = ", ".join(repr(name) for name in unknown)
        problems.append(f"unknown column {names}; mend its spelling, remove it, or import with --ignore-extra")
    twice = {".".join(map(str, where)) for where in known if known.count(where) > 1}
    if twice:
        problems.append(f"column {', '.join(sorted(twice))} stands twice; keep one")
    if problems:
        raise Misconfigured([Problem(file=str(path), line=line, message=message) for message in problems])


def _content(columns: Sequence[Column | None], row: Sequence[str]) -> dict[str, Any]:
    """An empty cell says nothing: its field is absent."""
    content: dict[str, Any] = {}
    if len(row) > len(columns) and any(row[len(columns) :]):
        content[NO_MORE] = row[len(columns) :]
    for column, cell in zip(columns, row, strict=False):
        if column is not None and cell:
            section = content
            for part in column.where[:-1]:
                section = section.setdefault(part, {})
            section[column.where[-1]] = column.read(cell)
    return content


def _spots(
    path: Path, found: TableRows, columns: Sequence[Column | None], head: Sequence[str]
) -> Callable[[int, Where], Spot]:
    heads: dict[Where, str] = {
        column.where: name for column, name in zip(columns, head, strict=True) if column is not None
    }

    def spot(index: int, where: Where) -> Spot:
        content = found[index]
        column = next((heads[where[:n]] for n in range(len(where), 0, -1) if where[:n] in heads), None)
        part = column or ".".join(map(str, where))
        label = f"{named(content) or 'row'}, column {part}" if part else named(content) or "row"
        return Spot(file=str(path), line=found.line(index), label=label)

    return spot
