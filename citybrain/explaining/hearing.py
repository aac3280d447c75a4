"""Lets the rules hear stored readings in the order in which they came, with time running as it did then.

What is late for one go of readings may not be for a longer one, so a go ends where the order of arrival may matter.
"""

from collections.abc import Iterator

import numpy as np

from domain.conditions import Transition
from domain.instants import MICROS_PER_S
from domain.readings import ReadingBatch
from rules.columns import Ints
from rules.engine import advance, evaluate, initial_state
from rules.program import Program

LONGEST_GO_US = 1800 * MICROS_PER_S


def hear(program: Program, batch: ReadingBatch, *, start: int, until: int, together_us: int) -> list[Transition]:
    """`batch` in order of arrival. Somebody listens from `start` on; time runs on to `until`.

    `together_us`: readings that came within so much time of each other were judged in one go.
    """
    state, told = advance(program, initial_state(program), start)
    for begin, end in goes(batch, settle_us=program.settle_us, together_us=together_us):
        state, due = advance(program, state, max(start, int(batch.received[begin]) - 1))
        state, found = evaluate(program, state, batch.take(np.arange(begin, end)))
        state, after = advance(program, state, int(batch.received[end - 1]))
        told += [*due, *found, *after]
    state, due = advance(program, state, until)
    return told + due


def goes(batch: ReadingBatch, *, settle_us: int, together_us: int) -> Iterator[tuple[int, int]]:
    """[begin, end) of each go. One ends before a reading that is older than another one of its series, or later than
    its series and the clock allow for: what came due until then was told without it.
    """
    delay = batch.received - batch.at
    suspect = _is_behind(batch) | _is_later_than_usual(batch, delay, settle_us)
    begin = 0
    for place in range(1, len(batch)):
        since = int(batch.received[place] - batch.received[begin])
        if since > LONGEST_GO_US or (suspect[place] and since > together_us):
            yield begin, place
            begin = place
    if len(batch):
        yield begin, len(batch)


def _is_behind(batch: ReadingBatch) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether a reading is not newer than all of its series that came before it."""
    behind = np.zeros(len(batch), dtype=np.bool_)
    newest: dict[tuple[int, int], int] = {}
    rows = zip(batch.device.tolist(), batch.metric.tolist(), batch.at.tolist(), strict=True)
    for place, (device, metric, at) in enumerate(rows):
        before = newest.get((device, metric), at)
        behind[place] = at < before
        newest[device, metric] = max(at, before)
    return behind


def _is_later_than_usual(
    batch: ReadingBatch, delay: Ints, settle_us: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether a reading is late beyond what is waited for, and not as late as the one before it of its series."""
    order = np.lexsort((np.arange(len(batch)), batch.metric, batch.device))
    device, metric, mine = batch.device[order], batch.metric[order], delay[order]
    steady = np.zeros(len(batch), dtype=np.bool_)
    is_same = (device[1:] == device[:-1]) & (metric[1:] == metric[:-1])
    steady[1:] = is_same & (np.abs(mine[1:] - mine[:-1]) <= settle_us)
    later = np.empty(len(batch), dtype=np.bool_)
    later[order] = (mine > settle_us) & ~steady
    return later
