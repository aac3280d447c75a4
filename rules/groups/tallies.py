"""How many members of each group say what, over event time: the counts that a combination is judged by."""

from dataclasses import dataclass

import numpy as np

from rules.columns import Index, Ints
from rules.core.comparing import Finding
from rules.groups.gatherings import Gatherings
from rules.groups.members import Codes, Course


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tallies:
    """Violated and unknown members by condition (columns) after each change, by group and time; one row an instant."""

    group: Index
    at: Ints
    violated: Ints
    unknown: Ints


def tally(gatherings: Gatherings, course: Course) -> Tallies:
    """Every group that a change touches."""
    rows, change = gatherings.rows_of_members(course.member)
    at, group = course.at[change], gatherings.group[rows]
    order = np.lexsort((at, group))
    rows, change, at, group = rows[order], change[order], at[order], group[order]
    new = np.ones(len(rows), dtype=np.bool_)
    new[1:] = (group[1:] != group[:-1]) | (at[1:] != at[:-1])
    cell = (np.cumsum(new) - 1, gatherings.condition[rows])
    groups = group[new]
    begins = np.flatnonzero(np.diff(groups, prepend=-1))
    touched = groups[begins]
    first = first_counts(gatherings, course.first, touched)
    counts = [
        _summed(_steps(course, finding)[change], cell, begins, base)
        for finding, base in zip((Finding.VIOLATED, Finding.UNKNOWN), first, strict=True)
    ]
    return Tallies(group=groups, at=at[new], violated=counts[0], unknown=counts[1])


def first_counts(gatherings: Gatherings, values: Codes, groups: Index) -> tuple[Ints, Ints]:
    """Violated and unknown members of some groups, by condition, with these values of all members."""
    rows = gatherings.rows_of_groups(groups)
    place = np.searchsorted(groups, gatherings.group[rows])
    conditions = gatherings.size.shape[1]
    cell = place * conditions + gatherings.condition[rows]
    found = values[gatherings.member[rows]]
    violated, unknown = (
        np.bincount(cell[found == finding], minlength=len(groups) * conditions).reshape(-1, conditions)
        for finding in (Finding.VIOLATED, Finding.UNKNOWN)
    )
    return violated, unknown


def _steps(course: Course, finding: Finding) -> Ints:
    """By how much each change changes the count of a value."""
    steps: Ints = (course.value == finding).astype(np.int64) - (course.before == finding).astype(np.int64)
    return steps


def _summed(steps: Ints, cell: tuple[Index, Index], begins: Index, base: Ints) -> Ints:
    """The counts after every row, each group from its base on."""
    number = int(cell[0][-1]) + 1 if len(cell[0]) else 0
    total = np.zeros((number, base.shape[1]), dtype=np.int64)
    np.add.at(total, cell, steps)
    ends = np.append(begins[1:], number)
    total = np.cumsum(total, axis=0)
    before = np.zeros_like(base)
    before[1:] = total[begins[1:] - 1]
    counts: Ints = total + np.repeat(base - before, ends - begins, axis=0)
    return counts
