"""Edge gateways that push `{"msgType": "up", "batch": [{"timestamp": …, "device_id": …, "metrics": {…}}]}`."""

from collections.abc import Sequence

from domain.errors import Unusable
from domain.messages import Message, Reason
from ingest.formats.cloud import digest, told
from ingest.formats.decoded import Decoded, Dialects
from ingest.formats.fields import content_of, epoch, mapping, record, refusal, remark, text
from ingest.formats.names import device_name
from ingest.formats.properties import Property, flattened
from ingest.formats.telling import Moment
from ingest.formats.times import of_digits

_LOCAL_DIGITS = (14, 17)


def looks_like(message: Message) -> bool:
    payload = message.payload
    return payload.lstrip()[:1] == b"{" and b'"msgType"' in payload and b'"batch"' in payload


def decode(message: Message, dialects: Dialects) -> Sequence[Decoded]:
    """Every entry of the batch; one that cannot be used does not lose the others. Raises Unusable."""
    content = content_of(message.payload)
    if content.get("msgType") not in (None, "up"):
        return [remark("", "msgType", f"{str(content['msgType'])[:40]} · no readings")]
    batch = content.get("batch")
    if not isinstance(batch, list):
        raise Unusable(Reason.WRONG_SHAPE, f"batch is an array, not {str(batch)[:40]!r}")
    return [_one(entry, dialects) for entry in batch]


def _one(entry: object, dialects: Dialects) -> Decoded:
    device = ""
    try:
        device = device_name(mapping(entry).get("device_id"))
        metrics = record(mapping(entry).get("metrics"), "metrics")
        timestamp = mapping(entry).get("timestamp")
        moment = Moment(at=_measured(timestamp, dialects(device).timezone))
        properties = [Property(code=code, known_as=code, value=value) for code, value in flattened(metrics)]
        identity = None if timestamp is None else f"{timestamp}/{digest(metrics)}"
        return told(device, properties, dialects, moment=moment, identity=identity)
    except Unusable as problem:
        return refusal(device, problem)


def _measured(timestamp: object, zone: str | None) -> int | None:
    """14 or 17 digits are a local time, of a zone that only the device's dialect knows; others count from 1970."""
    digits = str(timestamp) if isinstance(timestamp, int) else text(timestamp)
    if digits is None:
        return None
    return of_digits(digits, zone) if len(digits) in _LOCAL_DIGITS else epoch(digits)
