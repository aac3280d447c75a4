"""Times and spans as a mapping says that they are written."""

import re
from typing import Any

from domain.devices import Dialect
from domain.errors import Unusable
from domain.instants import MICROS_PER_S
from domain.messages import Reason
from ingest.formats.mapping_file import TimeEntry
from ingest.formats.numbers import number
from ingest.formats.times import LONGEST_SPAN_S, of_digits, of_epoch, of_text

_COUNT = re.compile(r"\d{9,13}(\.\d+)?|\d{16}|\d{19}", re.ASCII)
_DATE = re.compile(r"\d{14}|\d{17}", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}


def event_time(value: Any, entry: TimeEntry, dialect: Dialect, *, span_s: float) -> int | None:
    """The end of the measurement in microseconds; None where no zone is known. Raises Unusable(BAD_TIME)."""
    at = _read(value, entry.form, dialect.timezone or entry.zone)
    return at if at is None or entry.marks == "end" else at + round(span_s * MICROS_PER_S)


def seconds_of(value: Any, unit: str) -> float:
    """Raises Unusable(WRONG_SHAPE) for what is no length of time."""
    try:
        found = number(value)
    except Unusable as exc:
        raise Unusable(Reason.WRONG_SHAPE, f"span {str(value)[:60]!r} is no number; write digits") from exc
    seconds = None if found is None else found * _SECONDS[unit]
    if seconds is None or not 0 <= seconds <= LONGEST_SPAN_S:
        raise Unusable(Reason.WRONG_SHAPE, f"span {str(value)[:60]!r} {unit} is no length of a measurement")
    return seconds


def _read(value: Any, form: str, zone: str | None) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unusable(Reason.BAD_TIME, f"{str(value)[:60]!r} is no time; see `time` of the mapping")
    text = str(value).strip()
    if form == "digits" or (form == "auto" and _DATE.fullmatch(text)):
        return of_digits(text, zone)
    if form == "iso":
        return of_text(text, zone)
    if form == "epoch" or isinstance(value, int | float) or _COUNT.fullmatch(text):
        return of_epoch(_count(value, text))
    return of_text(text, zone)


def _count(value: int | float | str, text: str) -> float:
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"\d{1,20}(\.\d{1,9})?", text, re.ASCII):
        raise Unusable(Reason.BAD_TIME, f"{text[:60]!r} is no count since 1970; see `time` of the mapping")
    return int(text) if text.isdigit() else float(text)
