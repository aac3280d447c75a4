"""Times as devices write them. A zone that nobody gave is nobody's to guess."""

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.errors import Unusable
from domain.instants import to_micros
from domain.messages import Reason

LONGEST_SPAN_S = 366 * 86_400.0
"""No measurement takes longer than a year; what says so is a fault, such as milliseconds taken for seconds."""

_DIGITS = "%Y%m%d%H%M%S"
_MICROS_PER_UNIT = ((1e9, 1e11, 1_000_000, 1), (1e12, 1e14, 1000, 1), (1e15, 1e17, 1, 1), (1e18, 1e20, 1, 1000))
"""From, below, factor, divisor: seconds, milliseconds, microseconds and nanoseconds of this century do not overlap."""


def of_epoch(value: float) -> int:
    """Microseconds of a count since 1970, its unit told by its size. Raises Unusable(BAD_TIME) for 0, 1970 and such."""
    for least, beyond, factor, divisor in _MICROS_PER_UNIT:
        if least <= value < beyond:
            return int(value) * factor // divisor if isinstance(value, int) else round(value * factor / divisor)
    raise _bad(value, "a time since 1970 in s, ms, µs or ns; set the device's clock")


def of_text(text: str, zone: str | None = None) -> int | None:
    """Microseconds of an RFC 3339 or ISO 8601 text, fractions cut at microseconds. Without an offset it is a time of
    `zone` (of the two in the hour that clocks repeat, the first); without that too, None. Raises Unusable(BAD_TIME).
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as exc:
        raise _bad(text, "ISO 8601 such as 2026-11-22T21:15:00+08:00") from exc
    return _placed(moment, zone)


def of_digits(text: str, zone: str | None) -> int | None:
    """The same for `yyyyMMddHHmmss` with or without milliseconds."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) in (14, 17)):
        raise _bad(text, "14 or 17 digits, yyyyMMddHHmmss")
    try:
        moment = datetime.strptime(digits[:14], _DIGITS)  # noqa: DTZ007  gets its zone below
    except ValueError as exc:
        raise _bad(text, "a date that exists") from exc
    return _placed(moment.replace(microsecond=int(digits[14:] or "0") * 1000), zone)


def _placed(moment: datetime, zone: str | None) -> int | None:
    if moment.tzinfo is None:
        if zone is None:
            return None
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    try:
        return to_micros(moment)
    except OverflowError as exc:
        raise _bad(moment.isoformat(), "a date of this century") from exc


def _bad(value: object, wanted: str) -> Unusable:
    return Unusable(Reason.BAD_TIME, f"{str(value)[:60]!r} is not {wanted}")
