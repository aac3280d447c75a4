"""Observations of the OGC SensorThings API 1.1 over MQTT.

An Observation says neither what it measures nor in which unit: its Datastream does. So a device of the registry goes by
the alias `Datastreams(5)`, and its dialect gives each of its Datastreams a metric (`metrics: {"5": laeq}`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from config.codes import shipped_codes
from domain.codes import Meaning
from domain.devices import PLAIN, Dialect
from domain.errors import Unusable
from domain.instants import MICROS_PER_S
from domain.messages import Message, Reason
from domain.readings import Quality
from ingest.formats.decoded import Decoded, Dialects, Reject
from ingest.formats.json_text import parsed
from ingest.formats.names import device_name
from ingest.formats.telling import Moment, Telling
from ingest.formats.times import of_text

TOPICS = tuple(f"{version}/{tail}" for version in ("v1.1", "v1.0") for tail in ("Observations", "+/Observations"))

_DATASTREAM = re.compile(r"Datastreams\((?:'((?:[^']|'')+)'|([^'()]+))\)")
_LOOKED_AT = 2048
_GOOD = frozenset({"", "good", "valid", "ok"})
_BAD = frozenset({"bad", "invalid", "error"})


def looks_like(message: Message) -> bool:
    """The topics below a prefix of a bridge, or an Observation that names its Datastream."""
    if message.topic.endswith("/Observations"):
        return True
    head = message.payload[:_LOOKED_AT]
    return head.lstrip()[:1] == b"{" and b'"result"' in head and b'"Datastream' in head


def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """One Decoded per Observation. Raises Unusable when the JSON cannot be read."""
    of_topic = _id_in(message.topic)
    content = parsed(message.payload)
    observations = content if isinstance(content, list) else [content]
    return [_observed(one, of_topic, dialects) for one in observations]


def _observed(observation: object, of_topic: str | None, dialects: Dialects) -> Decoded:
    device = ""
    try:
        if not isinstance(observation, dict):
            raise Unusable(Reason.WRONG_SHAPE, f"{str(observation)[:60]!r} is no Observation")
        stream = observation.get("Datastream")
        identifier = _datastream(observation, stream, of_topic)
        device, dialect = _device(identifier, dialects)
        if "result" not in observation:
            raise Unusable(Reason.WRONG_SHAPE, "an Observation without result")
        moment = _moment(observation, dialect.timezone)
        code = next((one for one in _spellings(identifier) if one in dialect.metrics), identifier)
        telling = Telling(device=device, codes=_codes(code, dialect), dialect=dialect, moment=moment)
        telling.say(code, observation["result"], unit=_unit(stream))
        return telling.decoded()
    except Unusable as problem:
        reject = Reject(reason=problem.reason, detail=problem.detail)
        return Decoded(device=device, measurements=(), rejects=(reject,))


def _datastream(observation: Mapping[str, Any], stream: object, of_topic: str | None) -> str:
    """The id of the Datastream, from the topic, the Observation, or its navigation link. Raises Unusable."""
    inner = stream.get("@iot.id") if isinstance(stream, dict) else None
    if inner is not None and (isinstance(inner, bool) or not isinstance(inner, str | int)):
        raise Unusable(Reason.WRONG_SHAPE, f"{str(inner)[:60]!r} is no id of a Datastream")
    link = observation.get("Datastream@iot.navigationLink")
    of_link = _id_in(link) if isinstance(link, str) else None
    said = [one for one in (of_topic, None if inner is None else str(inner), of_link) if one]
    if not said:
        raise Unusable(Reason.WRONG_SHAPE, 'no Datastream: publish to Datastreams(id), or add {"@iot.id": id}')
    if len(set(said)) > 1:
        raise Unusable(Reason.DEVICE_MISMATCH, f"Datastreams {said[0][:60]!r} and {said[1][:60]!r} in one message")
    return said[0]


def _id_in(text: str) -> str | None:
    found = _DATASTREAM.search(text)
    if found is None:
        return None
    return found[2] if found[1] is None else found[1].replace("''", "'")


def _spellings(identifier: str) -> tuple[str, ...]:
    """How a registry may write it: as in a link, as in a link of quoted ids, or bare."""
    quoted = identifier.replace("'", "''")
    return (f"Datastreams({identifier})", f"Datastreams('{quoted}')", identifier)


def _device(identifier: str, dialects: Dialects) -> tuple[str, Dialect]:
    """Without a dialect no Observation means anything, so the spelling that has one is the device's."""
    names = [device_name(one) for one in _spellings(identifier)]
    return next(((name, found) for name in names if (found := dialects(name)) is not PLAIN), (names[0], PLAIN))


def _codes(code: str, dialect: Dialect) -> Mapping[str, Meaning]:
    """For metrics that are states: the words that stand for them."""
    states = shipped_codes("sensorthings").get(dialect.metrics.get(code, ""))
    return {} if states is None else {code.casefold(): states}


def _unit(stream: object) -> str | None:
    """Of a Datastream that came with its Observation (deep insert)."""
    unit = stream.get("unitOfMeasurement") if isinstance(stream, dict) else None
    symbol = unit.get("symbol") if isinstance(unit, dict) else None
    return symbol.strip() or None if isinstance(symbol, str) else None


def _moment(observation: Mapping[str, Any], zone: str | None) -> Moment:
    """End and length of phenomenonTime. Raises Unusable(BAD_TIME)."""
    quality = _quality(observation.get("resultQuality"))
    raw = observation.get("phenomenonTime")
    if raw is None:
        return Moment(at=None, quality=quality)
    if not isinstance(raw, str):
        raise Unusable(Reason.BAD_TIME, f"phenomenonTime {str(raw)[:60]!r} is no text of ISO 8601")
    first, _, second = raw.partition("/")
    since, until = of_text(first, zone), of_text(second or first, zone)
    if since is None or until is None:
        return Moment(at=None, quality=quality)
    if until < since:
        raise Unusable(Reason.BAD_TIME, f"phenomenonTime {raw[:80]!r} ends before it begins")
    return Moment(at=until, span_s=(until - since) / MICROS_PER_S, quality=quality)


def _quality(raw: object) -> Quality:
    """Of resultQuality, for which the standard has no fixed words: what is not understood is uncertain."""
    if raw is None or raw in ([], {}):
        return Quality.GOOD
    word = raw.strip().casefold() if isinstance(raw, str) else None
    if word in _GOOD:
        return Quality.GOOD
    return Quality.BAD if word in _BAD else Quality.UNCERTAIN
