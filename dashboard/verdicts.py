"""What judging an alert's stored readings once more has shown, as the key of its sentence in words.yaml."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def verdict(explanation: Json) -> str:
    """Of an explanation whose rule is still loaded. The sentence may name {at}, {off} and {count}.

    That the store or the rules differ from then is said only where everything was tried.
    """
    retold: Json = explanation["retold"]
    if not explanation["steps"]:
        return "explain.nothing"
    if retold["agrees"]:
        return _agreement(retold)
    if retold["ways_left_out"]:
        return "explain.too_late"
    return "explain.differs" if retold["is_whole"] else "explain.partial"


def _agreement(retold: Json) -> str:
    if retold["order"] == "event":
        return "explain.by_event_time"
    if retold["watched_from"] is not None:
        return "explain.watched"
    return "explain.off" if retold["off_s"] else "explain.agrees"
