"""The protocols of the FIWARE IoT Agents: Ultralight 2.0 (`t|15|k|abc`) and JSON.

Topics end with `{key}/{device}/attrs`. Those that begin with `/{key}` and name no protocol may carry either: the
payload tells.
"""

import re
from collections.abc import Sequence

from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Message, Reason
from ingest.formats.decoded import Decoded, Dialects, Reject
from ingest.formats.json_text import parsed
from ingest.formats.names import device_name
from ingest.formats.plain_names import plain_names
from ingest.formats.telling import Moment, Telling
from ingest.formats.times import of_epoch, of_text

_TAILS = ("attrs", "attrs/+", "cmd", "cmdexe", "configuration/commands")
UL_TOPICS = tuple(f"{start}ul/+/+/{tail}" for start in ("", "/") for tail in _TAILS)
JSON_TOPICS = tuple(f"{start}json/+/+/{tail}" for start in ("", "/") for tail in _TAILS)
"""With and without the empty first level of most devices; commands too, which are known to be no readings."""

_TIME = "TimeInstant"
_LOOKS_LIKE_TIME = re.compile(r"\d{4}-?\d{2}-?\d{2}T\d")
_COMMANDS = ("cmd", "cmdexe", "commands")
_JSON_BEGINS = (b"{", b"[", b'"')
_MOST_GROUPS = 20_000
"""Twice the values that a message may have: more are refused before each is read."""


def looks_like_json(message: Message) -> bool:
    """A topic of an agent that names no protocol, with JSON."""
    return _is_agents(message.topic) and message.payload.lstrip()[:1] in _JSON_BEGINS


def looks_like_ul(message: Message) -> bool:
    """A topic of an agent that names no protocol, with anything else."""
    return _is_agents(message.topic)


def _is_agents(topic: str) -> bool:
    levels = topic.removeprefix("/").split("/")
    return topic.startswith("/") and len(levels) in (3, 4) and levels[2] in ("attrs", "cmd", "cmdexe")


def decode_ul(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """One Decoded per group between `#`. Raises Unusable when the topic or the text cannot be read."""
    where = _where(message.topic)
    if where is None:
        return []
    device, attribute = where
    dialect = dialects(device)
    text = _text(message.payload)
    if attribute is not None:
        return [_told(device, dialect, [(attribute, text)], None)]
    groups = [group for group in text.split("#") if group.strip()]
    if len(groups) > _MOST_GROUPS:
        raise Unusable(Reason.TOO_MANY_POINTS, f"{len(groups)} groups between #; split the message")
    return [_group(device, dialect, group) for group in groups]


def decode_json(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """One Decoded per object. Raises Unusable when the topic or the JSON cannot be read."""
    where = _where(message.topic)
    if where is None:
        return []
    device, attribute = where
    dialect, content = dialects(device), parsed(message.payload)
    if attribute is not None:
        return [_told(device, dialect, [(attribute, content)], None)]
    objects = content if isinstance(content, list) else [content]
    return [_object(device, dialect, one) for one in objects]


def _where(topic: str) -> tuple[str, str | None] | None:
    """Device and single attribute; None for commands and their answers, which are no readings. Raises Unusable."""
    levels = topic.split("/")
    if levels[-1] in _COMMANDS:
        return None
    place = next((place for place in (len(levels) - 1, len(levels) - 2) if levels[place] == "attrs"), 0)
    if place < 2:
        raise Unusable(Reason.UNKNOWN_TOPIC, f"{topic[:200]!r} is not …/{{key}}/{{device}}/attrs")
    return device_name(levels[place - 1]), levels[place + 1] if place + 1 < len(levels) else None


def _text(payload: bytes) -> str:
    try:
        return payload.decode("utf-8").strip()
    except UnicodeDecodeError as exc:
        raise Unusable(Reason.WRONG_SHAPE, f"the text is not UTF-8: {exc.reason} at byte {exc.start}") from exc


def _group(device: str, dialect: Dialect, group: str) -> Decoded:
    """Pairs `name|value`, with a time before them or none."""
    fields = group.strip().split("|")
    time = fields.pop(0) if len(fields) % 2 and _LOOKS_LIKE_TIME.match(fields[0]) else None
    if len(fields) % 2 or not fields:
        detail = f"{group[:60]!r} is not name|value pairs with or without a time before them"
        return _refused(device, Unusable(Reason.WRONG_SHAPE, detail), max(len(fields) // 2, 1))
    return _told(device, dialect, list(zip(fields[::2], fields[1::2], strict=True)), time)


def _object(device: str, dialect: Dialect, content: object) -> Decoded:
    if not isinstance(content, dict):
        detail = f"{str(content)[:60]!r} is no object of attributes"
        return _refused(device, Unusable(Reason.WRONG_SHAPE, detail), 1)
    return _told(device, dialect, list(content.items()), None)


def _told(device: str, dialect: Dialect, said: Sequence[tuple[str, object]], time: object) -> Decoded:
    attributes = [(name.strip(), value) for name, value in said if name.strip() != _TIME]
    named = next((value for name, value in said if name.strip() == _TIME), None)
    try:
        at = _instant(time if time is not None else named, dialect.timezone)
    except Unusable as problem:
        return _refused(device, problem, max(len(attributes), 1))
    telling = Telling(device=device, codes=plain_names(), dialect=dialect, moment=Moment(at=at))
    for name, value in attributes:
        telling.say(name, value)
    return telling.decoded()


def _instant(raw: object, zone: str | None) -> int | None:
    match raw:
        case None:
            return None
        case str():
            return of_text(raw, zone)
        case int() | float() if not isinstance(raw, bool):
            return of_epoch(raw)
        case _:
            raise Unusable(Reason.BAD_TIME, f"{str(raw)[:60]!r} is no time; write 2026-11-22T21:15:00Z")


def _refused(device: str, problem: Unusable, readings: int) -> Decoded:
    reject = Reject(reason=problem.reason, detail=problem.detail, readings=readings)
    return Decoded(device=device, measurements=(), rejects=(reject,))
