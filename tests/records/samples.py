"""Alerts, notices and evidence for tests, each with the one thing that the test is about given by name."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.alerts import Alert, AlertMove, AlertState, AlertTransition
from domain.conditions import Clause, Condition, Evidence, Severity, Target, TargetKind
from domain.outbox import Notice
from domain.readings import Reading

NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)
METER = Target(kind=TargetKind.DEVICE, id="NM-0012")
CLAUSE = Clause(zh="GB 3096-2008 表 1，2 类，夜间", en="GB 3096-2008, table 1, class 2, night")


def seconds(count: float) -> datetime:
    """Noon and so many seconds."""
    return NOON + timedelta(seconds=count)


def evidence_of(value: float | None = 57.3, **changes: Any) -> Evidence:
    reading = Reading(device="NM-0012", metric="laeq", at=NOON, value=57.3, span_s=60.0)
    given: dict[str, Any] = {
        "value": value,
        "limit": 50.0,
        "comparison": "<=",
        "unit": "dB(A)",
        "clause": CLAUSE,
        "readings": (reading,),
        "figures": {"period": "night", "minutes": 15.0},
    }
    return Evidence(**{**given, **changes})


def alert_of(alert_id: str = "a1", **changes: Any) -> Alert:
    given: dict[str, Any] = {
        "id": alert_id,
        "rule": "noise-zone",
        "target": METER,
        "severity": Severity.YELLOW,
        "state": AlertState.PENDING,
        "condition": Condition.VIOLATED,
        "opened_at": NOON,
        "changed_at": NOON,
        "evidence": evidence_of(),
        "sequence": 1,
    }
    return Alert(**{**given, **changes})


def transition_of(alert: Alert, **changes: Any) -> AlertTransition:
    """The move that left the alert as it is."""
    given: dict[str, Any] = {
        "alert_id": alert.id,
        "sequence": alert.sequence,
        "move": AlertMove.OPEN if alert.sequence == 1 else AlertMove.HOLD,
        "from_state": None if alert.sequence == 1 else AlertState.PENDING,
        "to_state": alert.state,
        "at": alert.changed_at,
        "recorded_at": alert.changed_at,
        "actor": "rules",
        "evidence": alert.evidence,
    }
    return AlertTransition(**{**given, **changes})


def notice_of(key: str = "a1:2:sms", **changes: Any) -> Notice:
    alert_id, sequence, route = key.split(":")
    given: dict[str, Any] = {
        "key": key,
        "alert_id": alert_id,
        "sequence": int(sequence),
        "route": route,
        "title": "【发生】夜间噪声超标",
        "body": "数值：57.3 dB(A)",
        "created_at": NOON,
    }
    return Notice(**{**given, **changes})
