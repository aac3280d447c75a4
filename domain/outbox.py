"""What must be told, written in the same transaction as the fact that it tells."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"  # given up after the last try; shown, never silent


class Outcome(StrEnum):
    """How one try to deliver ended."""

    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """One try to deliver the notice with this key; the delivery ledger is made of these."""

    key: str
    at: datetime
    route: str
    outcome: Outcome
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message about one alert transition on one route. `key` is the idempotency key: alert, sequence and route."""

    key: str
    alert_id: str
    sequence: int
    route: str
    title: str
    body: str
    created_at: datetime
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    next_try_at: datetime | None = None
    sent_at: datetime | None = None
    error: str = ""
