"""Which windows are over, of which series: those that hold readings, and the first empty one after them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rules.columns import FOREVER, Index, Ints

HIGH = 1 << 32
"""Of a series and a number of a step one key: steps are fewer than this."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Closings:
    """Windows that end where the step `end` begins, ordered by series and end."""

    series: Index
    end: Ints

    def __len__(self) -> int:
        return len(self.end)

    @property
    def keys(self) -> Ints:
        return self.series * HIGH + self.end


def closings(anchors: tuple[Index, Ints], *, steps: int, first: Ints, last: Ints) -> Closings:
    """Windows of `steps` steps with an end in [first, last] of their series that hold one of the anchors, a step with
    readings; and the first window after it that holds none.

    `anchors` are series and steps in any order; `first` and `last` stand beside them.
    """
    order = np.lexsort((anchors[1], anchors[0]))
    series, step, first, last = anchors[0][order], anchors[1][order], first[order], last[order]
    following = np.full(len(step), FOREVER, dtype=np.int64)
    following[:-1] = np.where(series[1:] == series[:-1], step[1:], FOREVER)
    low = np.maximum(step + 1, first)
    high = np.minimum(np.minimum(step + steps + 1, following), last)
    number = np.maximum(high - low + 1, 0)
    return Closings(series=np.repeat(series, number), end=np.repeat(low, number) + ramp(number))


def ramp(number: npt.NDArray[np.int64]) -> Ints:
    """0, 1, ... number - 1 for each of the numbers, one after the other."""
    return np.arange(int(number.sum()), dtype=np.int64) - np.repeat(np.cumsum(number) - number, number)
