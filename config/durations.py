"""Durations as people write them in files: 5s, 90s, 5m, 2h, 1d."""

import math
import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

LONGEST_S = 36_525 * 86_400.0
"""A hundred years: longer ones are mistakes, and calendars overflow."""
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PATTERN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


def parse_duration(text: object) -> float:
    """Seconds. Raises ValueError that says what to write instead."""
    match = _PATTERN.fullmatch(text.strip()) if isinstance(text, str) else None
    seconds = float(match[1]) * _UNITS[match[2]] if match else math.inf
    if not seconds <= LONGEST_S:
        raise ValueError(f"{text!r} is not a duration; write 5s, 5m, 5h or 1d")
    return seconds


def _seconds(value: object) -> object:
    """Floats are seconds already: that is how code gives them."""
    return value if isinstance(value, float) and 0.0 <= value <= LONGEST_S else parse_duration(value)


Seconds = Annotated[
    float,
    BeforeValidator(_seconds),
    WithJsonSchema({"type": "string", "pattern": rf"^{_PATTERN.pattern}$"}),
]
"""A pydantic field: written as `5m` in a file, a float of seconds in the code."""
