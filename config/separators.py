"""Where a CSV begins and what stands between its cells; Excel's own first line, `sep=;`, is no part of the table."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

DELIMITERS = ",;\t"

_LINE = re.compile(r"\ufeff?\"?sep=([^\w\s\"]|\t)\"?[,;\t]*", re.IGNORECASE)
"""In quotes, or with delimiters behind it, where another program has taken it for a row and written it anew."""

_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")


def named_separator(line: str) -> str | None:
    """The delimiter that the line names; None for any other line."""
    match = _LINE.fullmatch(line.rstrip("\r\n"))
    return match[1] if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The line that names the columns. `line` is its number in the file, from 1."""

    text: str
    line: int
    delimiter: str

    def pointed(self, cell: str) -> str:
        """A number with a decimal comma as Python writes it; any other cell as it is. Who does not write commas between
        cells may write them in numbers, and then never between thousands.
        """
        return cell.replace(",", ".") if self.delimiter != "," and _DECIMAL_COMMA.fullmatch(cell) else cell


def head_of(lines: Iterator[str]) -> Head:
    """Taken off the lines, together with Excel's own above it. Of an empty file it is empty.

    What stands most often in the head counts, and what Excel names only breaks a tie: others rewrite its line.
    """
    first = next(lines, "")
    named = named_separator(first)
    text = first if named is None else next(lines, "")
    delimiter = max((named or "") + DELIMITERS, key=text.count)
    return Head(text=text, line=1 if named is None else 2, delimiter=delimiter)
