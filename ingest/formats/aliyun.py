"""Alibaba Cloud IoT: `/{productKey}/{deviceName}/thing/event/property/post`, also below `/sys`, and its push."""

from collections.abc import Sequence

from domain.messages import Message
from ingest.formats import thing_model
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.fields import content_of, remark
from ingest.formats.thing_model import Speaker

_ENDINGS = tuple(f"/thing/event/property/{kind}post" for kind in ("", "pack/", "history/"))
TOPICS = tuple(f"{head}/+/+{ending}" for head in ("", "/sys") for ending in _ENDINGS)


def looks_like(message: Message) -> bool:
    payload = message.payload
    if payload.lstrip()[:1] != b"{":
        return False
    return message.topic.endswith(_ENDINGS) or (
        b'"productKey"' in payload and b'"deviceName"' in payload and b'"items"' in payload
    )


def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """Each device of the message. Raises Unusable."""
    content = content_of(message.payload)
    speaker = thing_model.speaker_of(content, message.topic)
    params = content.get("params", content.get("items"))
    if params is None:
        return [remark(_name(speaker) if speaker else "", "params", "没有属性 · no properties")]
    is_live = "/history/" not in message.topic
    return [
        thing_model.report(_name(who) if who else None, values, dialects, is_live=is_live)
        for who, values in thing_model.said(params, speaker)
    ]


def _name(speaker: Speaker) -> str:
    """A name is unique only within its product."""
    return f"{speaker.product}/{speaker.name}" if speaker.product else speaker.name
