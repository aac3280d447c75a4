"""The checksum of HJ 212 (2005 and 2017, annex A), and what stations make of it."""

import re
from enum import StrEnum

_POLYNOMIAL = 0xA001
_BLANKS = re.compile(rb"\s+")
PLACEHOLDERS = frozenset({0x1234})
"""Written by firmware that never computes one."""


def _shifted(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
    return value


_TABLE = tuple(_shifted(value) for value in range(256))


class Check(StrEnum):
    """How a frame's checksum stands to the frame. All but WRONG are accepted."""

    EXACT = "exact"
    SWAPPED = "its two bytes swapped"
    WITHOUT_BLANKS = "computed after deleting the blanks"
    MODBUS = "computed as Modbus does"
    PLACEHOLDER = "a placeholder"
    WRONG = "wrong"


def checksum(segment: bytes) -> int:
    """Of the segment between the length and the checksum. Not Modbus: each byte meets the register's high byte."""
    register = 0xFFFF
    for byte in segment:
        register = _TABLE[(register >> 8) ^ byte]
    return register


def checked(segment: bytes, given: int) -> Check:
    """The first explanation that fits."""
    right = checksum(segment)
    if given == right:
        return Check.EXACT
    if given == _swapped(right):
        return Check.SWAPPED
    if given == checksum(_BLANKS.sub(b"", segment)):
        return Check.WITHOUT_BLANKS
    if given in (modbus := _modbus(segment), _swapped(modbus)):
        return Check.MODBUS
    return Check.PLACEHOLDER if given in PLACEHOLDERS else Check.WRONG


def _swapped(value: int) -> int:
    return (value & 0xFF) << 8 | value >> 8


def _modbus(segment: bytes) -> int:
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ _TABLE[(register ^ byte) & 0xFF]
    return register
