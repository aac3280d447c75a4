"""Milesight's channel format (channel, type, data, little-endian), after the vendor's public payload definitions.

Source: the README of each product in github.com/Milesight-IoT/SensorDecoders. A channel that is not in a product's
table has an unknown length, so nothing behind it can be read.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from domain.errors import Unusable
from domain.messages import Reason
from ingest.codecs.values import CodecValue, taken

_FREQUENCY_WEIGHTS = ("Z", "A", "C")
_TIME_WEIGHTS = ("I", "F", "S")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Channel:
    length: int
    read: Callable[[bytes], Iterator[CodecValue]]


def _nothing(part: bytes) -> Iterator[CodecValue]:
    return iter(())


def _battery(part: bytes) -> Iterator[CodecValue]:
    yield CodecValue(code="battery", value=part[0])


def _sound(part: bytes) -> Iterator[CodecValue]:
    """Weights in the first byte (bits 0-1 frequency, 2-3 time), then level, equivalent and maximum level in 0.1 dB."""
    frequency, time = part[0] & 3, part[0] >> 2 & 3
    if frequency >= len(_FREQUENCY_WEIGHTS) or time >= len(_TIME_WEIGHTS):
        raise Unusable(Reason.WRONG_SHAPE, f"weighting {part[0]:#04x} of the sound level is in no table of the WS302")
    weight, fast = _FREQUENCY_WEIGHTS[frequency], _TIME_WEIGHTS[time]
    yield CodecValue(code=f"L{weight}{fast}", value=_unsigned(part[1:3]) / 10)
    yield CodecValue(code=f"L{weight}eq", value=_unsigned(part[3:5]) / 10)
    yield CodecValue(code=f"L{weight}{fast}max", value=_unsigned(part[5:7]) / 10)


def _angles(part: bytes) -> Iterator[CodecValue]:
    for place, axis in enumerate("xyz"):
        angle = int.from_bytes(part[2 * place : 2 * place + 2], "little", signed=True) / 100
        yield CodecValue(code=f"angle_{axis}", value=angle)
    for place, axis in enumerate("xyz"):
        yield CodecValue(code=f"threshold_{axis}", value="trigger" if part[6] >> place & 1 else "normal")


def _unsigned(part: bytes) -> int:
    return int.from_bytes(part, "little")


_Table = Mapping[tuple[int, int], _Channel]

_COMMON: _Table = {
    (0x01, 0x75): _Channel(length=1, read=_battery),
    # About the device itself: versions, serial number, class, and that it was switched on.
    (0xFF, 0x01): _Channel(length=1, read=_nothing),
    (0xFF, 0x09): _Channel(length=2, read=_nothing),
    (0xFF, 0x0A): _Channel(length=2, read=_nothing),
    (0xFF, 0x0B): _Channel(length=1, read=_nothing),
    (0xFF, 0x0F): _Channel(length=1, read=_nothing),
    (0xFF, 0x16): _Channel(length=8, read=_nothing),
    (0xFF, 0xFE): _Channel(length=1, read=_nothing),
    (0xFF, 0xFF): _Channel(length=2, read=_nothing),
}


def _answers(lengths: Mapping[int, int]) -> _Table:
    """Answers to commands, by type: settings, no readings."""
    return {
        (channel, kind): _Channel(length=length, read=_nothing)
        for channel in (0xFE, 0xFF)
        for kind, length in lengths.items()
    }


_WS302: _Table = {
    **_answers({0x10: 1, 0x11: 4, 0x17: 2, 0x1D: 2, 0x2D: 1, 0x3B: 1}),
    **_COMMON,
    (0x05, 0x5B): _Channel(length=7, read=_sound),
}
_EM310_TILT: _Table = {
    **_answers({0x03: 2, 0x06: 9, 0x10: 1, 0x28: 1, 0x4A: 1, 0x62: 1, 0x63: 8}),
    **_COMMON,
    (0x03, 0xCF): _Channel(length=7, read=_angles),
}


def ws302(payload: bytes, port: int | None) -> Iterator[CodecValue]:
    """Sound level sensor: LAF, LAeq, LAFmax (other letters for other weightings) in dB, battery in %."""
    return _walk(payload, _WS302)


def em310_tilt(payload: bytes, port: int | None) -> Iterator[CodecValue]:
    """Inclinometer: angle_x, angle_y, angle_z in degrees, threshold_x … `normal` or `trigger`, battery in %."""
    return _walk(payload, _EM310_TILT)


def _walk(payload: bytes, table: _Table) -> Iterator[CodecValue]:
    at = 0
    while at < len(payload):
        head = taken(payload, at, 2)
        channel = table.get((head[0], head[1]))
        if channel is None:
            detail = f"channel {head[0]:#04x} type {head[1]:#04x} at offset {at} is not in the product's table"
            raise Unusable(Reason.WRONG_SHAPE, detail)
        yield from channel.read(taken(payload, at + 2, channel.length))
        at += 2 + channel.length
