"""Messages as docs/wire.md wants them: topic and payload bytes, with the time at which they are handed over."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

UP, BATCH = "citybrain/v1/up", "citybrain/v1/batch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One MQTT message. `at` is when it is due on the city's clock, microseconds since the epoch.

    `is_object` says that the payload is one JSON object, so that the time of hand-over can be written into it.
    """

    at: int
    topic: str
    payload: bytes
    is_object: bool = True
    qos: int = 1
    retain: bool = False

    def stamped(self, sent_ms: int) -> bytes:
        """The payload with `sent`, where it can carry it; it must not be an empty object."""
        return b'%s,"sent":%d}' % (self.payload[:-1], sent_ms) if self.is_object else self.payload


def report(
    *, at_ms: int, zone: ZoneInfo, values: Mapping[str, float], span_s: float = 0.0, seq: int | None = None
) -> dict[str, object]:
    """The fields of one object of the wire; `at_ms` is the end of the measurement."""
    fields: dict[str, object] = {"t": iso_local(at_ms, zone)}
    if span_s:
        fields["span"] = _short(span_s)
    fields["v"] = {metric: _short(value) for metric, value in values.items()}
    if seq is not None:
        fields["seq"] = seq
    return fields


def encode(fields: object) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def iso_local(at_ms: int, zone: ZoneInfo) -> str:
    """RFC 3339 with the city's offset, to the millisecond."""
    moment = datetime.fromtimestamp(at_ms // 1000, zone).replace(microsecond=at_ms % 1000 * 1000)
    return moment.isoformat(timespec="milliseconds")


def _short(value: float) -> float | int:
    """Whole numbers without their `.0`."""
    return int(value) if value == int(value) else value
