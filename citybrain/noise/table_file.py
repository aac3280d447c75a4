"""A CSV of levels as columns: any delimiter, any order of rows, marks and weather beside the levels."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import accumulate, islice
from pathlib import Path

from citybrain.noise.cells import Reading, TableOptions, points_of
from citybrain.noise.columns import Role, roles, stamp_words
from citybrain.noise.rows import NoiseFile, Unread
from config.separators import named_separator
from domain.errors import Refused
from rules.standards.noise.validity import Validity

Told = Callable[[int], None]
"""Is told how many bytes of the file are read so far."""

_CHUNK = 50_000
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_PREAMBLE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    line: int
    names: list[str]
    places: Mapping[Role, int]
    delimiter: str


def read_table(path: Path, options: TableOptions, validity: Validity, told: Told) -> NoiseFile:
    """All rows by point. Raises Refused when it is no table, or when no header has a time and a level."""
    unread = Unread()
    try:
        encoding = encoding_of(path)
        with path.open("rb") as raw, TextIOWrapper(raw, encoding=encoding, newline="") as file:
            header = _header(file, path, options.columns)
            read = Reading(header.places, options, validity, unread, decimal_comma=header.delimiter != ",")
            chunks = [read.chunk(lines, rows) for lines, rows in _chunks(file, header, lambda: told(raw.tell()))]
    except (OSError, UnicodeError, csv.Error) as exc:
        raise Refused(f"{path} cannot be read as a table: {exc}; give a CSV file in UTF-8") from exc
    points = points_of(chunks, options.timezone, unread)
    return NoiseFile(
        format="csv",
        rows=sum(chunk.rows for chunk in chunks),
        points=points,
        weather={},
        stamps=stamp_words(header.names[header.places[Role.TIME]]),
        columns={str(role): header.names[place] for role, place in header.places.items()},
        ignored=tuple(name for place, name in enumerate(header.names) if place not in header.places.values()),
        unread=unread,
    )


def encoding_of(path: Path) -> str:
    """UTF-8 unless the first bytes say otherwise: a mark, or letters of GB 18030 as spreadsheets write them."""
    with path.open("rb") as file:
        head = file.read(1 << 16)
    marked = next((name for mark, name in _BOMS.items() if head.startswith(mark)), None)
    if marked is not None:
        return marked
    try:
        head[: head.rfind(b"\n") + 1 or None].decode()
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _header(file: TextIOWrapper, path: Path, chosen: Mapping[Role, str]) -> _Header:
    """The first line that names a time and a level; some meters write about themselves above it.

    Raises Refused with what the first line lacks.
    """
    refused: Refused | None = None
    for number in range(1, _PREAMBLE + 1):
        line = file.readline()
        delimiter = max(",;\t|", key=line.count)
        names = [name.strip().lstrip("\ufeff") for name in next(csv.reader([line], delimiter=delimiter), [])]
        if not any(names) or named_separator(line):
            continue
        try:
            return _Header(line=number, names=names, places=roles(names, chosen), delimiter=delimiter)
        except Refused as exc:
            refused = refused or Refused(f"{path}:{number}: {exc}")
    raise refused or Refused(f"{path} is empty; give a CSV file with a header")


def _chunks(
    file: TextIOWrapper, header: _Header, advanced: Callable[[], None]
) -> Iterator[tuple[Sequence[int], list[list[str]]]]:
    """Line numbers and cells of the rows below the header; empty lines hold nothing."""
    reader = csv.reader(file, delimiter=header.delimiter)
    line = header.line
    while rows := list(islice(reader, _CHUNK)):
        last = header.line + reader.line_num
        lines: Sequence[int] = range(line + 1, last + 1)
        if len(lines) != len(rows):  # a cell in quotes goes on over several lines
            lines = [line + last_of_row for last_of_row in accumulate(1 + "".join(row).count("\n") for row in rows)]
        line = last
        advanced()
        if all(map(any, rows)):
            yield lines, rows
        else:
            kept = [place for place, row in enumerate(rows) if any(row)]
            yield [lines[place] for place in kept], [rows[place] for place in kept]
