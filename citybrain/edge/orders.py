"""Orders of the internal API as commands."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.commands import DriveAgain
from domain.messages import Reason


def drive_again(order: Mapping[str, Any]) -> DriveAgain:
    """Raises ValueError for what is no such order."""
    ids, since = order.get("ids") or [], order.get("since")
    if not isinstance(ids, list) or not all(isinstance(number, int) for number in ids):
        raise ValueError("ids must be a list of entry numbers")
    if not order.get("actor"):
        raise ValueError("actor is missing: say who asks")
    return DriveAgain(
        actor=str(order["actor"]),
        ids=tuple(ids),
        reason=Reason(order["reason"]) if order.get("reason") else None,
        feed=_text(order, "feed"),
        topic=_text(order, "topic"),
        since=_moment(str(since)) if since else None,
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"since {text!r} has no zone; write Z or an offset such as +08:00")
    return moment


def _text(order: Mapping[str, Any], name: str) -> str | None:
    value = order.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} must be a text")
    return value or None
