"""What a file of noise held, as columns, and every row that could not be used with its line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MOST_RANGES = 200
"""Ranges of lines that are told for one reason; the count is always whole."""


@dataclass(slots=True)
class Unread:
    """Lines that could not be read, by reason; and lines that are used, but for one cell."""

    lines: dict[str, list[int]] = field(default_factory=dict)
    cells: dict[str, list[int]] = field(default_factory=dict)

    def note(self, line: int, why: str) -> None:
        self.lines.setdefault(why, []).append(line)

    def note_cell(self, line: int, why: str) -> None:
        self.cells.setdefault(why, []).append(line)

    @property
    def count(self) -> int:
        return sum(len(lines) for lines in self.lines.values())


def ranges(lines: Iterable[int]) -> Iterator[str]:
    """`5-17`, `99`: runs of line numbers."""
    first = last = None
    for line in sorted(set(lines)):
        if last is not None and line == last + 1:
            last = line
            continue
        if first is not None:
            yield _told(first, last)
        first = last = line
    if first is not None:
        yield _told(first, last)


def _told(first: int, last: int | None) -> str:
    return f"{first}" if first == last else f"{first}-{last}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointRows:
    """Rows of one point in the order of the file. `stamp` in UTC microseconds; NaN where a cell said nothing.

    `span` is NaN where the file does not say it. `foul`: weather in words; `flagged`: a mark other than normal.
    """

    point: str
    stamp: Ints
    level: Floats
    peak: Floats
    span: Floats
    wind: Floats
    rain: Floats
    foul: Bools
    flagged: Bools


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoiseFile:
    """`stamps`: what the header or the format says of them (`begin`, `end`), None if nothing.

    `weather` holds rows without levels, by point: their own times, wind and rain. `ignored`: columns or metrics that
    say nothing of noise.
    """

    format: str
    rows: int
    points: tuple[PointRows, ...]
    weather: Mapping[str, tuple[PointRows, ...]]
    stamps: str | None
    columns: Mapping[str, str]
    ignored: tuple[str, ...]
    unread: Unread
