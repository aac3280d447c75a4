"""Zigbee2MQTT: one flat JSON object per device, on a topic that is the device's friendly name, slashes and all."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from config.codes import shipped_codes
from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Message, Reason
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.json_text import parsed
from ingest.formats.names import device_name
from ingest.formats.numbers import number
from ingest.formats.rivals import unrivalled
from ingest.formats.telling import Moment, Telling
from ingest.formats.times import of_epoch, of_text

TOPICS = ("zigbee2mqtt/#",)
_NO_READINGS = re.compile(r"[^/]*/bridge(/.*)?|.*/(availability|set|get)(/.*)?", re.DOTALL)
_LAST_SEEN = "last_seen"
_BRIGHTNESS, _FULL = "brightness", 254
_MAINS = ("power", "current", "energy")
"""Beside one of these, `voltage` is the mains' in V; else it is the battery's in mV."""


def looks_like(message: Message) -> bool:
    return b'"linkquality"' in message.payload and message.payload.lstrip()[:1] == b"{"


def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """The bridge's own words, availability and commands are no readings: []. Raises Unusable."""
    if _NO_READINGS.fullmatch(message.topic):
        return []
    device = device_name(message.topic.partition("/")[2])
    content = parsed(message.payload)
    if not isinstance(content, dict):
        raise Unusable(Reason.WRONG_SHAPE, "no JSON object; set output: json in the configuration of Zigbee2MQTT")
    dialect = dialects(device)
    telling = Telling(
        device=device,
        codes=shipped_codes("zigbee2mqtt"),
        dialect=dialect,
        moment=Moment(at=_last_seen(content.get(_LAST_SEEN), dialect)),
    )
    for code, value in unrivalled(_said(content), telling):
        _say(telling, code, value, content)
    return [telling.decoded()]


def _said(content: Mapping[str, Any]) -> Mapping[str, object]:
    return {code: value for code, value in content.items() if code != _LAST_SEEN}


def _say(telling: Telling, code: str, value: object, content: Mapping[str, Any]) -> None:
    if code == _BRIGHTNESS:
        value = _percent(value)
    if code == "voltage" and code not in telling.dialect.metrics:
        if any(name in content for name in _MAINS):
            code = "voltage.mains"
        elif "battery" not in content:
            advice = "write its metric and unit in the dialect"
            telling.reject(
                Reason.UNKNOWN_UNIT, f"voltage {str(value)[:40]}: a battery's in mV or the mains' in V? {advice}"
            )
            return
    telling.say(code, value)


def _percent(value: object) -> object:
    """Brightness goes from 0 to 254. What is no number stays as it is, to be refused as that."""
    try:
        level = number(value)
    except Unusable:
        return value
    return None if level is None else level * 100 / _FULL


def _last_seen(value: object, dialect: Dialect) -> int | None:
    """ISO 8601 in UTC, in local time with an offset, or milliseconds. Raises Unusable(BAD_TIME)."""
    match value:
        case None:
            return None
        case int() | float() if not isinstance(value, bool):
            return of_epoch(value)
        case str():
            return of_text(value, dialect.timezone)
        case _:
            raise Unusable(
                Reason.BAD_TIME, f"last_seen {str(value)[:60]!r} is no time; set advanced.last_seen to ISO_8601"
            )
