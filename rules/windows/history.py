"""Keeps the last readings of every series, and finds the one that stood some time ago."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rules.columns import NEVER, Column, Index, Ints, Own
from rules.core.comparing import Floats
from rules.windows.closings import HIGH
from rules.windows.pieces import News

FEWEST, MOST = 32, 4_096
"""Readings that are kept of one series: of a device that sleeps, a burst of them; of a fast one, no more than that."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bases:
    """What each reading is held against: NEVER and NaN where nothing near enough is known."""

    at: Ints
    value: Floats


class History:
    """The last `room` readings of every series in a ring, 16 bytes each; of more than that the oldest are forgotten."""

    def __init__(self, room: int) -> None:
        self._room = min(max(room, FEWEST), MOST)

    def columns(self) -> Mapping[str, Column]:
        """What is kept of every series, for `Judge.own_columns`."""
        return {
            "history_at": Column(dtype=np.int64, fill=NEVER, width=self._room),
            "history_value": Column(dtype=np.float64, fill=np.nan, width=self._room),
            "written": Column(dtype=np.int64, fill=0),
        }

    def bases(self, own: Own, news: News, *, within: int, tolerance: Ints) -> Bases:
        """The last reading at or before the instant `within` ago, or else the first one after it; neither farther from
        that instant than `tolerance`, and never the reading itself. `own` changes: the news are kept."""
        begins = np.flatnonzero(np.diff(news.series, prepend=-1))
        touched = news.series[begins]
        age = (own["written"][touched][:, None] + np.arange(self._room)) % self._room
        kept_at, kept_value = own["history_at"][touched[:, None], age], own["history_value"][touched[:, None], age]
        full = kept_at != NEVER
        series = np.concatenate([np.broadcast_to(touched[:, None], age.shape)[full], news.series])
        order = np.argsort(series, kind="stable")
        series = series[order]
        at = np.concatenate([kept_at[full], news.at])[order]
        value = np.concatenate([kept_value[full], news.value])[order]
        mine = np.flatnonzero(order >= int(full.sum()))
        base = self._places(series, at, mine, news.at - within, tolerance[news.series])
        self._keep(own, news, begins)
        found = base >= 0
        return Bases(at=np.where(found, at[base], NEVER), value=np.where(found, value[base], np.nan))

    def _places(self, series: Index, at: Ints, mine: Index, asked: Ints, tolerance: Ints) -> Index:
        """Where the base of each of `mine` stands, -1 for none."""
        _, rank = np.unique(np.concatenate([at, asked]), return_inverse=True)
        keys = series * HIGH + rank[: len(at)]
        before = np.searchsorted(keys, series[mine] * HIGH + rank[len(at) :], side="right") - 1
        oldest = np.maximum(mine - self._room, np.searchsorted(series, series[mine]))
        after = np.maximum(before + 1, oldest)
        stood = (before >= oldest) & (before < mine) & (at[before] >= asked - tolerance)
        came = (after < mine) & (at[np.minimum(after, len(at) - 1)] <= asked + tolerance)
        return np.where(stood, before, np.where(came, after, -1))

    def _keep(self, own: Own, news: News, begins: Index) -> None:
        """Into the ring, of more than it holds the newest."""
        lengths = np.diff(begins, append=len(news))
        rank = np.arange(len(news)) - np.repeat(begins, lengths)
        kept = np.flatnonzero(rank >= np.repeat(lengths, lengths) - self._room)
        series = news.series[kept]
        slot = (own["written"][series] + rank[kept]) % self._room
        own["history_at"][series, slot], own["history_value"][series, slot] = news.at[kept], news.value[kept]
        own["written"][news.series[begins]] += lengths
