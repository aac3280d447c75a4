"""CSV files as people export them: byte-order marks, commas, semicolons or tabs, quoted headers, gaps."""

import csv
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from config.separators import head_of
from domain.errors import Refused

_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "—", "-99", "-999", "-9999"})


def header(path: Path) -> tuple[str, ...]:
    """Names of the columns. Raises Refused when there are none."""
    for _, row in _rows(path):
        return tuple(name.strip() for name in row)
    raise Refused(f"{path} is empty; give a CSV file with a header")


def rows(path: Path) -> Iterator[tuple[int, Sequence[str]]]:
    """Numbers of lines in the file and cells, without the header and without empty lines. Decimal commas are points."""
    for line, row in islice(_rows(path), 1, None):
        if any(cell.strip() for cell in row):
            yield line, row


def number(cell: str) -> float | None:
    """None where the cell says that nothing was measured. Raises ValueError for anything else that is no number."""
    text = cell.strip()
    if text.lower() in _MISSING:
        return None
    value = float(text)
    if value - value != 0:
        raise ValueError(f"{text!r} is no measured value")
    return value


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The line on which each row begins, the header's first."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = head_of(file)
            reader = csv.reader(chain([head.text], file), delimiter=head.delimiter)
            line = head.line
            for row in reader:
                yield line, [head.pointed(cell) for cell in row]
                line = head.line + reader.line_num
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise Refused(f"{path} cannot be read: {exc}; give a CSV file in UTF-8") from exc
