"""Huawei Cloud IoTDA: `$oc/devices/{device}/sys/properties/report` as bridged, gateways, and the platform's push."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Message, Reason
from ingest.formats.cloud import told
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.fields import after, agreed, content_of, items, mapping, refusal, remark, text
from ingest.formats.names import device_name
from ingest.formats.properties import Property, flattened
from ingest.formats.telling import Moment
from ingest.formats.times import of_text

TOPICS = (
    "$oc/devices/+/sys/properties/report",
    "$oc/devices/+/sys/gateway/sub_devices/properties/report",
)

_OWN_TOPIC = "$oc/devices/"
"""Under it the platform lets a device write under its own name alone; the level means nothing certain elsewhere."""


def looks_like(message: Message) -> bool:
    payload = message.payload
    return payload.lstrip()[:1] == b"{" and b'"service_id"' in payload and b'"properties"' in payload


def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """Each device of the message. Raises Unusable."""
    content = content_of(message.payload)
    notified = mapping(content.get("notify_data"))
    header, body = mapping(notified.get("header")), mapping(notified.get("body"))
    in_payload = text(header.get("device_id")) or text(content.get("device_id"))
    in_topic = after(message.topic, level="devices")
    if _OWN_TOPIC in message.topic:
        agreed(in_topic, in_payload)
    own = in_payload or in_topic
    reports = list(_reports(body or content, own))
    return reports_of(reports, dialects) or [remark(own or "", "services", "没有属性 · no properties")]


def reports_of(reports: Sequence[tuple[str | None, Sequence[Any]]], dialects: Dialects) -> list[Decoded]:
    """Device and its services → readings; a device that has no name does not lose the others."""
    decoded = []
    for device, services in reports:
        try:
            decoded.append(_device(device_name(device), services, dialects))
        except Unusable as problem:
            decoded.append(refusal("", problem))
    return decoded


def _reports(content: Mapping[str, Any], own: str | None) -> Iterator[tuple[str | None, Sequence[Any]]]:
    if items(content.get("services")):
        yield own, items(content.get("services"))
    for one in items(content.get("devices")):
        yield text(mapping(one).get("device_id")), items(mapping(one).get("services"))


def _device(device: str, services: Sequence[Any], dialects: Dialects) -> Decoded:
    properties: list[Property] = []
    problems: list[Unusable] = []
    names = Counter(name for service in services for name in mapping(mapping(service).get("properties")))
    for service in services:
        if not isinstance(service, dict) or not isinstance(service.get("properties"), dict):
            problems.append(
                Unusable(Reason.WRONG_SHAPE, f"a service is an object with properties: {str(service)[:60]!r}")
            )
        else:
            properties.extend(_service(service, dialects(device), {name for name, n in names.items() if n > 1}))
    return told(device, properties, dialects, moment=Moment(at=None), problems=problems)


def _service(service: Mapping[str, Any], dialect: Dialect, shared: set[str]) -> Iterator[Property]:
    """A property goes by its name; by service and name where the dialect says so, or where two services have it."""
    prefix = text(service.get("service_id")) or ""
    moment = Moment(at=_event_time(service.get("event_time")))
    for code, value in flattened(service["properties"]):
        full = f"{prefix}.{code}"
        is_full = code in shared or full in dialect.metrics or full in dialect.units
        yield Property(code=full if is_full else code, known_as=code, value=value, moment=moment)


def _event_time(given: object) -> int | None:
    """UTC, in either of two spellings. One that is wrong counts as missing, as it does for the platform itself."""
    spelled = text(given)
    try:
        return None if spelled is None else of_text(spelled)
    except Unusable:
        return None
