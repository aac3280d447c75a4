"""The course of a fleet's figures over event time, from when each reading begins to count and when it runs out."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rules.state import FOREVER, Index, Ints, Sightings, Waiting

LIT = 0.5
"""A value above it means lit: the metric is 0 or 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Courses:
    """Known and lit lamps per road after each of its events, ordered by road and time; one row per road and instant.

    `first_known` and `first_lit` are the counts of every road before its first event here.
    """

    road: Index
    at: Ints
    known: Ints
    lit: Ints
    first_known: Ints
    first_lit: Ints

    def from_counts(self, known: Ints, lit: Ints) -> "Courses":
        """The same course on top of the counts that the roads begin with."""
        return replace(
            self,
            known=self.known + known[self.road],
            lit=self.lit + lit[self.road],
            first_known=known,
            first_lit=lit,
        )

    def counts_at(self, road: int, at: int, *, after: bool) -> tuple[int, int]:
        """Known and lit of a road just after, or just before, an instant."""
        begin, end = np.searchsorted(self.road, [road, road + 1])
        row = begin + int(np.searchsorted(self.at[begin:end], at, side="right" if after else "left")) - 1
        if row < begin:
            return int(self.first_known[road]), int(self.first_lit[road])
        return int(self.known[row]), int(self.lit[row])

    def where_changed(self, found: npt.NDArray[np.int8]) -> Index:
        """The rows whose finding differs from that of the road's row before; always the first row of a road."""
        new = np.ones(len(found), dtype=np.bool_)
        new[1:] = (self.road[1:] != self.road[:-1]) | (found[1:] != found[:-1])
        return np.flatnonzero(new)


def drop_stale(waiting: Waiting, newest: Ints) -> Waiting:
    """Ordered by device and event time, without repetitions and without what is not newer than the device's newest."""
    ordered = waiting.take(np.lexsort((waiting.at, waiting.device)))
    keep = ordered.at > newest[ordered.device]
    keep[1:] &= (ordered.device[1:] != ordered.device[:-1]) | (ordered.at[1:] != ordered.at[:-1])
    return ordered.take(keep)


def courses(
    released: Waiting,
    sightings: Sightings,
    *,
    validity: Ints,
    road_of: Index,
    edges: Ints,
    window: tuple[int, int],
) -> Courses:
    """Changes of the counts in (start, end] of `window`; `released` comes from `drop_stale`.

    Each reading counts from its effective time until the lamp's next one or the end of its validity. At `edges` every
    road gets a row, changed or not.
    """
    start, until = window
    lit = (released.value > LIT).astype(np.int64)
    begins = released.effective
    same = released.device[1:] == released.device[:-1]
    follower = np.full(len(released), FOREVER, dtype=np.int64)
    follower[:-1][same] = begins[1:][same]
    ends = np.minimum(released.at + validity[released.device], follower)
    counts = begins < ends
    # what the lamps were known by until now ends at the first new reading, or runs out
    first = np.full(len(sightings.at), FOREVER, dtype=np.int64)
    np.minimum.at(first, released.device, begins)
    old_ends = np.minimum(sightings.at + validity, first)
    old = np.flatnonzero((sightings.at + validity > start) & (old_ends <= until))
    over = counts & (ends <= until)
    number = int(road_of.max(initial=-1)) + 1
    return _accumulate(
        road=np.concatenate(
            [
                road_of[released.device[counts]],
                road_of[released.device[over]],
                road_of[old],
                np.tile(np.arange(number), len(edges)),
            ]
        ),
        at=np.concatenate([begins[counts], ends[over], old_ends[old], np.repeat(edges, number)]),
        known=np.repeat([1, -1, -1, 0], [counts.sum(), over.sum(), len(old), number * len(edges)]),
        lit=np.concatenate(
            [
                lit[counts],
                -lit[over],
                -(sightings.value[old] > LIT).astype(np.int64),
                np.zeros(number * len(edges), dtype=np.int64),
            ]
        ),
    )


def _accumulate(*, road: Index, at: Ints, known: Ints, lit: Ints) -> Courses:
    """Sum the changes up within each road, and keep the last row of each instant."""
    order = np.lexsort((at, road))
    road, at = road[order], at[order]
    last = np.ones(len(road), dtype=np.bool_)
    last[:-1] = (road[1:] != road[:-1]) | (at[1:] != at[:-1])
    begins = np.flatnonzero(np.diff(road, prepend=-1))
    none = np.zeros(0, dtype=np.int64)

    def within_road(changes: Ints) -> Ints:
        total = np.cumsum(changes[order])
        before = total[begins] - changes[order][begins]
        return (total - np.repeat(before, np.diff(begins, append=len(road))))[last]

    return Courses(
        road=road[last], at=at[last], known=within_road(known), lit=within_road(lit), first_known=none, first_lit=none
    )
