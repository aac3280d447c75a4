"""What was known of many series at many instants: the last reading by then, looked up all at once."""

import numpy as np

from rules.columns import NEVER, Index, Ints
from rules.core.comparing import Floats


class Recall:
    """Readings in order of series and of when they begin to count; `rows` finds rows of `at` and `value`."""

    def __init__(self, *, series: Index, effective: Ints, at: Ints, value: Floats) -> None:
        """Readings whose `at` is NEVER are none. Of several that count from one instant the newest stands."""
        order = np.lexsort((at, effective, series))
        order = order[at[order] != NEVER]
        self.at, self.value, self._series = at[order], value[order], series[order]
        self._moments = np.unique(effective)
        self._keys = self._key(series[order], np.searchsorted(self._moments, effective[order]))

    def rows(self, series: Index, moments: Ints, *, after: bool) -> Index:
        """For each series and instant the row of its last reading by then (before it, without `after`); -1 if none."""
        earlier = np.searchsorted(self._moments, moments, side="right" if after else "left")
        rows = np.searchsorted(self._keys, self._key(series, earlier)) - 1
        found = (rows >= 0) & (series >= 0)
        found[found] = self._series[rows[found]] == series[found]
        return np.where(found, rows, -1)

    def _key(self, series: Index, moment: Index) -> Ints:
        keys: Ints = series.astype(np.int64) * (len(self._moments) + 1) + moment
        return keys
