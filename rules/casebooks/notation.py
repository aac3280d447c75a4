"""The short words of a casebook: rows of values, moments of a story, and numbered names."""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from config.durations import parse_duration
from domain.instants import MICROS_PER_S, to_micros

MOST_VALUES = 1_000_000
"""In one series: more is a slip of the pen."""
_VALUE = re.compile(r"(?P<base>_|-?\d+(?:\.\d+)?)(?P<step>[+-]\d+(?:\.\d+)?)?(?:x(?P<times>\d+))?")
_SPAN = re.compile(r"\{(\d+)\.\.(\d+)\}")
_OFFSET = re.compile(r"\+((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)")
_PART = re.compile(r"\d+(?:\.\d+)?(?:ms|s|m|h|d)")


def parse_values(text: str) -> tuple[float | None, ...]:
    """`55x3 60 _x4 55+1x10`: repeated values, one value, none, and a ramp of ten. Raises ValueError."""
    values = tuple(value for word in text.split() for value in _word(word))
    if len(values) > MOST_VALUES:
        raise ValueError(f"{len(values)} values in one series; write no more than {MOST_VALUES}")
    return values


def _word(word: str) -> Iterator[float | None]:
    match = _VALUE.fullmatch(word)
    if match is None or (match["step"] and (match["base"] == "_" or not match["times"])):
        raise ValueError(f"{word!r} is no value; write 55, 55x3 (three times), 55+1x10 (a ramp of ten) or _ (missing)")
    times = int(match["times"] or 1)
    if times > MOST_VALUES:
        raise ValueError(f"{word!r}: write no more than {MOST_VALUES} values")
    if match["base"] == "_":
        yield from [None] * times
        return
    # decimals, because 55 + 30 × 0.1 has to be 58 and not almost 58
    base, step = Decimal(match["base"]), Decimal(match["step"] or 0)
    yield from (float(base + number * step) for number in range(times))


def parse_names(text: str) -> tuple[str, ...]:
    """`L{1..3}` is L1, L2, L3; a name without braces is itself. Raises ValueError."""
    match = _SPAN.search(text)
    if match is None:
        return (text,)
    first, last = int(match[1]), int(match[2])
    if last < first or last - first >= MOST_VALUES:
        raise ValueError(f"{text!r}: write the smaller number first, as in L{{1..100}}")
    return tuple(f"{text[: match.start()]}{number}{text[match.end() :]}" for number in range(first, last + 1))


def parse_start(value: object, zone: ZoneInfo) -> int:
    """A local date and time such as 2026-11-22 21:50, in microseconds. Raises ValueError."""
    if isinstance(value, datetime):  # YAML reads those with seconds by itself
        moment = value
    else:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError as exc:
            raise ValueError(f"{value!r} is no date with a time; write 2026-11-22 21:50") from exc
    return to_micros(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def parse_moment(text: str, *, start: int, zone: ZoneInfo) -> int:
    """`+90s` or `+1h30m` after the start; `22:05` or `22:05:10`, its first time from the start on; or a date with time.

    Raises ValueError.
    """
    offset = _OFFSET.fullmatch(text)
    if offset is not None:
        return start + sum(round(parse_duration(part) * MICROS_PER_S) for part in _PART.findall(offset[1]))
    try:
        clock = time.fromisoformat(text)
    except ValueError:
        return parse_start(text, zone)
    begin = datetime.fromtimestamp(start / MICROS_PER_S, tz=zone)
    for day in (begin.date(), begin.date() + timedelta(days=1)):
        moment = to_micros(datetime.combine(day, clock, tzinfo=zone))
        if moment >= start:
            return moment
    raise ValueError(f"{text!r} does not come within a day of the start")
