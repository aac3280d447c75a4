"""Counts every message and every reading once, by feed and minute of arrival: the ledger balances by construction."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from domain.instants import MICROS_PER_S, from_micros
from domain.ledger import LedgerLine, Tally
from domain.messages import Message

_MINUTE = 60 * MICROS_PER_S


class Fate(IntEnum):
    """Where something ended. A message has the least of the fates of its parts."""

    STORED = 0
    QUARANTINED = 1
    LATE = 2
    DUPLICATE = 3


STORED, QUARANTINED, LATE, DUPLICATE = (int(fate) for fate in Fate)
"""The bare numbers, for columns: an enumeration's member costs as much to look up as to compare a hundred rows."""
FATES = len(Fate)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fates:
    """`fate[i]` befell `weight[i]` readings of message `owner[i]`."""

    owner: npt.NDArray[np.intp]
    fate: npt.NDArray[np.int8]
    weight: npt.NDArray[np.int64]


def ledger_of(messages: Sequence[Message], received: npt.NDArray[np.int64], fates: Fates) -> tuple[LedgerLine, ...]:
    """One line per feed and minute, in order of appearance. A message without any reading counts as duplicate.

    `received`: when each message arrived, microseconds since the epoch.
    """
    groups, group = _groups(messages, received // _MINUTE)
    of_message = np.full(len(messages), DUPLICATE, dtype=np.int8)
    np.minimum.at(of_message, fates.owner, fates.fate)
    size = len(groups) * FATES
    by_message = np.bincount(group * FATES + of_message, minlength=size)
    by_reading = np.bincount(group[fates.owner] * FATES + fates.fate, weights=fates.weight, minlength=size)
    return tuple(
        LedgerLine(
            feed=feed,
            minute=from_micros(minute * _MINUTE),
            messages=_tally(by_message[row * FATES : (row + 1) * FATES]),
            readings=_tally(by_reading[row * FATES : (row + 1) * FATES]),
        )
        for row, (feed, minute) in enumerate(groups)
    )


def _groups(
    messages: Sequence[Message], minute: npt.NDArray[np.int64]
) -> tuple[Sequence[tuple[str, int]], npt.NDArray[np.intp]]:
    """The different (feed, minute) in order of appearance, and which of them each message belongs to."""
    feeds = {message.feed for message in messages}
    if len(feeds) == 1 and (minute == minute[0]).all():
        return [(feeds.pop(), int(minute[0]))], np.zeros(len(messages), dtype=np.intp)
    groups: dict[tuple[str, int], int] = {}
    group = [
        groups.setdefault((message.feed, when), len(groups))
        for message, when in zip(messages, minute.tolist(), strict=True)
    ]
    return list(groups), np.array(group, dtype=np.intp)


def _tally(counts: npt.NDArray[np.float64] | npt.NDArray[np.intp]) -> Tally:
    return Tally(
        received=int(counts.sum()),
        stored=int(counts[STORED]),
        quarantined=int(counts[QUARANTINED]),
        late=int(counts[LATE]),
        duplicate=int(counts[DUPLICATE]),
    )
