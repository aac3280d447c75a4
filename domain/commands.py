"""Wishes of people, carried to the single writer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeAlert:
    """Acknowledging twice is not an error: two operators press at once."""

    alert_id: str
    actor: str
    note: str = ""
