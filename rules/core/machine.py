"""Hold and clear: turns findings over event time into signals; one table, used by every kind of rule.

A finding counts from its event time until the next one: VIOLATED throughout [since, since + hold) is HELD at the end of
it, whoever notices first, a later reading or a tick. So a timer that is up at the moment of a new finding goes first.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from domain.conditions import Signal
from rules.columns import FOREVER, Index, Ints, Judgements


class Phase(IntEnum):
    CALM = 0
    PENDING = 1  # violated, the hold time runs
    HELD = 2
    CLEARING = 3  # held, and good beyond the dead-band since `clear_since`
    PENDING_LOST = 4
    HELD_LOST = 5


# plain numbers: members of an enumeration cost a look-up each time
_C, _P, _H, _L, _PL, _HL = map(int, Phase)
NEXT = np.array(
    [  # OK, BETWEEN, VIOLATED, UNKNOWN
        [_C, _C, _P, _C],
        [_C, _P, _P, _PL],  # nobody was told yet: the first good value ends it
        [_L, _H, _H, _HL],
        [_L, _H, _H, _HL],  # good again means good without a break
        [_C, _C, _P, _PL],  # the hold time cannot run while nothing is known: it starts again
        [_L, _H, _H, _HL],
    ],
    dtype=np.int8,
)
"""From (phase, finding) to phase. The two timers are the other two moves: PENDING -> HELD, CLEARING -> CALM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Microseconds."""

    hold: int = 0
    clear: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One signal on one target (by index). Times in microseconds."""

    target: int
    signal: Signal
    at: int
    since: int


def settle(judgements: Judgements, targets: Index, until: Ints | int, timing: Timing) -> list[Change]:
    """Let the timers of `targets` (without repetition) run up to and including `until`."""
    up = targets[judgements.due[targets] <= until]
    if not len(up):
        return []
    was = judgements.phase[up]
    held, cleared = up[was == _P], up[was == _L]
    changes = _told(judgements, held, Signal.HELD, judgements.due[held], judgements.since[held])
    changes += _told(judgements, cleared, Signal.CLEARED, judgements.due[cleared], judgements.clear_since[cleared])
    judgements.phase[held], judgements.phase[cleared] = _H, _C
    set_timers(judgements, up, timing)
    return changes


def observe(
    judgements: Judgements, targets: Index, at: Ints, found: npt.NDArray[np.int8], timing: Timing
) -> list[Change]:
    """One finding for each of `targets` (without repetition) at its event time; earlier timers must be settled.

    A finding older than the last signal of its target counts from that signal on: history does not go back.
    """
    at = np.maximum(at, judgements.changed[targets])
    was = judgements.phase[targets]
    phase = NEXT[was, found]
    judgements.phase[targets] = phase
    begins = (phase == _P) & (was != _P)
    judgements.since[targets[begins]] = at[begins]
    clears = (phase == _L) & (was != _L)
    judgements.clear_since[targets[clears]] = at[clears]
    set_timers(judgements, targets[phase != was], timing)
    changes = _tell_moves(judgements, targets, at, was)
    # a hold or clear time of 0 is up at once
    return changes + settle(judgements, targets, at, timing)


def regain(judgements: Judgements, targets: Index, at: Ints) -> list[Change]:
    """Tell that violation is known again where the last thing told was LOST."""
    again = judgements.lost[targets] & (judgements.phase[targets] == _H)
    targets = targets[again]
    at = np.maximum(at[again], judgements.changed[targets])
    return _told(judgements, targets, Signal.VIOLATED, at, judgements.since[targets])


def open_targets(judgements: Judgements) -> Index:
    """Those that are not calm."""
    return np.flatnonzero(judgements.phase)


def set_timers(judgements: Judgements, targets: Index, timing: Timing) -> None:
    """`due` follows from the phase."""
    if not len(targets):
        return
    phase = judgements.phase[targets]
    judgements.due[targets] = np.where(
        phase == _P,
        judgements.since[targets] + timing.hold,
        np.where(phase == _L, judgements.clear_since[targets] + timing.clear, FOREVER),
    )


def _tell_moves(judgements: Judgements, targets: Index, at: Ints, was: npt.NDArray[np.int8]) -> list[Change]:
    phase = judgements.phase[targets]
    moved = phase != was
    violated = moved & (phase == _P)
    cleared = moved & (phase == _C)
    lost = moved & (phase >= _PL) & ~judgements.lost[targets]
    return [
        change
        for which, signal in ((violated, Signal.VIOLATED), (cleared, Signal.CLEARED), (lost, Signal.LOST))
        if which.any()
        for change in _told(judgements, targets[which], signal, at[which], at[which])
    ]


def _told(judgements: Judgements, targets: Index, signal: Signal, at: Ints, since: Ints) -> list[Change]:
    if not len(targets):
        return []
    judgements.changed[targets] = at
    judgements.lost[targets] = signal is Signal.LOST
    return [
        Change(target=target, signal=signal, at=moment, since=begin)
        for target, moment, begin in zip(targets.tolist(), at.tolist(), since.tolist(), strict=True)
    ]
