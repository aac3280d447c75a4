"""Walks hold and clear along findings in columns: something can change only where a finding differs."""

import numpy as np
import numpy.typing as npt

from rules.columns import Index, Ints, Judgements
from rules.core import machine
from rules.core.comparing import Finding
from rules.core.machine import Change, Phase, Timing
from rules.core.rounds import rounds

Told = list[tuple[Change, int | None]]
"""A change, and the row of the finding that made it; None for a timer, which speaks of what was known before it."""


def follow(
    judgements: Judgements,
    series: Index,
    at: Ints,
    found: npt.NDArray[np.int8],
    timing: Timing,
    *,
    current: npt.NDArray[np.bool_] | None = None,
) -> Told:
    """Findings in order of series and time, any number for each; several at one instant count in the order given.

    Timers run up to the last finding of each series. `current`: findings that may tell that violation is known again;
    all of them unless said otherwise.
    """
    fresh = np.ones(len(found), dtype=np.bool_) if current is None else current
    new = np.ones(len(found), dtype=np.bool_)
    new[1:] = (series[1:] != series[:-1]) | (found[1:] != found[:-1]) | (fresh[1:] != fresh[:-1])
    last = np.ones(len(found), dtype=np.bool_)
    last[:-1] = series[1:] != series[:-1]
    # a series that is calm and sees no violation stays calm
    stirred = judgements.phase != Phase.CALM
    stirred[series[found == Finding.VIOLATED]] = True
    rows = np.flatnonzero(new & stirred[series])
    told: Told = []
    for turn in rounds(series[rows], at[rows]):
        here = rows[turn]
        targets, moments = series[here], at[here]
        told += [(change, None) for change in machine.settle(judgements, targets, moments, timing)]
        changes = machine.observe(judgements, targets, moments, found[here], timing)
        changes += machine.regain(judgements, targets[fresh[here]], moments[fresh[here]])
        row_of = dict(zip(targets.tolist(), here.tolist(), strict=True)) if changes else {}
        told += [(change, row_of[change.target]) for change in changes]
    ends = np.flatnonzero(last & (judgements.phase != Phase.CALM)[series])
    return told + [(change, None) for change in machine.settle(judgements, series[ends], at[ends], timing)]


def walk(
    judgements: Judgements, target: Index, at: Ints, found: npt.NDArray[np.int8], timing: Timing, *, until: int
) -> list[tuple[Change, bool]]:
    """As `follow`, and then the timers of all targets run up to and including `until`.

    With each change: whether a finding made it. That speaks of what is so just after its moment, a timer of what was so
    just before.
    """
    told = [(change, row is not None) for change, row in follow(judgements, target, at, found, timing)]
    timers = machine.settle(judgements, machine.open_targets(judgements), until, timing)
    return told + [(change, False) for change in timers]


def row_before(series: Index, at: Ints, target: int, moment: int) -> int | None:
    """Of rows in order of series and time, the last one of `target` before the moment."""
    begin, end = np.searchsorted(series, [target, target + 1])
    row = int(begin) + int(np.searchsorted(at[begin:end], moment)) - 1
    return row if row >= begin else None
