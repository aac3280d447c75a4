"""The Things Network, version 2, as it still lies in exports and recordings: `{app}/devices/{device}/up`."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.messages import Message
from ingest.codecs.table import CODECS
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.fields import content_of, count, from_base64, mapping, nested_json, text
from ingest.formats.lorawan import Uplink, best_signal, identity_of, told
from ingest.formats.names import device_name
from ingest.formats.telling import Moment
from ingest.formats.times import of_text


def looks_like(message: Message) -> bool:
    payload = message.payload
    return payload.lstrip()[:1] == b"{" and b'"dev_id"' in payload and b'"payload_raw"' in payload


def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """One uplink. Raises Unusable."""
    content = content_of(message.payload)
    device = device_name(text(content.get("hardware_serial")) or text(content.get("dev_id")))
    return [told(_uplink(device, content), dialects, CODECS)]


def _uplink(device: str, content: Mapping[str, Any]) -> Uplink:
    """Nothing names the session, so the network's time has to tell uplinks apart. `airtime` is in ns, and no time."""
    metadata = mapping(content.get("metadata"))
    time = text(metadata.get("time"))
    payload = from_base64(content.get("payload_raw"), "payload_raw")
    counter = count(content.get("counter"))
    return Uplink(
        device=device,
        moment=Moment(at=None if time is None else of_text(time)),
        payload=payload,
        port=count(content.get("port")),
        content=nested_json(content.get("payload_fields"), "payload_fields"),
        radio=best_signal(metadata.get("gateways")),
        identity=identity_of(session=None, counter=counter, payload=payload or content, time=time),
        counter=counter,
    )
