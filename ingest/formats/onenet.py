"""China Mobile OneNET: `$sys/{product}/{device}/thing/property/post` as bridged, and the platform's own push."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.messages import Message
from ingest.formats import thing_model
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.fields import content_of, mapping, nested_json, remark, text

TOPICS = (
    "$sys/+/+/thing/property/post",
    "$sys/+/+/thing/pack/post",
    "$sys/+/+/thing/history/post",
)
_ENDINGS = tuple(topic.rpartition("+")[2] for topic in TOPICS)


def looks_like(message: Message) -> bool:
    payload = message.payload
    if payload.lstrip()[:1] != b"{":
        return False
    return message.topic.endswith(_ENDINGS) or (
        b"productId" in payload and (b"notifyType" in payload or b"lifeCycle" in payload)
    )


def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """Each device of the message. Raises Unusable."""
    content = content_of(message.payload)
    if text(content.get("msg")) is not None:
        content = nested_json(content["msg"], "msg")
    speaker = thing_model.speaker_of(content, message.topic)
    kind = _no_property(content)
    if kind is not None:
        return [remark(speaker.name if speaker else "", kind, "不是属性上报 · no report of properties")]
    params = mapping(content.get("data")).get("params", content.get("params"))
    is_live = "/history/" not in message.topic
    return [
        thing_model.report(who.name if who else None, values, dialects, is_live=is_live)
        for who, values in thing_model.said(params, speaker)
    ]


def _no_property(content: Mapping[str, Any]) -> str | None:
    """The kind of a pushed message that reports no properties."""
    kind = text(content.get("messageType"))
    if kind is None or (kind == "notify" and content.get("notifyType") in (None, "property")):
        return None
    return text(content.get("notifyType")) or kind
