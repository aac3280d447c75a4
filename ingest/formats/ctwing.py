"""China Telecom CTWing (AEP), its push bridged to MQTT: `dataReport` with a vendor's bytes or with named values."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.devices import Dialect
from domain.errors import Unusable
from domain.messages import Message, Reason
from ingest.codecs.table import CODECS
from ingest.formats import lorawan
from ingest.formats.cloud import Retries, digest, told
from ingest.formats.decoded import Decode, Decoded, Dialects
from ingest.formats.fields import content_of, epoch, from_base64, nested_json, remark, text
from ingest.formats.names import device_name
from ingest.formats.properties import Property, flattened
from ingest.formats.telling import Moment

_NO_READINGS = {
    "deviceOnlineOfflineReport": "上下线通知 · the device has come or gone",
    "commandResponse": "指令响应 · the answer to a command",
}
_ABOUT_THE_SERVICE = frozenset({"serviceId", "serviceIdentifier"})


def looks_like(message: Message) -> bool:
    payload = message.payload
    return (
        payload.lstrip()[:1] == b"{"
        and b'"messageType"' in payload
        and b'"productId"' in payload
        and (b'"deviceId"' in payload or b'"IMEI"' in payload)
        and b'"deviceName"' not in payload
    )


def open_ctwing() -> Decode:
    """A decoder that knows retries again."""
    retries = Retries()

    def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
        content = content_of(message.payload)
        device = device_name(text(content.get("deviceId")) or text(content.get("IMEI")))
        match content.get("messageType"):
            case "dataReport":
                return [_report(device, content, dialects, retries)]
            case "eventReport":
                return [_event(device, content, dialects)]
            case str() as kind if kind in _NO_READINGS:
                return [remark(device, kind, _NO_READINGS[kind])]
            case other:
                raise Unusable(Reason.WRONG_SHAPE, f"messageType {str(other)[:40]!r} is not known; it is no dataReport")

    return decode


def _report(device: str, content: Mapping[str, Any], dialects: Dialects, retries: Retries) -> Decoded:
    payload = nested_json(content.get("payload"), "payload")
    at = _pushed(content)
    raw = from_base64(payload.get("APPdata"), "APPdata")
    identity = retries.identity(device, digest(payload if raw is None else raw), at)
    if raw is not None:
        uplink = lorawan.Uplink(device=device, moment=Moment(at=at), payload=raw, identity=identity)
        return lorawan.told(uplink, dialects, CODECS)
    values = nested_json(payload.get("serviceData"), "serviceData") if "serviceData" in payload else payload
    return told(device, _properties(values), dialects, moment=Moment(at=at), identity=identity)


def _event(device: str, content: Mapping[str, Any], dialects: Dialects) -> Decoded:
    """Events are words of the vendor's; what one measures is kept where the dialect says what it means."""
    dialect: Dialect = dialects(device)
    values = nested_json(content.get("eventContent"), "eventContent")
    wanted = [one for one in _properties(values) if one.code in dialect.metrics]
    if not wanted:
        return remark(
            device, "eventReport", "事件，dialect 未映射其字段 · an event; its dialect maps none of its fields"
        )
    return told(device, wanted, dialects, moment=Moment(at=_pushed(content)))


def _properties(values: Mapping[str, Any]) -> list[Property]:
    return [
        Property(code=code, known_as=code, value=value)
        for code, value in flattened(values)
        if code not in _ABOUT_THE_SERVICE
    ]


def _pushed(content: Mapping[str, Any]) -> int | None:
    """When the cloud pushed it: the only time that there is. A retry has a new one."""
    return None if content.get("timestamp") is None else epoch(content["timestamp"])
