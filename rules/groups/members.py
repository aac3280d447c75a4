"""What single conditions on single devices say over event time, as three values: rules combine them.

A member is one condition on one device. It is VIOLATED from a violating reading on until a compliant one, or until its
evidence ends, and for `within` after that; else OK or UNKNOWN, as it is known at the moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.columns import FOREVER, NEVER, Column, Index, Ints, Own
from rules.core.comparing import Finding, Floats

Codes = npt.NDArray[np.int8]

OWN_COLUMNS: Mapping[str, Column] = {
    "at": Column(dtype=np.int64, fill=NEVER),
    "raw": Column(dtype=np.int8, fill=Finding.UNKNOWN),
    "latched": Column(dtype=np.int8, fill=Finding.OK),
    "ended": Column(dtype=np.int64, fill=NEVER),
    "violated_at": Column(dtype=np.int64, fill=NEVER),
    "violated_value": Column(dtype=np.float64, fill=np.nan),
    "violated_span": Column(dtype=np.float32, fill=0),
}
"""Of every member: its newest reading and what it says; what it said when it last was outside of the dead-band; when
its last violation ended; its last violating reading."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """Readings of members, by member and event time, all of them news. `effective`: from when it counts."""

    member: Index
    at: Ints
    effective: Ints
    value: Floats
    span: npt.NDArray[np.float32]
    raw: Codes
    latched: Codes

    def __len__(self) -> int:
        return len(self.member)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """The values of all members from an instant on: what they are `first`, and their changes by member and time."""

    first: Codes
    member: Index
    at: Ints
    value: Codes
    before: Codes
    """The value until the change."""
    ends: tuple[Index, Ints]
    """Members whose violation ended, and when: the `within` runs from there."""

    def values(self, members: Index, at: int, *, after: bool) -> Codes:
        """Of some members just after, or just before, an instant."""
        found = self.first[members]
        begins = np.searchsorted(self.member, members, side="left")
        stops = np.searchsorted(self.member, members, side="right")
        for place in np.flatnonzero(stops > begins).tolist():
            begin, stop = int(begins[place]), int(stops[place])
            row = begin + int(np.searchsorted(self.at[begin:stop], at, side="right" if after else "left")) - 1
            if row >= begin:
                found[place] = self.value[row]
        return found


def latch(member: Index, found: Codes, own: Own) -> Codes:
    """Of readings by member and time: what each member said last outside of the dead-band, the reading included."""
    rows = np.arange(len(member))
    decisive = (found == Finding.OK) | (found == Finding.VIOLATED)
    last = np.maximum.accumulate(np.where(decisive, rows, -1))
    known = last >= _firsts(member)
    return np.where(known, found[np.maximum(last, 0)], own["latched"][member]).astype(np.int8)


def course_of(heard: Heard, own: Own, *, validity: Ints, within: int, window: tuple[int, int]) -> Course:
    """All changes in (start, until] of `window`; `own` is still the memory of `start`."""
    start, until = window
    expires = own["at"] + validity
    raw = np.where(expires > start, own["raw"], Finding.UNKNOWN).astype(np.int8)
    member, at, value = _raw_changes(heard, raw, expires, validity, until)
    was = _before(member, value, raw)
    over = was == Finding.VIOLATED
    ends = (member[over], at[over])
    echo, echo_at = _echoes(own, raw, ends, within, window)
    first = np.where(own["ended"] + within > start, Finding.VIOLATED, raw).astype(np.int8)
    # changes and the ends of `within` together, in order; what has no value or end of its own goes on with the last one
    order = np.lexsort((np.concatenate([at, echo_at]), np.concatenate([member, echo])))
    all_members = np.concatenate([member, echo])[order]
    moments = np.concatenate([at, echo_at])[order]
    values = np.concatenate([value, np.full(len(echo), -1, dtype=np.int8)])[order]
    ended = np.concatenate([np.where(over, at, NEVER), np.full(len(echo), NEVER)])[order]
    raw_now = _carried(all_members, values, values >= 0, raw)
    ended_now = _carried(all_members, ended, ended != NEVER, own["ended"])
    extended = np.where(ended_now + within > moments, Finding.VIOLATED, raw_now).astype(np.int8)
    last = np.ones(len(order), dtype=np.bool_)
    last[:-1] = (all_members[1:] != all_members[:-1]) | (moments[1:] != moments[:-1])
    all_members, moments, extended = all_members[last], moments[last], extended[last]
    before = _before(all_members, extended, first)
    news = extended != before
    return Course(
        first=first,
        member=all_members[news],
        at=moments[news],
        value=extended[news],
        before=before[news],
        ends=ends,
    )


def remember(own: Own, heard: Heard, course: Course) -> None:
    """The memory of the end of the course; `own` changes in place."""
    # of several for one member the last one stays: they are in order
    own["at"][heard.member], own["raw"][heard.member] = heard.at, heard.raw
    own["latched"][heard.member] = heard.latched
    violating = np.flatnonzero(heard.raw == Finding.VIOLATED)
    member = heard.member[violating]
    own["violated_at"][member], own["violated_value"][member] = heard.at[violating], heard.value[violating]
    own["violated_span"][member] = heard.span[violating]
    own["ended"][course.ends[0]] = course.ends[1]


def _raw_changes(heard: Heard, raw: Codes, expires: Ints, validity: Ints, until: int) -> tuple[Index, Ints, Codes]:
    """Member, time and value of what changes without regard to `within`, by member and time."""
    begins = heard.effective
    follower = np.full(len(heard), FOREVER, dtype=np.int64)
    same = heard.member[1:] == heard.member[:-1]
    follower[:-1][same] = begins[1:][same]
    runs_out = heard.at + validity[heard.member]
    counts = begins < np.minimum(runs_out, follower)
    over = counts & (runs_out < follower) & (runs_out <= until)
    # what was known until now ends at the first new reading, or runs out
    first = np.full(len(raw), FOREVER, dtype=np.int64)
    np.minimum.at(first, heard.member, begins)
    old = np.flatnonzero((raw != Finding.UNKNOWN) & (expires < first) & (expires <= until))
    member = np.concatenate([heard.member[counts], heard.member[over], old])
    at = np.concatenate([begins[counts], runs_out[over], expires[old]])
    gone = np.full(int(over.sum()) + len(old), Finding.UNKNOWN, dtype=np.int8)
    value = np.concatenate([heard.raw[counts], gone])
    order = np.lexsort((at, member))
    member, at, value = member[order], at[order], value[order]
    news = value != _before(member, value, raw)
    return member[news], at[news], value[news]


def _echoes(own: Own, raw: Codes, ends: tuple[Index, Ints], within: int, window: tuple[int, int]) -> tuple[Index, Ints]:
    """When `within` is over after a violation: those of before, and those that end now."""
    start, until = window
    earlier = own["ended"] + within
    old = np.flatnonzero((raw != Finding.VIOLATED) & (earlier > start) & (earlier <= until))
    now = ends[1] + within <= until
    return np.concatenate([old, ends[0][now]]), np.concatenate([earlier[old], ends[1][now] + within])


def _firsts(member: Index) -> Index:
    """Of each row the number of its member's first row."""
    rows = np.arange(len(member))
    new = np.ones(len(member), dtype=np.bool_)
    new[1:] = member[1:] != member[:-1]
    firsts: Index = np.maximum.accumulate(np.where(new, rows, 0))
    return firsts


def _before(member: Index, value: Codes, first: Codes) -> Codes:
    """What each member was before each of its rows."""
    before = first[member]
    same = member[1:] == member[:-1]
    before[1:][same] = value[:-1][same]
    return before


def _carried(
    member: Index, values: npt.NDArray[Any], given: npt.NDArray[np.bool_], first: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """The last given value of the row's member, the row included; the member's first one before that."""
    rows = np.arange(len(member))
    last = np.maximum.accumulate(np.where(given, rows, -1))
    known = last >= _firsts(member)
    return np.where(known, values[np.maximum(last, 0)], first[member])
