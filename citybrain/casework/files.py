"""A file of cases as rows of texts with their lines: CSV of any usual spelling, a JSON array, or NDJSON."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from citybrain.casework.columns import known
from citybrain.noise.table_file import encoding_of
from domain.errors import Refused

_PREAMBLE = 20
_YES_NO = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """`header_line`: where the names of the columns stand; of JSON the line of the first case."""

    header_line: int
    names: Sequence[str]
    rows: Sequence[tuple[int, Mapping[str, str]]]


def read_rows(path: Path) -> Rows:
    """Raises Refused when the file cannot be read, is empty or is no list of cases."""
    try:
        text = path.read_text(encoding=encoding_of(path))
    except (OSError, UnicodeError) as exc:
        raise Refused(f"{path} cannot be read: {exc}; give a CSV or JSON file in UTF-8") from exc
    text = text.lstrip("\ufeff")
    if text.lstrip()[:1] in ("[", "{"):
        return _of_json(path, text)
    return _of_table(path, text)


def _of_table(path: Path, text: str) -> Rows:
    lines = text.splitlines(keepends=True)
    header, line = _header(path, lines)
    delimiter = max(",;\t|", key=header.count)
    names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter))]
    if twice := [name for name in names if name and names.count(name) > 1]:
        raise Refused(f"{path}:{line}: two columns are called {twice[0]}; rename one of them")
    reader = csv.reader(StringIO("".join(lines[line:]), newline=""), delimiter=delimiter)
    try:
        rows = [
            (line + reader.line_num, dict(zip(names, map(str.strip, row), strict=False)))
            for row in reader
            if any(map(str.strip, row))
        ]
    except csv.Error as exc:
        raise Refused(f"{path}:{line + reader.line_num}: cannot be read: {exc}; give a CSV file") from exc
    return Rows(header_line=line, names=names, rows=rows)


def _header(path: Path, lines: Sequence[str]) -> tuple[str, int]:
    """The line among the first that has most known words, and its number; exports carry a title above it."""
    heads = [(known(_cells(line)), -number, line) for number, line in enumerate(lines[:_PREAMBLE], start=1)]
    best = max(heads, default=(0, 0, ""))
    if not best[0]:
        raise Refused(f"{path}: no line names the columns of a list of cases, such as id, dispatched, disposed, limit")
    return best[2], -best[1]


def _cells(line: str) -> list[str]:
    delimiter = max(",;\t|", key=line.count)
    return next(csv.reader([line], delimiter=delimiter), [])


def _of_json(path: Path, text: str) -> Rows:
    rows = []
    for line, content in _objects(path, text):
        if not isinstance(content, dict):
            raise Refused(f'{path}:{line}: {content!r:.40} is no case; write an object such as {{"id": "…"}}')
        rows.append((line, {str(key): _spelled(value) for key, value in content.items()}))
    names = list(dict.fromkeys(name for _, row in rows for name in row))
    return Rows(header_line=rows[0][0] if rows else 1, names=names, rows=rows)


def _objects(path: Path, text: str) -> Iterator[tuple[int, Any]]:
    """Each case with its line, of an array or of objects one after the other."""
    decoder = json.JSONDecoder()
    place, line, counted = 0, 1, 0
    while True:
        while place < len(text) and (text[place].isspace() or text[place] in "[],"):
            place += 1
        if place == len(text):
            return
        line += text.count("\n", counted, place)
        counted = place
        try:
            content, place = decoder.raw_decode(text, place)
        except ValueError as exc:
            raise Refused(f"{path}:{line}: not JSON: {exc}; give an array of cases, or one a line") from exc
        yield line, content


def _spelled(value: Any) -> str:
    if value is None:
        return ""
    return _YES_NO[value] if isinstance(value, bool) else str(value).strip()
