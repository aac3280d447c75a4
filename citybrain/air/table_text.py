"""A CSV as rows of cells with their lines: its encoding, its delimiter, its header below what a station says first."""

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from citybrain.air.columns import Layout, layout
from citybrain.noise.table_file import encoding_of
from config.separators import named_separator
from domain.errors import Refused

_PREAMBLE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`where` is file:line of the header. Decimal commas are points in `rows`."""

    where: str
    layout: Layout
    lines: Sequence[int]
    rows: Sequence[Sequence[str]]

    @property
    def is_uci(self) -> bool:
        """Files of UCI data set 501 keep CO in µg/m³ without saying so."""
        return self.layout.parts is not None and "wspm" in {name.lower() for name in self.layout.names}


def open_table(path: Path, pollutants: Collection[str]) -> Table:
    """Raises Refused when it cannot be read, or when no line names a time and a pollutant."""
    try:
        with path.open(encoding=encoding_of(path), newline="") as file:
            lines = list(file)
    except (OSError, UnicodeError) as exc:
        raise Refused(f"{path} cannot be read: {exc}; give a CSV file in UTF-8") from exc
    refused: Refused | None = None
    for number, line in enumerate(lines[:_PREAMBLE], start=1):
        delimiter = max(",;\t|", key=line.count)
        names = [name.strip().lstrip("\ufeff") for name in next(csv.reader([line], delimiter=delimiter), [])]
        if not any(names) or named_separator(line):
            continue
        where = f"{path}:{number}"
        found = layout(names, pollutants)
        if found.has_time and found.has_values and (found.kind is None or found.value is not None):
            return _table(where, found, "".join(lines[number:]), number, delimiter)
        refused = refused or _lacking(where, found, pollutants)
    raise refused or Refused(f"{path} is empty; give a CSV file with a header")


def _table(where: str, found: Layout, text: str, above: int, delimiter: str) -> Table:
    lines, rows = [], []
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                lines.append(above + reader.line_num)
                rows.append([cell.replace(",", ".") for cell in row] if delimiter != "," else row)
    except csv.Error as exc:
        raise Refused(f"{where}: line {above + reader.line_num} cannot be read: {exc}; give a CSV file") from exc
    return Table(where=where, layout=found, lines=lines, rows=rows)


def _lacking(where: str, found: Layout, pollutants: Collection[str]) -> Refused:
    names = ", ".join(found.names)
    if not found.has_time:
        return Refused(f"{where}: no column of time among {names}; name one `time`, or give year, month, day and hour")
    if found.kind is not None:
        return Refused(
            f"{where}: {found.names[found.kind]} names the pollutant of each row, and no column is called `value`; "
            f"the columns are {names}: keep one station and call its column `value`"
        )
    return Refused(f"{where}: no pollutant among {names}; known are {', '.join(pollutants)}")
