"""Netmore and operators that push in its words: an array, even for one uplink, numbers in texts, payload in hex."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import Unusable
from domain.messages import Message, Reason
from ingest.codecs.table import CODECS
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.fields import count, refusal, remark, text
from ingest.formats.json_text import parsed
from ingest.formats.lorawan import Uplink, identity_of, told
from ingest.formats.names import eui
from ingest.formats.numbers import number
from ingest.formats.telling import Moment
from ingest.formats.times import of_text


def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """Every uplink of the array; one that cannot be used does not lose the others. Raises Unusable."""
    content = parsed(message.payload)
    if not isinstance(content, list | dict):
        raise Unusable(Reason.WRONG_SHAPE, f"an array of uplinks is expected, not {str(content)[:40]!r}")
    return [_one(element, dialects) for element in (content if isinstance(content, list) else [content])]


def looks_like(message: Message) -> bool:
    payload = message.payload
    return (
        payload.lstrip()[:1] in (b"[", b"{")
        and b'"devEui"' in payload
        and b'"deviceInfo"' not in payload
        and (b'"sensorType"' in payload or b'"gatewayIdentifier"' in payload)
    )


def _one(element: object, dialects: Dialects) -> Decoded:
    device = ""
    try:
        if not isinstance(element, dict):
            raise Unusable(Reason.WRONG_SHAPE, f"an uplink is an object, not {str(element)[:40]!r}")
        device = _device(element)
        payload = _payload(element)
        if payload is None:
            return remark(device, "messageType", f"{str(element.get('messageType'))[:60]} · holds no payload")
        return told(_uplink(device, element, payload), dialects, CODECS)
    except Unusable as problem:
        return refusal(device, problem)


def _device(element: Mapping[str, Any]) -> str:
    given = text(element.get("devEui"))
    if given is None:
        raise Unusable(Reason.WRONG_SHAPE, "no devEui: the uplink names no device")
    return eui(given)


def _payload(element: Mapping[str, Any]) -> bytes | None:
    """The bytes of the hex text; `Payload` is the same field. Raises Unusable(WRONG_SHAPE)."""
    encoded = text(element.get("payload")) or text(element.get("Payload"))
    if encoded is None:
        return None
    try:
        return bytes.fromhex(encoded)
    except ValueError as exc:
        raise Unusable(Reason.WRONG_SHAPE, f"payload {encoded[:40]!r} is no hex text: {exc}") from exc


def _uplink(device: str, element: Mapping[str, Any], payload: bytes) -> Uplink:
    time = text(element.get("timestamp"))
    counter = count(element.get("fCntUp"))
    return Uplink(
        device=device,
        moment=Moment(at=None if time is None else of_text(time)),
        payload=payload,
        port=count(element.get("fPort")),
        radio={"rssi": _level(element.get("rssi")), "snr": _level(element.get("snr"))},
        identity=identity_of(session=None, counter=counter, payload=payload, time=time),
        counter=counter,
    )


def _level(value: object) -> float | None:
    try:
        return number(value)
    except Unusable:
        return None
