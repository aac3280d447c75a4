"""The Things Stack, version 3: MQTT `v3/{app}@{tenant}/devices/{device}/up`, and its webhooks bridged to any topic.

Fields that are 0, "" or false are left out by the server, so nothing but the decoded values can be counted on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.errors import Unusable
from domain.messages import Message, Reason
from domain.readings import Quality
from ingest.codecs.table import CODECS
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.fields import agreed, content_of, count, from_base64, items, mapping, nested_json, remark, text
from ingest.formats.lorawan import Uplink, best_signal, identity_of, told
from ingest.formats.names import device_name
from ingest.formats.telling import Moment
from ingest.formats.times import of_text

TOPICS = ("v3/+/devices/#",)

_UPLINKS = ("uplink_message", "uplink_normalized")
_EVENTS = (
    "join_accept",
    "downlink_ack",
    "downlink_nack",
    "downlink_sent",
    "downlink_failed",
    "downlink_queued",
    "downlink_queue_invalidated",
    "location_solved",
    "service_data",
)


def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """One message of one device. Raises Unusable."""
    content = content_of(message.payload)
    device = _device(message.topic, content)
    uplink = next((content[name] for name in _UPLINKS if isinstance(content.get(name), dict)), None)
    if uplink is not None:
        return [told(_uplink(device, content, uplink), dialects, CODECS)]
    event = next((name for name in _EVENTS if name in content), None)
    if event is None:
        raise Unusable(Reason.WRONG_SHAPE, "no uplink_message, and no event of The Things Stack that is known")
    return [remark(device, event, f"{event} · an event of the network server, no reading")]


def looks_like(message: Message) -> bool:
    payload = message.payload
    return payload.lstrip()[:1] == b"{" and (b'"uplink_message"' in payload or b'"end_device_ids"' in payload)


def _device(topic: str, content: Mapping[str, Any]) -> str:
    """The EUI, by which other networks know the device too; else the name that it has in its application."""
    ids = mapping(content.get("end_device_ids"))
    levels = topic.split("/")
    in_topic = levels[3] if len(levels) > 4 and (levels[0], levels[2]) == ("v3", "devices") else None
    agreed(in_topic, text(ids.get("device_id")))
    return device_name(text(ids.get("dev_eui")) or text(ids.get("device_id")) or in_topic)


def _uplink(device: str, content: Mapping[str, Any], uplink: Mapping[str, Any]) -> Uplink:
    ids = mapping(content.get("end_device_ids"))
    time = text(uplink.get("received_at")) or text(content.get("received_at"))
    is_simulated = content.get("simulated") is True
    is_doubtful = is_simulated or bool(items(uplink.get("decoded_payload_warnings")))
    moment = Moment(
        at=None if time is None else of_text(time),
        quality=Quality.UNCERTAIN if is_doubtful else Quality.GOOD,
        live=not is_simulated,
    )
    payload = from_base64(uplink.get("frm_payload"), "frm_payload")
    session = text(uplink.get("session_key_id")) or text(ids.get("dev_addr"))
    counter = count(uplink.get("f_cnt"))
    if counter is None and session is not None:
        counter = 0
    return Uplink(
        device=device,
        moment=moment,
        payload=payload,
        port=count(uplink.get("f_port")),
        content=nested_json(uplink.get("decoded_payload"), "decoded_payload"),
        normalized=_normalized(uplink.get("normalized_payload"), moment),
        radio=best_signal(uplink.get("rx_metadata")),
        identity=identity_of(session=session, counter=counter, payload=payload or uplink, time=time),
        counter=counter,
    )


def _normalized(value: object, moment: Moment) -> tuple[tuple[Moment, Mapping[str, Any]], ...]:
    """Measurements in the units of the schema; one may carry its own time."""
    measured = [value] if isinstance(value, dict) else items(value)
    return tuple(
        (_own(one, moment), {name: leaf for name, leaf in one.items() if name != "time"})
        for one in measured
        if isinstance(one, dict)
    )


def _own(measured: Mapping[str, Any], moment: Moment) -> Moment:
    """Its own time. One that cannot be read is none, so that the time of receipt marks it as uncertain."""
    time = text(measured.get("time"))
    if time is None:
        return moment
    try:
        return replace(moment, at=of_text(time))
    except Unusable:
        return replace(moment, at=None)
