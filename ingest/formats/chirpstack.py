"""ChirpStack's MQTT integration, versions 3 and 4: `application/…/device/…/event/…`, JSON marshaler."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.errors import Unusable
from domain.messages import Message, Reason
from domain.names import is_eui
from ingest.codecs.table import CODECS
from ingest.formats.chirpstack_events import UP, event_of, is_marshaled_otherwise
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.fields import (
    after,
    agreed,
    content_of,
    count,
    from_base64,
    items,
    mapping,
    nested_json,
    remark,
    text,
)
from ingest.formats.lorawan import Uplink, best_signal, identity_of, told
from ingest.formats.names import eui
from ingest.formats.telling import Moment
from ingest.formats.times import of_epoch, of_text

TOPICS = ("application/+/device/+/event/+", "application/+/device/+/rx", "application/+/device/+/status")

_NOT_MEASURED = "{} · an event of the network server, no reading"


def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """Either version, told by its fields. Raises Unusable."""
    content = _content(message)
    return _v4(message, content, dialects) if "deviceInfo" in content else _v3(message, content, dialects)


def decode_v4(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """Version 4. Raises Unusable."""
    return _v4(message, _content(message), dialects)


def decode_v3(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """Version 3. Raises Unusable."""
    return _v3(message, _content(message), dialects)


def looks_like(message: Message) -> bool:
    payload = message.payload
    if payload.lstrip()[:1] != b"{":
        return False
    return (b'"deviceInfo"' in payload and b'"devEui"' in payload) or (
        b'"devEUI"' in payload and b'"applicationID"' in payload
    )


def _content(message: Message) -> Mapping[str, Any]:
    if is_marshaled_otherwise(message.payload):
        detail = 'these are bytes of the Protobuf marshaler; switch the integration to JSON (marshaler="json")'
        raise Unusable(Reason.NOT_JSON, detail)
    return content_of(message.payload)


def _v4(message: Message, content: Mapping[str, Any], dialects: Dialects) -> Sequence[Decoded]:
    device = _eui(mapping(content.get("deviceInfo")).get("devEui"), "deviceInfo.devEui")
    agreed(_of_topic(message.topic), device)
    time = text(content.get("time"))
    moment = Moment(at=None if time is None else of_text(time))
    event = event_of(message.topic, content)
    identity = text(content.get("deduplicationId"))
    if event == "status":
        return [_status(Uplink(device=device, moment=moment, identity=identity), content, dialects)]
    if event != UP:
        return [remark(device, event, _NOT_MEASURED.format(event))]
    return [_told(device, moment, content, dialects, identity=identity, time=time)]


def _v3(message: Message, content: Mapping[str, Any], dialects: Dialects) -> Sequence[Decoded]:
    device = _eui(content.get("devEUI"), "devEUI")
    agreed(_of_topic(message.topic), device)
    event = event_of(message.topic, content)
    if event == "error" or "error" in content:
        return [remark(device, "error", f"{str(content.get('type'))[:60]}: {str(content.get('error'))[:120]}")]
    time, at = _time_v3(content)
    if event == "status":
        return [_status(Uplink(device=device, moment=Moment(at=at)), content, dialects)]
    if event != UP:
        return [remark(device, event, _NOT_MEASURED.format(event))]
    if text(content.get("objectJSON")) is not None:
        content = {**content, "object": nested_json(content["objectJSON"], "objectJSON")}
    return [_told(device, Moment(at=at), content, dialects, identity=None, time=time)]


def _told(
    device: str,
    moment: Moment,
    content: Mapping[str, Any],
    dialects: Dialects,
    *,
    identity: str | None,
    time: str | None,
) -> Decoded:
    payload = from_base64(content.get("data"), "data")
    decoded = nested_json(content.get("object"), "object")
    session = text(content.get("devAddr"))
    counter = count(content.get("fCnt"))
    if counter is None and session is not None:
        counter = 0  # older servers leave out what is 0
    what = payload if payload else decoded
    uplink = Uplink(
        device=device,
        moment=moment,
        payload=payload,
        port=count(content.get("fPort")),
        content=decoded,
        radio=best_signal(content.get("rxInfo")),
        identity=identity or identity_of(session=session, counter=counter, payload=what, time=time),
        counter=counter,
    )
    return told(uplink, dialects, CODECS)


def _status(uplink: Uplink, content: Mapping[str, Any], dialects: Dialects) -> Decoded:
    """The answer to a device status request: battery in percent. 0 stands for mains power, and is left out by some."""
    level = content.get("batteryLevel")
    if content.get("externalPowerSource") is True:
        return remark(uplink.device, "batteryLevel", "外接电源 · external power, no battery")
    if content.get("batteryLevelUnavailable") is True or level is None:
        return remark(uplink.device, "batteryLevel", "无电量 · the device gives no battery level")
    return told(replace(uplink, content={"batteryLevel": level}), dialects, CODECS)


def _of_topic(topic: str) -> str | None:
    """The EUI in `application/…/device/EUI/event/…`; a bridge may have given the level another meaning."""
    name = after(topic, level="device") if "application/" in topic else None
    return name if name is not None and is_eui(name) else None


def _eui(value: object, name: str) -> str:
    given = text(value)
    if given is None:
        raise Unusable(Reason.WRONG_SHAPE, f"no {name}: the message names no device")
    return eui(given)


def _time_v3(content: Mapping[str, Any]) -> tuple[str | None, int | None]:
    """Version 3 has no time of its own: the earliest of its gateways' (some have no clock), else that of publishing."""
    heard = [
        (at, time)
        for one in items(content.get("rxInfo"))
        if (time := text(mapping(one).get("time"))) is not None and (at := _gateway_time(time)) is not None
    ]
    if heard:
        at, time = min(heard)
        return time, at
    published = text(content.get("publishedAt"))
    return published, None if published is None else of_text(published)


def _gateway_time(time: str) -> int | None:
    """None for a gateway whose clock says nothing, or was never set: another may know better."""
    try:
        at = of_text(time)
        return None if at is None else of_epoch(at)
    except Unusable:
        return None
