"""The life of an alert after ISA-18.2: its states, and the one table of its moves."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.conditions import Condition, Evidence, Severity, Target


class AlertState(StrEnum):
    PENDING = "pending"  # violated, hold time running; nobody is told
    ACTIVE = "active"  # unacknowledged
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"  # back to normal, not acknowledged
    CLOSED = "closed"


class AlertMove(StrEnum):
    """What can happen to an alert."""

    OPEN = "open"
    HOLD = "hold"
    ACKNOWLEDGE = "acknowledge"
    RETURN = "return"
    RETURN_AND_CLOSE = "return-and-close"  # for rules whose alerts need no acknowledgement
    VIOLATE_AGAIN = "violate-again"
    LOSE_EVIDENCE = "lose-evidence"
    REGAIN_EVIDENCE = "regain-evidence"
    RETIRE = "retire"  # its rule or its target has left the configuration: nothing would ever end it


MOVES: dict[tuple[AlertState | None, AlertMove], AlertState] = {
    (None, AlertMove.OPEN): AlertState.PENDING,
    (AlertState.PENDING, AlertMove.HOLD): AlertState.ACTIVE,
    (AlertState.PENDING, AlertMove.RETURN): AlertState.CLOSED,
    (AlertState.PENDING, AlertMove.RETURN_AND_CLOSE): AlertState.CLOSED,
    (AlertState.ACTIVE, AlertMove.ACKNOWLEDGE): AlertState.ACKNOWLEDGED,
    (AlertState.ACTIVE, AlertMove.RETURN): AlertState.RETURNED,
    (AlertState.ACTIVE, AlertMove.RETURN_AND_CLOSE): AlertState.CLOSED,
    (AlertState.ACKNOWLEDGED, AlertMove.RETURN): AlertState.CLOSED,
    (AlertState.ACKNOWLEDGED, AlertMove.RETURN_AND_CLOSE): AlertState.CLOSED,
    (AlertState.RETURNED, AlertMove.ACKNOWLEDGE): AlertState.CLOSED,
    (AlertState.RETURNED, AlertMove.VIOLATE_AGAIN): AlertState.ACTIVE,
    (AlertState.PENDING, AlertMove.RETIRE): AlertState.CLOSED,
    (AlertState.ACTIVE, AlertMove.RETIRE): AlertState.CLOSED,
    (AlertState.ACKNOWLEDGED, AlertMove.RETIRE): AlertState.CLOSED,
    (AlertState.RETURNED, AlertMove.RETIRE): AlertState.CLOSED,
}
"""From (state, move) to state. A pair that is not here is not a move; evidence moves keep the state."""

OPEN_STATES = frozenset(AlertState) - {AlertState.CLOSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One rule on one target, from the first violation to the close. At most one is open per (rule, target)."""

    id: str
    rule: str
    target: Target
    severity: Severity
    state: AlertState
    condition: Condition
    opened_at: datetime
    """Event time of the first violation."""
    changed_at: datetime
    """Event time of the last move."""
    evidence: Evidence
    sequence: int = 0
    """Number of moves so far; each stored transition carries the one it made."""
    active_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    returned_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTransition:
    """One move as it is stored and told: history is append-only."""

    alert_id: str
    sequence: int
    move: AlertMove
    from_state: AlertState | None
    to_state: AlertState
    at: datetime
    recorded_at: datetime
    actor: str
    """A user name, or `rules`."""
    evidence: Evidence
    note: str = ""
