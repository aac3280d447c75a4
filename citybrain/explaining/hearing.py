"""Lets the rules hear stored readings in the order in which they came, with time running as it did then.

What is late for one go of readings may not be for a longer one, so a go ends where the order of arrival may matter.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from domain.conditions import Transition
from domain.instants import MICROS_PER_S
from domain.readings import ReadingBatch
from rules.columns import Ints
from rules.core.feeds import Feed
from rules.engine import advance, evaluate, initial_state
from rules.program import Program

LONGEST_GO_US = 1800 * MICROS_PER_S


def hear(program: Program, batch: ReadingBatch, *, start: int, until: int, together_us: int) -> list[Transition]:
    """`batch` in order of arrival. Somebody listens from `start` on; time runs on to `until`.

    `together_us`: readings that came within so much time of each other were judged in one go.
    """
    state, told = advance(program, initial_state(program), start)
    for begin, end in goes(program, batch, together_us=together_us):
        state, due = advance(program, state, max(start, int(batch.received[begin]) - 1))
        state, found = evaluate(program, state, batch.take(np.arange(begin, end)))
        told += [*due, *found]
    state, due = advance(program, state, until)
    return told + due


def goes(program: Program, batch: ReadingBatch, *, together_us: int) -> Iterator[tuple[int, int]]:
    """[begin, end) of each go. One ends before a reading that is older than another one of its series, or later than
    the rules wait for: what came due until then was told without it.
    """
    suspect = _is_behind(batch) | (batch.received - batch.at > program.settle_us + _delay_before(program, batch))
    begin = 0
    for place in range(1, len(batch)):
        since = int(batch.received[place] - batch.received[begin])
        if since > LONGEST_GO_US or (suspect[place] and since > together_us):
            yield begin, place
            begin = place
    if len(batch):
        yield begin, len(batch)


def _is_behind(batch: ReadingBatch) -> npt.NDArray[np.bool_]:
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
