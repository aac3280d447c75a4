"""Readings that a store will never take: how it says so, which ones they are, and how they are found in a batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.errors import Refused
from domain.readings import ReadingBatch

Rows = npt.NDArray[np.intp]


class RowsRefused(Refused):
    """A refusal that knows more: `suspects` are places in the batch that the store has named, if it named any.

    `is_every_row`: it says that it took none of them, so there is no use in looking for good ones.
    """

    def __init__(self, message: str, *, suspects: Sequence[int] = (), is_every_row: bool = False) -> None:
        super().__init__(message)
        self.suspects = tuple(suspects)
        self.is_every_row = is_every_row


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RefusedReadings:
    """Some rows of what the journal holds through `through`; `sequence` and `words` belong to each row."""

    batch: ReadingBatch
    sequence: npt.NDArray[np.int64]
    words: tuple[str, ...]
    through: int


class Sifter:
    """Writes a refused batch in smaller and smaller parts until its bad rows stand alone, or the budget is spent."""

    def __init__(self, write: Callable[[ReadingBatch], None], *, refusals: int) -> None:
        """`write` raises Refused for a part with a bad row; after so many refusals what is left counts as bad."""
        self._write = write
        self._budget = refusals
        self._words: dict[int, str] = {}

    def sift(self, batch: ReadingBatch, refusal: Refused) -> dict[int, str]:
        """The rows that are refused with the store's words; all others are stored. Raises Temporary as `write` does."""
        self._words = {}
        rows: Rows = np.arange(len(batch))
        if not _suspects(refusal):
            # Mostly whole metrics (another type) or whole times (too old) are refused: side by side they cost least.
            rows = np.lexsort((batch.at, batch.metric))
        self._divide(batch, rows, refusal)
        return dict(sorted(self._words.items()))

    def _divide(self, batch: ReadingBatch, rows: Rows, refusal: Refused) -> None:
        if len(rows) == 1 or self._budget <= 0 or _is_every_row(refusal, len(rows)):
            self._words.update(dict.fromkeys(rows.tolist(), str(refusal)))
            return
        for part in _parts(rows, _suspects(refusal)):
            try:
                self._write(batch.take(part))
            except Refused as again:
                self._budget -= 1
                self._divide(batch, part, again)


def _is_every_row(refusal: Refused, count: int) -> bool:
    return isinstance(refusal, RowsRefused) and (refusal.is_every_row or len(set(refusal.suspects)) == count)


def _suspects(refusal: Refused) -> tuple[int, ...]:
    return refusal.suspects if isinstance(refusal, RowsRefused) else ()


def _parts(rows: Rows, suspects: Sequence[int]) -> list[Rows]:
    """The named ones and the others, or two halves; none of them is empty or everything."""
    inside = [place for place in suspects if 0 <= place < len(rows)]
    if 0 < len(set(inside)) < len(rows):
        is_named = np.zeros(len(rows), dtype=bool)
        is_named[inside] = True
        return [rows[is_named], rows[~is_named]]
    return np.array_split(rows, 2)
