"""Keeps the readings of a window for its percentiles: exact, weighted by the time that each reading lasts.

The p-th percentile is the smallest reading at or below which the device was for at least p % of the covered time. It is
always a value that was measured: nothing is interpolated.
"""

from collections.abc import Mapping

import numpy as np

from rules.columns import Column, Index, Own
from rules.core.comparing import Floats
from rules.windows.aggregates import Measured
from rules.windows.closings import HIGH, Closings
from rules.windows.pieces import Pieces
from rules.windows.sums import AT_ONCE

MOST = 20_000
"""Pieces of readings that are kept of one series at most."""


class Percentiles:
    """The last `room` pieces of every series in a ring, 21 bytes each.

    A window with more pieces than that loses its oldest ones: its coverage tells. Twice the readings that are due is
    the rule, since a border of a step makes two pieces of a reading.
    """

    def __init__(self, percent: float, *, steps: int, room: int) -> None:
        self._percent = percent
        self._steps = steps
        self._room = min(room, MOST)

    def columns(self) -> Mapping[str, Column]:
        """What is kept of every series, for `Judge.own_columns`."""
        return {
            "step": Column(dtype=np.int32, fill=-1, width=self._room),
            "values": Column(dtype=np.float64, fill=np.nan, width=self._room),
            "covered": Column(dtype=np.int64, fill=0, width=self._room),
            "ends": Column(dtype=np.bool_, fill=0, width=self._room),
            "written": Column(dtype=np.int64, fill=0),
        }

    def measure(self, own: Own, pieces: Pieces, windows: Closings) -> Measured:
        """Take the pieces in, and say the figure of every window that ends before or with them. `own` changes."""
        known = self._known(own, pieces, np.unique(windows.series))
        keys = known.series * HIGH + known.step
        base = windows.series * HIGH
        high = np.searchsorted(keys, base + windows.end)
        low = np.searchsorted(keys, base + np.maximum(windows.end - self._steps, 0))
        low = np.maximum(low, high - self._room)
        value, duration = np.full(len(windows), np.nan), np.zeros(len(windows), dtype=np.int64)
        readings = np.zeros(len(windows), dtype=np.int64)
        filled = np.flatnonzero(high > low)
        size = max(AT_ONCE // int((high - low).max(initial=1)), 1)
        for at in range(0, len(filled), size):
            some = filled[at : at + size]
            value[some], duration[some], readings[some] = self._pick(known, low[some], high[some])
        self._keep(own, pieces)
        return Measured(value=value, duration=duration, readings=readings)

    def _pick(self, known: Pieces, low: Index, high: Index) -> tuple[Floats, Index, Index]:
        """Of the pieces [low, high): the percentile, the covered time, the readings."""
        length = high - low
        inside = np.arange(int(length.max())) < length[:, None]
        which = np.where(inside, low[:, None] + np.arange(inside.shape[1]), 0)
        values = np.where(inside, known.value[which], np.inf)
        covered = np.where(inside, known.duration[which], 0)
        order = np.argsort(values, axis=1, kind="stable")
        total = covered.sum(axis=1)
        below = np.cumsum(np.take_along_axis(covered, order, axis=1), axis=1)
        place = np.argmax(100.0 * below >= self._percent * total[:, None], axis=1)[:, None]
        value = np.take_along_axis(np.take_along_axis(values, order, axis=1), place, axis=1)[:, 0]
        return value, total, np.where(inside, known.ends[which], 0).sum(axis=1)

    def _known(self, own: Own, pieces: Pieces, series: Index) -> Pieces:
        """Kept and new pieces of `series`, ordered by series and time."""
        age = (own["written"][series][:, None] + np.arange(self._room)) % self._room
        rows = series[:, None]
        step = own["step"][rows, age]
        full = step >= 0
        new = pieces.take(np.isin(pieces.series, series))
        joined = Pieces(
            series=np.concatenate([np.broadcast_to(rows, age.shape)[full], new.series]),
            step=np.concatenate([step[full].astype(np.int64), new.step]),
            duration=np.concatenate([own["covered"][rows, age][full], new.duration]),
            value=np.concatenate([own["values"][rows, age][full], new.value]),
            share=np.concatenate([np.ones(int(full.sum())), new.share]),
            ends=np.concatenate([own["ends"][rows, age][full], new.ends]),
        )
        return joined.take(np.argsort(joined.series, kind="stable"))

    def _keep(self, own: Own, pieces: Pieces) -> None:
        """Into the ring, of more than it holds the newest."""
        begins = np.flatnonzero(np.diff(pieces.series, prepend=-1))
        lengths = np.diff(begins, append=len(pieces.series))
        rank = np.arange(len(pieces.series)) - np.repeat(begins, lengths)
        kept = np.flatnonzero(rank >= np.repeat(lengths, lengths) - self._room)
        series = pieces.series[kept]
        slot = (own["written"][series] + rank[kept]) % self._room
        own["step"][series, slot] = pieces.step[kept]
        own["values"][series, slot] = pieces.value[kept]
        own["covered"][series, slot] = pieces.duration[kept]
        own["ends"][series, slot] = pieces.ends[kept]
        own["written"][pieces.series[begins]] += lengths
