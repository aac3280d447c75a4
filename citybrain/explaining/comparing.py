"""Holds what the rules say of an alert's stored readings against its moves on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.alerts import AlertMove, AlertTransition
from domain.conditions import Signal, Transition

SIGNALS_OF = {
    AlertMove.OPEN: frozenset({Signal.VIOLATED}),
    AlertMove.HOLD: frozenset({Signal.HELD}),
    AlertMove.VIOLATE_AGAIN: frozenset({Signal.HELD}),
    AlertMove.RETURN: frozenset({Signal.CLEARED}),
    AlertMove.RETURN_AND_CLOSE: frozenset({Signal.CLEARED}),
    AlertMove.LOSE_EVIDENCE: frozenset({Signal.LOST}),
    AlertMove.REGAIN_EVIDENCE: frozenset({Signal.VIOLATED, Signal.HELD, Signal.CLEARED}),
}
"""What the rules must have said for a move, one of these; the other moves are people's, or follow from these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retold:
    """`signals` on the alert's target. `missing`: recorded moves that the readings in the store do not give again.

    `off_s`: the moves come out up to so many seconds beside the record. A reading that is late for the clock of several
    series counts from when it comes, to the tick, and when the engine ticked is not stored. `watched_from`: nobody had
    heard the device, or listened to it, before; the record says from when somebody did. `is_in_event_order`: so
    it comes out when every reading counts from its own time, not from when it came. `ways_left_out`: too many readings
    came late to hear them in every way in which they may have been judged, and none that was tried as they came agrees.
    """

    signals: Sequence[Transition]
    missing: Sequence[AlertTransition]
    off_s: float = 0.0
    watched_from: datetime | None = None
    is_in_event_order: bool = False
    ways_left_out: bool = False

    @property
    def agrees(self) -> bool:
        return not self.missing


def compared(moves: Sequence[AlertTransition], signals: Sequence[Transition], within: timedelta) -> Retold:
    """Each move with the nearest signal that makes it, no farther than `within`."""
    missing: list[AlertTransition] = []
    off = timedelta()
    for move in moves:
        if move.move not in SIGNALS_OF:
            continue
        makes = SIGNALS_OF[move.move]
        nearest = min((abs(told.at - move.at) for told in signals if told.signal in makes), default=timedelta.max)
        if nearest > within:
            missing.append(move)
        else:
            off = max(off, nearest)
    return Retold(signals=signals, missing=missing, off_s=off.total_seconds())
