"""Excel's own first line of a CSV, `sep=;`: it names the delimiter and is no part of the table."""

import re

_LINE = re.compile(r"\ufeff?\"?sep=([^\w\s\"]|\t)\"?[,;\t]*", re.IGNORECASE)
"""In quotes, or with delimiters behind it, where another program has taken it for a row and written it anew."""


def named_separator(line: str) -> str | None:
    """The delimiter that the line names; None for any other line."""
    match = _LINE.fullmatch(line.rstrip("\r\n"))
    return match[1] if match else None
