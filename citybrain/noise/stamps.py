"""Times of a file as columns: texts and numbers to instants, local times to UTC across changes of the clock."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from domain.instants import EPOCH, MICROS_PER_S
from simulators.recordings.localtime import parse_stamp

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Parse = Callable[[str], tuple[int, bool]]

_NAIVE_EPOCH = EPOCH.replace(tzinfo=None)
_QUARTER_US = 900 * MICROS_PER_S
_HOUR_US = 3_600 * MICROS_PER_S
_SECONDS_DIGITS, _MILLIS_DIGITS, _COMPACT_DIGITS = (9, 10), 13, (12, 14)
_YEAR_FIRST = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T\s]*(\d{1,2})(?:[:：时](\d{1,2})?)?(?:[:：分](\d{1,2})?)?(?:\.(\d{1,6})\d*)?秒?)?"
)
"""2025/3/21 9:05, 2025年3月21日 9时05分, and 24:00 for the end of a day."""
_HOUR_STAMP = re.compile(r"(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-4])()()()")
"""2026112022, the hour of a day. Taken for seconds since 1970 such a number would lie in 2033 and later."""
_COMPACT_DATE = re.compile(r"^(20\d{2})(\d{2})(\d{2})[T\s]+(?=\d)")
_DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
_EARLIEST, _LATEST = 1900, 2200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Instants:
    """UTC microseconds of every row; `is_missing` where the local clock skipped that time."""

    at: Ints
    is_missing: Bools


def parser(pattern: str | None) -> Parse:
    """Makes (microseconds, is local) of a text; local ones as if the clock showed UTC. Raises ValueError."""
    if pattern is None:
        return parse_time
    asked = pattern
    return lambda text: _micros(datetime.strptime(text.strip(), asked))  # noqa: DTZ007  local unless it says more


def parse_time(text: str) -> tuple[int, bool]:
    """ISO 8601 and its usual relatives, day-first dates, 20250321093000, seconds or milliseconds since 1970, 24:00."""
    spelled = text.strip()
    try:
        if "-" in spelled:
            return _micros(datetime.fromisoformat(spelled))
    except ValueError:
        pass
    digits = spelled.partition(".")[0]
    if digits.isdecimal() and len(digits) >= _SECONDS_DIGITS[0]:
        return _of_digits(spelled, digits)
    spelled = _COMPACT_DATE.sub(r"\1-\2-\3 ", spelled, count=1)
    match = _YEAR_FIRST.fullmatch(_DAY_FIRST.sub(r"\3-\2-\1", spelled, count=1))
    return _micros(parse_stamp(spelled)) if match is None else _micros(_of_parts(match))


def to_utc(stamps: Ints, is_local: Bools, timezone: str) -> Instants:
    """Instants of rows in the order of their file; the hour that comes twice in autumn is told by that order.

    Rows that come in order go on to the second run of the hour where they would go back; in an unordered file the
    second row with one and the same time is meant for the second run.
    """
    zone = ZoneInfo(timezone)
    quarters, which = np.unique(stamps[is_local] // _QUARTER_US, return_inverse=True)
    first, second = (
        np.array([_offset(int(quarter), zone, fold) for quarter in quarters], dtype=np.int64) for fold in (0, 1)
    )
    at, missing = stamps.copy(), np.zeros(len(stamps), dtype=np.bool_)
    at[is_local] -= first[which]
    missing[is_local] = (first < second)[which]
    later = np.zeros(len(stamps), dtype=np.int64)
    later[is_local] = np.maximum(first - second, 0)[which]
    if later.any():
        at = _second_runs(at, later, ordered=at[(later == 0) & ~missing])
    return Instants(at=at, is_missing=missing)


def usual_step(at: Ints) -> float | None:
    """Seconds between two rows as most of them have it; None for fewer than two different times."""
    steps = np.diff(np.sort(at))
    steps = steps[steps > 0]
    return None if not len(steps) else max(round(float(np.median(steps)) / MICROS_PER_S, 3), 0.001)


def _second_runs(at: Ints, later: Ints, *, ordered: Ints) -> Ints:
    """`at` with those moved `later` that belong to the second run."""
    found = at.copy()
    step = usual_step(at)
    repeats = step is not None and step * MICROS_PER_S >= _HOUR_US  # else two equal times are a repeated row
    if (np.diff(ordered) < 0).any():
        _, first_rows = np.unique(at, return_index=True)
        again = np.ones(len(at), dtype=np.bool_)
        again[first_rows] = False
        return np.where(again & (later > 0), at + later, at)
    before = np.maximum.accumulate(np.where(later == 0, at, np.iinfo(np.int64).min))
    newest = np.iinfo(np.int64).min
    for row in np.flatnonzero(later).tolist():
        latest = max(newest, int(before[row]))
        goes_back = at[row] <= latest if repeats else at[row] < latest
        if goes_back and latest < at[row] + later[row] + _HOUR_US:
            found[row] = at[row] + later[row]
        newest = max(newest, int(found[row]))
    return found


def _offset(quarter: int, zone: ZoneInfo, fold: int) -> int:
    local = (_NAIVE_EPOCH + timedelta(microseconds=quarter * _QUARTER_US)).replace(tzinfo=zone, fold=fold)
    offset = local.utcoffset() or timedelta(0)
    return round(offset.total_seconds()) * MICROS_PER_S


def _of_digits(spelled: str, digits: str) -> tuple[int, bool]:
    if (compact := _HOUR_STAMP.fullmatch(spelled)) is not None:
        return _micros(_of_parts(compact))
    if len(digits) in _SECONDS_DIGITS:
        return round(float(spelled) * MICROS_PER_S), False
    if len(digits) == _MILLIS_DIGITS:
        return int(digits) * 1000, False
    if len(digits) in _COMPACT_DIGITS:
        parts = (int(digits[:4]), *(int(digits[i : i + 2]) for i in range(4, len(digits), 2)))
        return _micros(datetime(*parts))  # type: ignore[arg-type]  # noqa: DTZ001  year to second, local
    raise ValueError(f"{spelled!r} is not a time; write 2026-11-22 21:15:00")


def _of_parts(match: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    micros = int((match[7] or "").ljust(6, "0"))
    is_end_of_day = (hour, minute, second) == (24, 0, 0)
    moment = datetime(year, month, day, 0 if is_end_of_day else hour, minute, second, micros)  # noqa: DTZ001  local
    return moment + timedelta(days=is_end_of_day)


def _micros(moment: datetime) -> tuple[int, bool]:
    if not _EARLIEST <= moment.year < _LATEST:
        raise ValueError(f"the year {moment.year} cannot be meant")
    is_local = moment.tzinfo is None
    since = moment - (_NAIVE_EPOCH if is_local else EPOCH)
    return (since.days * 86_400 + since.seconds) * MICROS_PER_S + since.microseconds, is_local


def column(texts: Sequence[str], parse: Parse) -> tuple[Ints, Bools, dict[int, str]]:
    """Microseconds, which of them are local, and what was wrong by row; a row that is wrong holds 0."""
    stamps, local, wrong = np.zeros(len(texts), dtype=np.int64), np.zeros(len(texts), dtype=np.bool_), {}
    for row, text in enumerate(texts):
        try:
            stamps[row], local[row] = parse(text)
        except (ValueError, OverflowError) as exc:
            wrong[row] = str(exc) if isinstance(exc, ValueError) else f"{text!r:.40} is not a time"
    return stamps, local, wrong
