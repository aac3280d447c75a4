"""Wishes of people, carried to the single writer."""

from dataclasses import dataclass
from datetime import datetime

from domain.messages import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeAlert:
    """Acknowledging twice is not an error: two operators press at once."""

    alert_id: str
    actor: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveAgain:
    """Drive quarantined messages through the intake again; nothing said means all of them."""

    actor: str
    ids: tuple[int, ...] = ()
    reason: Reason | None = None
    feed: str | None = None
    topic: str | None = None
    since: datetime | None = None
