"""NGSI-v2 and NGSI-LD: entities of the Smart Data Models, alone, in arrays and in notifications."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from config.codes import shipped_codes
from domain.codes import Meaning
from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Message, Reason
from domain.readings import Quality
from ingest.formats.decoded import Decoded, Dialects, Reject
from ingest.formats.fiware_attributes import Attribute, attributes_of, short
from ingest.formats.fiware_times import EntityTime
from ingest.formats.json_text import parsed
from ingest.formats.names import device_name
from ingest.formats.numbers import number
from ingest.formats.telling import Moment, Telling
from ingest.formats.unit_codes import weighted

RELIABLE_FROM = 0.5
"""An entity whose own `reliability` (0 to 1) is lower says things that are more likely wrong than right: uncertain."""

_TABLES = {
    "NoiseLevelObserved": "fiware-noise",
    "AirQualityObserved": "fiware-air",
    "Streetlight": "fiware-streetlight",
    "StreetlightControlCabinet": "fiware-cabinet",
}
_TYPE_MARKS = tuple(f'{name}"'.encode() for name in _TABLES)
_LOOKED_AT = 4096
_LD_MARKS = (b"@context", b"urn:ngsi-ld:", b'"Property"')
_TIME = r"\d{4}-?\d{2}-?\d{2}T\d{2}:?\d{2}(?::?\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?"
_TIMES_AT_END = re.compile(rf"(?:[-_:/.]?{_TIME}){{1,2}}$")
_NAMED_BY = ("refDevice", "refPointOfInterest")


def looks_like_ld(message: Message) -> bool:
    """NGSI-LD by a few marks at the beginning."""
    head = message.payload[:_LOOKED_AT]
    return _looks_like_entities(head) and any(mark in head for mark in _LD_MARKS)


def looks_like_v2(message: Message) -> bool:
    """A notification, or an entity of a type that is known here."""
    return _looks_like_entities(message.payload[:_LOOKED_AT])


def _looks_like_entities(head: bytes) -> bool:
    if head.lstrip()[:1] not in (b"{", b"[") or b'"type"' not in head:
        return False
    return (b'"subscriptionId"' in head and b'"data"' in head) or any(mark in head for mark in _TYPE_MARKS)


def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """One Decoded per entity. Raises Unusable when the message as a whole cannot be read."""
    return [_said(entity, dialects) for entity in _entities(parsed(message.payload))]


def _entities(content: Any) -> Sequence[Any]:
    """What an array, a notification, or an NGSI-LD notification over MQTT ({"metadata", "body"}) holds."""
    if isinstance(content, dict) and "id" not in content and isinstance(content.get("body"), dict):
        content = content["body"]
    if isinstance(content, dict) and isinstance(content.get("data"), list):
        content = content["data"]
    if isinstance(content, list):
        return content
    if isinstance(content, dict):
        return [content]
    raise Unusable(Reason.WRONG_SHAPE, "an entity is an object; send one, an array of them, or a notification")


def _said(entity: object, dialects: Dialects) -> Decoded:
    device = ""
    try:
        if not isinstance(entity, dict):
            raise Unusable(Reason.WRONG_SHAPE, f"{str(entity)[:60]!r} is no entity; it has id, type and attributes")
        attributes = {one.name: one for one in attributes_of(entity)}
        device = _device(entity, attributes)
        return _told(device, _codes(_type(entity)), attributes, dialects(device))
    except Unusable as problem:
        return Decoded(device=device, measurements=(), rejects=(Reject(reason=problem.reason, detail=problem.detail),))


def _told(device: str, codes: Mapping[str, Meaning], attributes: Mapping[str, Attribute], dialect: Dialect) -> Decoded:
    time = EntityTime(attributes, zone=dialect.timezone, quality=_quality(attributes.get("reliability")))
    telling = Telling(device=device, codes=codes, dialect=dialect, moment=Moment(at=None))
    for attribute in attributes.values():
        meaning = codes.get(attribute.name.casefold())
        is_told = attribute.name in dialect.metrics or (meaning is not None and meaning.metric is not None)
        if is_told:
            _tell(telling, attribute, time, weighted(attribute.unit, meaning))
        elif meaning is not None or _may_be_measured(attribute.value):
            telling.say(attribute.name, attribute.value)
        else:
            telling.skip(attribute.name, "no number, and no meaning here")
    return telling.decoded()


def _tell(telling: Telling, attribute: Attribute, time: EntityTime, unit: str | None) -> None:
    try:
        moment = time.of(attribute)
    except Unusable as problem:
        telling.reject(problem.reason, f"{attribute.name[:80]}: {problem.detail}")
    else:
        telling.say(attribute.name, attribute.value, unit=unit, moment=moment)


def _may_be_measured(value: object) -> bool:
    """Whether an attribute that nobody knows could be a measurement: then it must not vanish."""
    try:
        return number(value) is not None
    except Unusable:
        return False


def _quality(reliability: Attribute | None) -> Quality:
    if reliability is None or reliability.value is None:
        return Quality.GOOD
    try:
        share = number(reliability.value)
    except Unusable:
        return Quality.UNCERTAIN
    return Quality.GOOD if share is None or RELIABLE_FROM <= share <= 1 else Quality.UNCERTAIN


def _device(entity: Mapping[str, Any], attributes: Mapping[str, Attribute]) -> str:
    """The device or place that the entity refers to, else its own id without the times that some models build in."""
    for reference in _NAMED_BY:
        named = attributes[reference].value if reference in attributes else None
        if isinstance(named, list) and len(named) == 1:
            [named] = named
        if isinstance(named, str) and named.strip():
            return device_name(named)
    own = entity.get("id", entity.get("@id"))
    return device_name(_TIMES_AT_END.sub("", own) or own if isinstance(own, str) else own)


def _type(entity: Mapping[str, Any]) -> str:
    raw = entity.get("type", entity.get("@type"))
    names = [short(one) for one in (raw if isinstance(raw, list) else [raw]) if isinstance(one, str)]
    return next((one for one in names if one in _TABLES), "")


@cache
def _codes(kind: str) -> Mapping[str, Meaning]:
    common = shipped_codes("fiware-common")
    return {**common, **shipped_codes(_TABLES[kind])} if kind in _TABLES else common
