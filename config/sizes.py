"""Sizes as people write them in files: 4096, 512KB, 4MB, 64MiB, 2GiB."""

import re
from fractions import Fraction
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

LARGEST = 2**60
"""Bytes. Larger ones are mistakes."""
UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_PATTERN = re.compile(r"(\d{1,19}(?:\.\d{1,9})?) ?(KB|MB|GB|KiB|MiB|GiB)|(\d{1,19})", re.ASCII)


def parse_size(text: object) -> int:
    """Bytes; a part of a byte is left out. Raises ValueError that says what to write instead."""
    match = _PATTERN.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise _no_size(text)
    size = int(match[3]) if match[3] else int(Fraction(match[1]) * UNITS[match[2]])
    if size > LARGEST:
        raise _no_size(text)
    return size


def _bytes(value: object) -> object:
    """Whole numbers are bytes already. True is one for Python, and none for people."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number else parse_size(value)


def _no_size(value: object) -> ValueError:
    return ValueError(f"{value!r} is not a size; write 65536, 64KB, 4MB or 2GB (thousands), or KiB, MiB, GiB (1024)")


Bytes = Annotated[
    int,
    BeforeValidator(_bytes),
    WithJsonSchema(
        {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": rf"^({_PATTERN.pattern})$"}]},
    ),
]
"""A pydantic field: written as `4MB` or 4000000 in a file, an int of bytes in the code."""
