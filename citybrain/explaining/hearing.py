"""Lets the rules hear stored readings in the order in which they came, with time running as it did then.

What is late for one go of readings may not be for a longer one, so a go ends where the order of arrival may matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.conditions import Transition
from domain.instants import MICROS_PER_S
from domain.readings import ReadingBatch
from rules.columns import Ints
from rules.core.feeds import Feed
from rules.engine import advance, evaluate, initial_state
from rules.program import Program

Flags = npt.NDArray[np.bool_]
"""One for each reading of a batch."""
LONGEST_GO_US = 1800 * MICROS_PER_S
PAUSE_US = 30 * MICROS_PER_S
"""Nothing came for so long, and then first something that is late: the engine, or the way to it, may have been away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way in which stored readings may have been judged.

    `together_us`: readings that came within so much time of each other were judged in one go. `resumes_us`: of what
    waited for an engine that was away, that which came first within so much time was judged before its clock went on.
    """

    together_us: int
    resumes_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """Readings [begin, end) judged in one go; `is_first`: before time goes on to their arrival, not after."""

    begin: int
    end: int
    is_first: bool = False


def hear(
    program: Program, batch: ReadingBatch, judged: Sequence[Go], *, start: int, until: int
) -> Sequence[Transition]:
    """`batch` in order of arrival, `judged` go by go. Somebody listens from `start` on; time runs on to `until`."""
    state, told = advance(program, initial_state(program), start)
    for go in judged:
        due: Sequence[Transition] = []
        if not go.is_first:
            state, due = advance(program, state, max(start, int(batch.received[go.begin]) - 1))
        state, found = evaluate(program, state, batch.take(np.arange(go.begin, go.end)))
        told += [*due, *found]
        if go.is_first:
            state, due = advance(program, state, max(start, int(batch.received[go.end - 1])))
            told += due
    state, due = advance(program, state, until)
    return told + due


def goes(batch: ReadingBatch, suspect: Flags, resumed: Flags, way: Way) -> Sequence[Go]:
    """One ends before a suspect reading: what came due until then was told without it."""
    received, is_suspect = batch.received.tolist(), suspect.tolist()
    is_resumed = [False] * len(received) if way.resumes_us is None else resumed.tolist()
    found: list[Go] = []
    begin = 0
    for place in range(1, len(received) + 1):
        is_last = place == len(received)
        since = 0 if is_last else received[place] - received[begin]
        longest = way.resumes_us or 0 if is_resumed[begin] else LONGEST_GO_US
        if is_last or since > longest or is_resumed[place] or (is_suspect[place] and since > way.together_us):
            found.append(Go(begin=begin, end=place, is_first=is_resumed[begin]))
            begin = place
    return found


def suspects(program: Program, batch: ReadingBatch) -> Flags:
    """Readings that are older than another one of their series that came before, or later than the rules wait for."""
    return _is_behind(batch) | (batch.received - batch.at > program.settle_us + _delay_before(program, batch))


def nearest(suspect: Flags, batch: ReadingBatch, moves: Sequence[int], *, most: int) -> Flags:
    """Of the suspect readings those that came nearest to one of the `moves` (µs), so many at most."""
    rows = np.flatnonzero(suspect)
    apart = np.full(len(rows), np.iinfo(np.int64).max)
    for move in moves:
        apart = np.minimum(apart, np.abs(batch.received[rows] - move))
    found = np.zeros_like(suspect)
    found[rows[np.argsort(apart, kind="stable")[:most]]] = True
    return found


def resumptions(program: Program, batch: ReadingBatch) -> Flags:
    """Readings that are late and came first after a pause."""
    found = np.zeros(len(batch), dtype=np.bool_)
    is_late = batch.received - batch.at > program.settle_us
    found[1:] = (np.diff(batch.received) > PAUSE_US) & is_late[1:]
    return found


def _is_behind(batch: ReadingBatch) -> Flags:
    """Whether a reading is not newer than all of its series that came before it."""
    behind = np.zeros(len(batch), dtype=np.bool_)
    newest: dict[tuple[int, int], int] = {}
    rows = zip(batch.device.tolist(), batch.metric.tolist(), batch.at.tolist(), strict=True)
    for place, (device, metric, at) in enumerate(rows):
        before = newest.get((device, metric), at)
        behind[place] = at < before
        newest[device, metric] = max(at, before)
    return behind


def _delay_before(program: Program, batch: ReadingBatch) -> Ints:
    """How far the clock of each reading's series ran behind when it came; 0 where all series go by one clock."""
    found = np.zeros(len(batch), dtype=np.int64)
    if not all(judge.by_series for judge in program.judges.values()):
        return found
    lag = np.clip(batch.received - batch.at, 0, program.lag_limit_us)
    for metric in np.unique(batch.metric):
        rows = np.flatnonzero(batch.metric == metric)
        device = batch.device[rows].astype(np.intp)
        feed = Feed.unheard(len(batch.vocabulary.devices))
        after = feed.hear(device, batch.at[rows], lag[rows], slack=program.slack_us, once=False)
        order = np.argsort(device, kind="stable")
        is_same = device[order][1:] == device[order][:-1]
        found[rows[order][1:][is_same]] = after[order][:-1][is_same]
    return found
