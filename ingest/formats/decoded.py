"""What every decoder makes of a message, whatever its format."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.messages import Measurement, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A part of a message that the decoder could not read; it stands for `readings` readings."""

    reason: Reason
    detail: str
    readings: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What one device says in one message. A gateway's message comes to several of these."""

    device: str
    measurements: Sequence[Measurement]
    rejects: tuple[Reject, ...] = ()
    identity: str | None = None
    """The format's own message identity, unique per device."""
    sequence: int | None = None
    """Counts up by one per message of the device."""
    sent: int | None = None
    """Microseconds since the epoch at which the device handed the message over."""


Decode = Callable[[str, bytes], Sequence[Decoded]]
"""(topic, payload) to what it says. Raises Unusable when nothing of the message can be used."""
