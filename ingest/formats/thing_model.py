"""Reports after a thing model (物模型), as OneNET and Aliyun have them: named values, with or without their times."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import Unusable
from domain.messages import Reason
from ingest.formats.cloud import told
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.fields import agreed, epoch, items, mapping, record, refusal, text
from ingest.formats.names import device_name
from ingest.formats.properties import Property, flattened
from ingest.formats.telling import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A device as the clouds name it: by its product and its name within the product."""

    product: str | None
    name: str


def of_topic(topic: str) -> Speaker | None:
    """The two levels before `thing`, whatever a bridge has put before them."""
    levels = topic.split("/")
    place = levels.index("thing") if "thing" in levels else 0
    if place < 2 or not levels[place - 1]:
        return None
    return Speaker(product=levels[place - 2] or None, name=levels[place - 1])


def of_fields(content: Mapping[str, Any]) -> Speaker | None:
    """The device that an identity or a pushed message names."""
    name = text(content.get("deviceName"))
    products = (text(content.get(field)) for field in ("productKey", "productId", "productID"))
    return None if name is None else Speaker(product=next((one for one in products if one), None), name=name)


def speaker_of(content: Mapping[str, Any], topic: str) -> Speaker | None:
    """As the message names it, else as the topic does. Raises Unusable(DEVICE_MISMATCH) where they differ."""
    in_payload, in_topic = of_fields(content), of_topic(topic)
    if in_payload is not None and in_topic is not None:
        agreed(in_topic.name, in_payload.name)
        agreed(in_topic.product, in_payload.product)
    return in_payload or in_topic


def said(params: object, speaker: Speaker | None) -> Iterator[tuple[Speaker | None, object]]:
    """Who says what: one device for itself, or a gateway for its own and its sub-devices (`pack`, `history`)."""
    if isinstance(params, list):
        for part in params:
            yield from said(part, speaker)
        return
    content = mapping(params)
    if "identity" in content or "subDevices" in content:
        who = of_fields(mapping(content.get("identity"))) or speaker
        for properties in _all(content.get("properties")):
            yield who, properties
        for part in items(content.get("subDevices")):
            yield from said(part, None)
    else:
        yield speaker, params


def _all(properties: object) -> Sequence[object]:
    return properties if isinstance(properties, list) else [] if properties is None else [properties]


def report(device: str | None, values: object, dialects: Dialects, *, is_live: bool) -> Decoded:
    """The readings; a value whose time cannot be read does not lose the others. Never raises."""
    try:
        if device is None:
            raise Unusable(Reason.WRONG_SHAPE, "no deviceName, and none in the topic: the message names no device")
        return _report(device_name(device), record(values, "properties"), dialects, is_live=is_live)
    except Unusable as problem:
        return refusal(device or "", problem)


def _report(device: str, values: Mapping[str, Any], dialects: Dialects, *, is_live: bool) -> Decoded:
    properties: list[Property] = []
    problems: list[Unusable] = []
    for name, given in values.items():
        for one in given if _is_series(given) else [given]:
            try:
                properties.extend(_valued(name, one, is_live=is_live))
            except Unusable as problem:
                problems.append(Unusable(problem.reason, f"{name[:40]}: {problem.detail}"))
    return told(device, properties, dialects, moment=Moment(at=None, live=is_live), problems=problems)


def _is_series(given: object) -> bool:
    return isinstance(given, list) and bool(given) and all(isinstance(one, dict) and "value" in one for one in given)


def _valued(name: str, given: object, *, is_live: bool) -> Iterator[Property]:
    """`{"value": …, "time": ms}`, or the value alone."""
    moment, value = None, given
    if isinstance(given, dict) and "value" in given:
        value = given["value"]
        if given.get("time") is not None:
            moment = Moment(at=epoch(given["time"]), live=is_live)
    for code, leaf in flattened(value, below=name):
        yield Property(code=code, known_as=code, value=leaf, moment=moment)
