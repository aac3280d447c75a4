"""What a codec makes of the bytes that one device sent: values under the vendor's own words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from domain.errors import Unusable
from domain.messages import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecValue:
    """One value as the vendor's table names and scales it; config/codes/lorawan.yaml says which metric that is."""

    code: str
    value: float | str | None
    """None: the device says that it has none."""
    unit: str | None = None
    """Only where it is another one than the table of codes gives."""
    at: int | None = None
    """Microseconds since the epoch, by the device's own clock, where a record carries its time."""
    live: bool = True
    """False for history that the device sends later on purpose."""


Codec = Callable[[bytes, int | None], Iterator[CodecValue]]
"""Bytes and LoRaWAN port (None where the wire names none) to values, one after the other. Raises Unusable at the first
byte that it cannot read; what it yielded before stands.
"""


def taken(payload: bytes, at: int, count: int) -> bytes:
    """`count` bytes from `at`. Raises Unusable(WRONG_SHAPE) where the payload ends before."""
    part = payload[at : at + count]
    if len(part) < count:
        detail = f"the payload ends within a field: {count} bytes wanted at offset {at} of {len(payload)}"
        raise Unusable(Reason.WRONG_SHAPE, detail)
    return part
