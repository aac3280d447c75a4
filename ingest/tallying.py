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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fates:
    """`fate[i]` befell `weight[i]` readings of message `owner[i]`."""

    owner: npt.NDArray[np.intp]
    fate: npt.NDArray[np.int8]
    weight: npt.NDArray[np.int64]


def ledger_of(messages: Sequence[Message], fates: Fates) -> tuple[LedgerLine, ...]:
    """One line per feed and minute, in order of appearance. A message without any reading counts as duplicate."""
    groups: dict[tuple[str, int], int] = {}
    group = np.array(
        [groups.setdefault((message.feed, message.received // _MINUTE), len(groups)) for message in messages],
        dtype=np.intp,
    )
    of_message = np.full(len(messages), Fate.DUPLICATE, dtype=np.int8)
    np.minimum.at(of_message, fates.owner, fates.fate)
    size = len(groups) * len(Fate)
    by_message = np.bincount(group * len(Fate) + of_message, minlength=size)
    by_reading = np.bincount(group[fates.owner] * len(Fate) + fates.fate, weights=fates.weight, minlength=size)
    return tuple(
        LedgerLine(
            feed=feed,
            minute=from_micros(minute * _MINUTE),
            messages=_tally(by_message[row * len(Fate) : (row + 1) * len(Fate)]),
            readings=_tally(by_reading[row * len(Fate) : (row + 1) * len(Fate)]),
        )
        for (feed, minute), row in groups.items()
    )


def _tally(counts: npt.NDArray[np.float64] | npt.NDArray[np.intp]) -> Tally:
    return Tally(
        received=int(counts.sum()),
        stored=int(counts[Fate.STORED]),
        quarantined=int(counts[Fate.QUARANTINED]),
        late=int(counts[Fate.LATE]),
        duplicate=int(counts[Fate.DUPLICATE]),
    )
