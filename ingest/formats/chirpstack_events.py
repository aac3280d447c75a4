"""Which event of ChirpStack a message is: by its topic, and where a bridge has renamed that, by its fields."""

from collections.abc import Mapping
from typing import Any

UP = "up"
_KINDS = frozenset({"up", "join", "ack", "txack", "log", "status", "location", "integration", "error"})
_OLD_NAMES = {"rx": "up"}
_TELLTALES = (
    ("error", frozenset({"error"})),
    ("status", frozenset({"margin", "batteryLevel", "batteryLevelUnavailable", "externalPowerSource"})),
    ("log", frozenset({"level", "description"})),
    ("ack", frozenset({"acknowledged"})),
    ("txack", frozenset({"downlinkId", "txInfo"})),
    ("location", frozenset({"location"})),
    ("integration", frozenset({"integrationName"})),
)
"""Fields that an uplink does not have; looked at only in a message without what an uplink has."""
_OF_UPLINK = frozenset({"data", "object", "objectJSON", "rxInfo", "fPort"})


def event_of(topic: str, content: Mapping[str, Any]) -> str:
    """One of the kinds of event."""
    last = topic.rpartition("/")[2]
    last = _OLD_NAMES.get(last, last)
    if last in _KINDS and "application/" in topic:
        return last
    if _OF_UPLINK & content.keys():
        return UP
    return next((kind for kind, fields in _TELLTALES if fields & content.keys()), "join")


def is_marshaled_otherwise(payload: bytes) -> bool:
    """A Protobuf message begins with a field's key; JSON with a brace."""
    return payload.lstrip()[:1] != b"{"
