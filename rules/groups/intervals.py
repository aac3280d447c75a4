"""The course of a fleet's figures over event time, from when each reading begins to count and when it runs out."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from rules.calendar.lighting import Segments
from rules.columns import FOREVER, Index, Ints, Sightings, Waiting

LIT = 0.5
"""A value above it means lit: the metric is 0 or 1."""


class Count(IntEnum):
    """What is counted of every group at every instant, of the lamps that are due then."""

    OWED = 0  # due, known or not
    KNOWN = 1
    LIT = 2
    EXPECTED = 3  # thousandths of lamps that have to be lit, of the known ones


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spans:
    """Stretches [begin, end) in which what a lamp said is believed."""

    lamp: Index
    begin: Ints
    end: Ints
    lit: npt.NDArray[np.bool_]
    fresh: npt.NDArray[np.bool_]
    """By a reading that has just come."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deltas:
    """What is added to a group's counts at an instant: columns by Count. `fresh`: by readings that have just come."""

    group: Index
    at: Ints
    change: Ints
    fresh: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Courses:
    """The counts of every group after each of its events, ordered by group and time; one row per group and instant.

    `first` are the counts of every group before its first event here.
    """

    group: Index
    at: Ints
    counts: Ints
    first: Ints

    def row_at(self, group: int, at: int, *, after: bool) -> Ints:
        """The counts of a group just after, or just before, an instant."""
        begin, end = np.searchsorted(self.group, [group, group + 1])
        row = begin + int(np.searchsorted(self.at[begin:end], at, side="right" if after else "left")) - 1
        found: Ints = self.first[group] if row < begin else self.counts[row]
        return found


def drop_stale(waiting: Waiting, newest: Ints) -> Waiting:
    """Ordered by device and event time, without repetitions and without what is not newer than the device's newest."""
    ordered = waiting.take(np.lexsort((waiting.at, waiting.device)))
    keep = ordered.at > newest[ordered.device]
    keep[1:] &= (ordered.device[1:] != ordered.device[:-1]) | (ordered.at[1:] != ordered.at[:-1])
    return ordered.take(keep)


def spans(released: Waiting, sightings: Sightings, *, validity: Ints, start: int, lit_above: float) -> Spans:
    """What is believed after `start`: each reading from its effective time, what was known before from ever, until the
    lamp's next reading or the end of its validity. `released` comes from `drop_stale`.
    """
    follower = np.full(len(released), FOREVER, dtype=np.int64)
    same = released.device[1:] == released.device[:-1]
    follower[:-1][same] = released.effective[1:][same]
    first = np.full(len(sightings.at), FOREVER, dtype=np.int64)
    np.minimum.at(first, released.device, released.effective)
    old = np.flatnonzero(sightings.at + validity > start)
    return Spans(
        lamp=np.concatenate([old, released.device]),
        begin=np.concatenate([sightings.at[old], released.effective]),
        end=np.concatenate(
            [
                np.minimum(sightings.at[old] + validity[old], first[old]),
                np.minimum(released.at + validity[released.device], follower),
            ]
        ),
        lit=np.concatenate([sightings.value[old], released.value]) > lit_above,
        fresh=np.arange(len(old) + len(released)) >= len(old),
    )


def where_due(begin: Ints, end: Ints, lighting: Index, segments: Segments) -> tuple[Index, Index, Ints, Ints]:
    """Stretches cut to the segments of their lighting: number of the stretch, of the segment, begin and end."""
    number = int(lighting.max(initial=-1)) + 1
    first = np.searchsorted(segments.lighting, np.arange(number))
    several = np.searchsorted(segments.lighting, np.arange(number), side="right") - first
    rows, cuts = [np.zeros(0, dtype=np.intp)], [np.zeros(0, dtype=np.intp)]
    for turn in range(int(several.max(initial=0))):
        row = np.flatnonzero(several[lighting] > turn)
        cut = first[lighting[row]] + turn
        meets = (begin[row] < segments.end[cut]) & (segments.begin[cut] < end[row])
        rows.append(row[meets])
        cuts.append(cut[meets])
    row, cut = np.concatenate(rows), np.concatenate(cuts)
    begins, ends = np.maximum(begin[row], segments.begin[cut]), np.minimum(end[row], segments.end[cut])
    lasting = begins < ends  # a reading that was too old when it came is believed never
    return row[lasting], cut[lasting], begins[lasting], ends[lasting]


def deltas_of_spans(
    known: Spans, wanted: npt.NDArray[np.bool_], group_of: Index, lighting_of: Index, segments: Segments
) -> list[Deltas]:
    """What lamps that are due and known add to their group, and take away again. `wanted`: they are as they should."""
    row, cut, begin, end = where_due(known.begin, known.end, lighting_of[known.lamp], segments)
    change = np.zeros((len(row), len(Count)), dtype=np.int64)
    change[:, Count.KNOWN] = 1
    change[:, Count.LIT] = wanted[row]
    change[:, Count.EXPECTED] = segments.share[cut]
    group = group_of[known.lamp[row]]
    fresh = known.fresh[row]
    return [
        Deltas(group=group, at=begin, change=change, fresh=fresh),
        Deltas(group=group, at=end, change=-change, fresh=fresh),
    ]


def deltas_of_segments(owing: Ints, segments: Segments) -> list[Deltas]:
    """How many lamps of each group (rows) follow each lighting (columns): so many are due from begin to end."""
    group, cut = np.nonzero(owing[:, segments.lighting])
    change = np.zeros((len(group), len(Count)), dtype=np.int64)
    change[:, Count.OWED] = owing[group, segments.lighting[cut]]
    stale = np.zeros(len(group), dtype=np.bool_)
    return [
        Deltas(group=group, at=segments.begin[cut], change=change, fresh=stale),
        Deltas(group=group, at=segments.end[cut], change=-change, fresh=stale),
    ]


def courses(parts: list[Deltas], *, groups: int, window: tuple[int, int]) -> Courses:
    """Changes summed up within each group in (start, end] of `window`; what happens before adds up to its beginning."""
    start, until = window
    group = np.concatenate([part.group for part in parts])
    at = np.concatenate([part.at for part in parts])
    change = np.concatenate([part.change for part in parts])
    first = np.zeros((groups, change.shape[1]), dtype=np.int64)
    # a reading that came behind the watermark counts at the watermark, as news
    before = (at < start) | ((at == start) & ~np.concatenate([part.fresh for part in parts]))
    np.add.at(first, group[before], change[before])
    here = np.flatnonzero(~before & (at <= until))
    here = here[np.lexsort((at[here], group[here]))]
    group, at, change = group[here], at[here], change[here]
    last = np.ones(len(group), dtype=np.bool_)
    last[:-1] = (group[1:] != group[:-1]) | (at[1:] != at[:-1])
    total = np.cumsum(change, axis=0)
    begins = np.flatnonzero(np.diff(group, prepend=-1))
    lengths = np.diff(begins, append=len(group))
    total += np.repeat(first[group[begins]] - total[begins] + change[begins], lengths, axis=0)
    return Courses(group=group[last], at=at[last], counts=total[last], first=first)
