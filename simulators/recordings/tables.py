"""CSV files as people export them: byte-order marks, commas or semicolons, quoted headers, gaps."""

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from domain.errors import Refused

_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "—", "-99", "-999", "-9999"})


def header(path: Path) -> tuple[str, ...]:
    """Names of the columns. Raises Refused when there are none."""
    for row in _rows(path):
        return tuple(name.strip() for name in row)
    raise Refused(f"{path} is empty; give a CSV file with a header")


def rows(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    """Line numbers (from 2) and cells, without the header and without empty lines."""
    for number, row in enumerate(islice(_rows(path), 1, None), start=2):
        if any(cell.strip() for cell in row):
            yield number, row


def number(cell: str) -> float | None:
    """None where the cell says that nothing was measured. Raises ValueError for anything else that is no number."""
    text = cell.strip()
    if text.lower() in _MISSING:
        return None
    value = float(text)
    if value - value != 0:
        raise ValueError(f"{text!r} is no measured value")
    return value


def _rows(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max(",;\t", key=first.count)
            yield from csv.reader(file, delimiter=delimiter)
    except (OSError, UnicodeDecodeError) as exc:
        raise Refused(f"{path} cannot be read: {exc}; give a CSV file in UTF-8") from exc
