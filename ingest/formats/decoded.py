"""What every decoder makes of a message, whatever its format."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.devices import Dialect
from domain.messages import Measurement, Message, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A part of a message that the decoder could not read; it stands for `readings` readings."""

    reason: Reason
    detail: str
    readings: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A field that was understood and is no reading: a sentinel for "no value", or something nobody measures."""

    field: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What one device says in one message. A gateway's message comes to several of these."""

    device: str
    """The name on the wire, folded (ingest.formats.names); the registry knows it as id or alias."""
    measurements: Sequence[Measurement]
    rejects: tuple[Reject, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    identity: str | None = None
    """The format's own message identity, unique per device."""
    sequence: int | None = None
    """Counts up by one per message of the device."""
    sent: int | None = None
    """Microseconds since the epoch at which the device handed the message over."""
    counts_from_receipt: bool = False
    """Whether its event times were worked out from the time of receipt: the same message again has others."""


Dialects = Callable[[str], Dialect]
"""The dialect of a device by its name on the wire; `PLAIN` for one that nobody knows."""

Decode = Callable[[Message, Dialects], Sequence[Decoded]]
"""What a message says. Raises Unusable when nothing of it can be used; [] when it is no reading at all."""
