"""Puts the readings of every series in order of event time, when rules allow them to be late: one queue per lateness.

A reading waits until the newest one of its series is `lateness` ahead of it, or until the tick's frontier, by the
series' own clock, has passed it. What is older than what was let go already is late: counted, and judged by nobody.
"""

from dataclasses import dataclass, field

import numpy as np

from rules.columns import Index, Ints
from rules.core.arrivals import Arrivals, nothing_arrived
from rules.core.feeds import NO_LAG_YET, UNHEARD

WAITING_LIMIT = 500_000
"""Readings that may wait in one queue (about 60 MB) before the older half is let go early, and counted."""
_LOOK_AT_ALL = 20_000
"""With more waiting, not every batch looks at all of it: only when an eighth of it is new."""


@dataclass(slots=True, kw_only=True, eq=False)
class Queue:
    """Columns by series: the number of the metric's row times the devices of the program, plus the device's ordinal."""

    lateness: int
    devices: int
    pending: Arrivals = field(default_factory=nothing_arrived)
    rows: dict[int, int] = field(default_factory=dict)
    """Metric ordinal → its row; -1 are the metrics that the program does not know."""
    newest: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    delay: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Of the series' clock, as of its newest arrival."""
    released: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Event time of the newest reading that was let go."""
    given: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """The delay that the judges know of."""
    late: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    through: int = UNHEARD
    forced: int = 0
    """Readings that were let go early because too many waited."""
    _unseen: int = 0

    def put(self, arrivals: Arrivals) -> Arrivals:
        """Take in what has arrived; what may go now, in order of event time."""
        series = self._series(arrivals)
        late = arrivals.at < self.released[series]
        if late.any():
            np.add.at(self.late, series[late], 1)
            kept = np.flatnonzero(~late)
            arrivals, series = arrivals.take(kept), series[kept]
        np.maximum.at(self.newest, series, arrivals.at)
        self.delay[series] = arrivals.delay
        self.pending = self.pending.joined(arrivals)
        self._unseen += len(arrivals)
        if len(self.pending) > WAITING_LIMIT:
            return self._force()
        if len(self.pending) > max(_LOOK_AT_ALL, 8 * self._unseen):
            return nothing_arrived()
        return self._release()

    def advance(self, frontier: int) -> Arrivals:
        """Every reading up to `frontier` has arrived; what may go now, in order of event time."""
        self.through = max(self.through, frontier)
        return self._release() if len(self.pending) else self.pending

    def add_metric(self, metric: int) -> None:
        """A row for a metric that was not met before."""
        self.rows[metric] = len(self.rows)
        for name, fill in FILLS.items():
            more = np.full(self.devices, fill, dtype=np.int64)
            setattr(self, name, np.concatenate([getattr(self, name), more]))

    def row(self, name: str, row: int) -> Ints:
        """One metric's part of a column, to be read or changed."""
        column: Ints = getattr(self, name)
        return column[row * self.devices : (row + 1) * self.devices]

    def _release(self) -> Arrivals:
        series = self._series(self.pending)
        # the judges go by the delay that they were given: what they may have passed must not stay behind
        behind = np.minimum(self.given[series], self.delay[series])
        return self._let_go(series, np.maximum(self.newest[series] - self.lateness, self.through - behind))

    def _force(self) -> Arrivals:
        self.forced += len(self.pending) // 2
        until = np.full(len(self.pending), np.median(self.pending.at), dtype=np.int64)
        return self._let_go(self._series(self.pending), until)

    def _let_go(self, series: Index, until: Ints) -> Arrivals:
        self._unseen = 0
        ready = self.pending.at <= until
        if not ready.any():
            return nothing_arrived()
        rows = np.flatnonzero(ready)
        rows = rows[np.argsort(self.pending.at[rows], kind="stable")]
        gone, series = self.pending.take(rows), series[rows]
        gone.delay[:] = self.given[series] = self.delay[series]
        np.maximum.at(self.released, series, gone.at)
        self.pending = self.pending.take(np.flatnonzero(~ready))
        return gone

    def _series(self, arrivals: Arrivals) -> Index:
        for metric in np.unique(arrivals.metric).tolist():
            if metric not in self.rows:
                self.add_metric(metric)
        row = np.zeros(max(self.rows, default=-1) + 2, dtype=np.intp)
        for metric, number in self.rows.items():
            row[metric + 1] = number
        return row[arrivals.metric + 1] * self.devices + arrivals.device


FILLS = {"newest": UNHEARD, "delay": 0, "released": UNHEARD, "given": NO_LAG_YET, "late": 0}
"""What the columns of a queue hold for a series that was never heard."""
