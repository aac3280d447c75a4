"""One step in the life of an alert: what a rule's signal or an operator's wish makes of it, by the table of moves.

Steps go by level, not by edge: a signal that the alert already reflects changes nothing, so it may come twice.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from cases.errors import CommandRefused, RefusalCode
from domain.alerts import MOVES, Alert, AlertMove, AlertState, AlertTransition
from domain.commands import AcknowledgeAlert
from domain.conditions import Condition, Evidence, RuleCard, Signal, Target, Transition
from domain.instants import to_micros

RULES = "rules"
"""The actor of every move that no person made."""

Step = tuple[Alert, AlertTransition]
"""A move, and the alert as it left it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """What a move is put down to."""

    at: datetime
    recorded_at: datetime
    evidence: Evidence
    actor: str = RULES
    note: str = ""


def alert_id(rule: str, target: Target, opened_at: datetime, *, occurrence: int = 0) -> str:
    """16 hexadecimal digits, the same for the same alert wherever it is computed.

    `occurrence` tells alerts apart that began at one and the same event time.
    """
    text = f"{rule}\n{target}\n{to_micros(opened_at)}\n{occurrence}"
    return blake2b(text.encode(), digest_size=8).hexdigest()


def open_alert(transition: Transition, card: RuleCard, *, now: datetime, occurrence: int = 0) -> Step:
    """A new alert, pending since the condition began."""
    alert = Alert(
        id=alert_id(transition.rule, transition.target, transition.since, occurrence=occurrence),
        rule=transition.rule,
        target=transition.target,
        severity=card.severity,
        state=MOVES[None, AlertMove.OPEN],
        condition=Condition.VIOLATED,
        opened_at=transition.since,
        changed_at=transition.since,
        evidence=transition.evidence,
        sequence=1,
    )
    cause = _Cause(at=alert.opened_at, recorded_at=now, evidence=transition.evidence)
    return _step(alert, AlertMove.OPEN, cause, from_state=None)


def apply_transition(
    alert: Alert | None, transition: Transition, card: RuleCard, *, now: datetime, occurrence: int = 0
) -> tuple[Step, ...]:
    """The moves that this signal makes, in order; () when the alert already reflects it.

    `alert` is the open alert of this rule on this target, or None. `now` is when it is recorded.
    """
    if alert is None:
        return _without_alert(transition, card, now, occurrence)
    move = _move_for(alert, transition.signal, card)
    if move is None:
        return ()
    cause = _Cause(at=transition.at, recorded_at=now, evidence=transition.evidence)
    return (_moved(alert, move, cause, condition=_condition(transition.signal)),)


def acknowledge(alert: Alert, command: AcknowledgeAlert, *, now: datetime) -> Step | None:
    """The operator has seen it; None when an operator already had. Raises CommandRefused for pending or closed ones."""
    match alert.state:
        case AlertState.ACTIVE | AlertState.RETURNED:
            seen = replace(alert, acknowledged_at=now, acknowledged_by=command.actor)
            cause = _Cause(at=now, recorded_at=now, evidence=alert.evidence, actor=command.actor, note=command.note)
            return _moved(seen, AlertMove.ACKNOWLEDGE, cause, condition=alert.condition)
        case AlertState.ACKNOWLEDGED:
            return None
        case AlertState.CLOSED if alert.acknowledged_at is not None:
            return None
        case AlertState.CLOSED:
            raise CommandRefused(RefusalCode.ALERT_CLOSED, alert.id)
        case AlertState.PENDING:
            raise CommandRefused(RefusalCode.ALERT_PENDING, alert.id)


def retire(alert: Alert, *, now: datetime, note: str = "") -> Step:
    """Close an open alert that nobody watches any more. It is not said to have returned: nobody knows."""
    cause = _Cause(at=now, recorded_at=now, evidence=alert.evidence, note=note)
    closed, transition = _moved(alert, AlertMove.RETIRE, cause, condition=Condition.UNKNOWN)
    return replace(closed, returned_at=alert.returned_at), transition


def _without_alert(transition: Transition, card: RuleCard, now: datetime, occurrence: int) -> tuple[Step, ...]:
    match transition.signal:
        case Signal.CLEARED | Signal.LOST:
            return ()
        case Signal.VIOLATED:
            return (open_alert(transition, card, now=now, occurrence=occurrence),)
        case Signal.HELD:
            opened = open_alert(transition, card, now=now, occurrence=occurrence)
            return opened, *apply_transition(opened[0], transition, card, now=now)


def _move_for(alert: Alert, signal: Signal, card: RuleCard) -> AlertMove | None:
    match signal:
        case Signal.LOST:
            return None if alert.condition is Condition.UNKNOWN else AlertMove.LOSE_EVIDENCE
        case Signal.CLEARED:
            return _move_when_cleared(alert, card)
        case Signal.HELD if alert.state is AlertState.PENDING:
            return AlertMove.HOLD
        case Signal.HELD if alert.state is AlertState.RETURNED:
            return AlertMove.VIOLATE_AGAIN
        case Signal.VIOLATED if alert.state is AlertState.RETURNED:
            return None  # it counts again only when it has held
        case Signal.VIOLATED | Signal.HELD:
            return AlertMove.REGAIN_EVIDENCE if alert.condition is Condition.UNKNOWN else None


def _move_when_cleared(alert: Alert, card: RuleCard) -> AlertMove | None:
    if alert.state is not AlertState.RETURNED:
        return AlertMove.RETURN if card.needs_acknowledgement else AlertMove.RETURN_AND_CLOSE
    return AlertMove.REGAIN_EVIDENCE if alert.condition is Condition.UNKNOWN else None


def _condition(signal: Signal) -> Condition:
    match signal:
        case Signal.VIOLATED | Signal.HELD:
            return Condition.VIOLATED
        case Signal.CLEARED:
            return Condition.OK
        case Signal.LOST:
            return Condition.UNKNOWN


def _moved(alert: Alert, move: AlertMove, cause: _Cause, *, condition: Condition) -> Step:
    to_state = _state_after(alert.state, move)
    # the alert keeps the evidence that made it: a value back within the limit explains the return, not the alert
    evidence = cause.evidence if condition is Condition.VIOLATED else alert.evidence
    after = replace(
        alert,
        state=to_state,
        condition=condition,
        changed_at=cause.at,
        evidence=evidence,
        sequence=alert.sequence + 1,
        **_dates(alert, to_state, cause.at),
    )
    return _step(after, move, cause, from_state=alert.state)


def _step(after: Alert, move: AlertMove, cause: _Cause, *, from_state: AlertState | None) -> Step:
    return after, AlertTransition(
        alert_id=after.id,
        sequence=after.sequence,
        move=move,
        from_state=from_state,
        to_state=after.state,
        at=cause.at,
        recorded_at=cause.recorded_at,
        actor=cause.actor,
        evidence=cause.evidence,
        note=cause.note,
    )


def _state_after(state: AlertState, move: AlertMove) -> AlertState:
    match move:
        case AlertMove.LOSE_EVIDENCE | AlertMove.REGAIN_EVIDENCE:
            return state
        case _:
            return MOVES[state, move]


def _dates(alert: Alert, to_state: AlertState, at: datetime) -> dict[str, Any]:
    """The dates that entering a state sets. Being violated again takes back the return."""
    if to_state is alert.state:
        return {}
    match to_state:
        case AlertState.ACTIVE:
            return {"active_at": at, "returned_at": None}
        case AlertState.RETURNED:
            return {"returned_at": at}
        case AlertState.CLOSED:
            return {"closed_at": at, "returned_at": alert.returned_at or at}
        case AlertState.PENDING | AlertState.ACKNOWLEDGED:
            return {}
