"""What a broker hands over, and what decoding makes of it before the registry has seen it."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from domain.readings import Quality


class Message(msgspec.Struct, frozen=True, gc=False):
    """One MQTT message as received. `token` is the session's own handle for the acknowledgement.

    A msgspec Struct: tens of thousands a second are made of it, for a tenth of what a frozen dataclass costs.
    """

    feed: str
    topic: str
    payload: bytes
    received: int
    """Arrival, microseconds since the epoch, UTC."""
    qos: int = 1
    retain: bool = False
    redelivered: bool = False
    """MQTT's DUP flag: the broker sent this one before and got no acknowledgement."""
    token: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One decoded value in words of the wire: nothing about it has been checked yet."""

    device: str
    metric: str
    value: float
    at: int | None
    """Event time, microseconds since the epoch; None where the wire gives none (receipt time is used and marked)."""
    unit: str | None = None
    span_s: float = 0.0
    quality: Quality = Quality.GOOD
    live: bool = True


class Reason(StrEnum):
    """Why something went to quarantine. A closed set: each has a line in docs/wire.md that says what to do."""

    UNKNOWN_TOPIC = "unknown-topic"
    TOO_LARGE = "too-large"
    NOT_JSON = "not-json"
    WRONG_SHAPE = "wrong-shape"
    BAD_NUMBER = "bad-number"
    BAD_TIME = "bad-time"
    FUTURE_TIME = "future-time"
    UNKNOWN_DEVICE = "unknown-device"
    UNKNOWN_METRIC = "unknown-metric"
    UNKNOWN_UNIT = "unknown-unit"
    OUT_OF_RANGE = "out-of-range"
    DEVICE_MISMATCH = "device-mismatch"
    TOO_MANY_POINTS = "too-many-points"
    STORE_REFUSED = "store-refused"
    NO_CODEC = "no-codec"
    ENCRYPTED = "encrypted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """What could not be used: the reason in a word and in a sentence, and the raw bytes to try again with."""

    feed: str
    topic: str
    payload: bytes
    received: int
    reason: Reason
    detail: str
    readings: int = 1
    """How many readings this entry stands for; 1 where the message could not even be counted."""
