"""Picks fields out of JSON that somebody else has composed: what is not of the expected kind is not there."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.errors import Unusable
from domain.messages import Reason
from domain.names import folded, why_no_name
from ingest.formats.decoded import Decoded, Reject, Skipped
from ingest.formats.json_text import parsed
from ingest.formats.numbers import number
from ingest.formats.times import of_epoch

_NOTHING: Mapping[str, Any] = {}
_NO_NAMES = frozenset({"undefined", "null", "none"})
_LARGEST_COUNT = 2**53


def mapping(value: object) -> Mapping[str, Any]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def record(value: object, name: str) -> Mapping[str, Any]:
    """The object. Raises Unusable(WRONG_SHAPE) for anything else."""
    if not isinstance(value, dict):
        raise Unusable(Reason.WRONG_SHAPE, f"{name} is an object, not {str(value)[:40]!r}")
    return value


def items(value: object) -> Sequence[Any]:
    """The array, or an empty one."""
    return value if isinstance(value, list) else ()


def text(value: object) -> str | None:
    """The text, unless it is empty or a word for "nothing" that a script has let slip (`undefined`)."""
    if not isinstance(value, str) or not value.strip() or value.strip().casefold() in _NO_NAMES:
        return None
    return value.strip()


def count(value: object) -> int | None:
    """A whole number of 0 to 2**53, also in digits: beyond it JSON implementations do not agree on numbers."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _LARGEST_COUNT else None


def epoch(value: object) -> int:
    """Microseconds of a count since 1970, as a number or in digits. Raises Unusable(BAD_TIME)."""
    try:
        counted = number(value)
    except Unusable:
        counted = None
    if counted is None:
        raise Unusable(Reason.BAD_TIME, f"{str(value)[:40]!r} is no time since 1970")
    return of_epoch(int(counted) if counted.is_integer() else counted)


def content_of(payload: bytes) -> Mapping[str, Any]:
    """The JSON object of a message. Raises Unusable: NOT_JSON, WRONG_SHAPE."""
    content = parsed(payload)
    if not isinstance(content, dict):
        raise Unusable(Reason.WRONG_SHAPE, f"a JSON object is expected, not {str(content)[:40]!r}")
    return content


def nested_json(value: object, name: str) -> Mapping[str, Any]:
    """An object that may as well be JSON within a text; empty where there is none. Raises Unusable for others."""
    inner = text(value)
    if inner is None:
        return _NOTHING if value is None or isinstance(value, str) else record(value, name)
    try:
        return content_of(inner.encode(errors="replace"))
    except Unusable as problem:
        raise Unusable(problem.reason, f"{name}: {problem.detail}") from problem


def from_base64(value: object, name: str) -> bytes | None:
    """The bytes; None where there are none. Raises Unusable(WRONG_SHAPE) for what is no base64."""
    encoded = text(value)
    if encoded is None:
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise Unusable(Reason.WRONG_SHAPE, f"{name} {encoded[:40]!r} is no base64: {exc}") from exc


def canonical(content: object) -> bytes:
    """The same bytes for equal JSON, however its fields are ordered."""
    return msgspec.json.encode(content, order="sorted")


def agreed(in_topic: str | None, in_payload: str | None) -> None:
    """Raises Unusable(DEVICE_MISMATCH) where both name a device and not the same one: who may write to a topic must not
    speak for others.
    """
    if in_topic and in_payload and folded(in_topic) != folded(in_payload):
        detail = f"topic says {in_topic[:80]!r}, payload says {in_payload[:80]!r}"
        raise Unusable(Reason.DEVICE_MISMATCH, detail)


def after(topic: str, *, level: str) -> str | None:
    """The level of a topic behind the one of that name."""
    levels = topic.split("/")
    place = levels.index(level) + 1 if level in levels else len(levels)
    return levels[place] if place < len(levels) else None


def remark(device: str, field: str, why: str) -> Decoded:
    """A message that was understood and holds no reading."""
    return Decoded(device=_speaker(device), measurements=(), skipped=(Skipped(field=field, why=why),))


def refusal(device: str, problem: Unusable) -> Decoded:
    """One part of a message that cannot be used; the others are not its business."""
    reject = Reject(reason=problem.reason, detail=problem.detail)
    return Decoded(device=_speaker(device), measurements=(), rejects=(reject,))


def _speaker(device: str) -> str:
    """Nobody, where no device can be called so."""
    return device if why_no_name(device) is None else ""
