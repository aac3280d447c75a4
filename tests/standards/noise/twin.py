"""The slow twin: what the figures, hours, days and nights mean, in plain Python, one slot at a time."""

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Slot = tuple[float, float]
"""Level in dB(A) and span."""
Row = tuple[datetime, float, float]
"""End (aware), span in seconds, level."""


def leq(slots: Sequence[Slot]) -> float:
    energy = math.fsum(10 ** (level / 10) * span for level, span in slots)
    return 10 * math.log10(energy / math.fsum(span for _, span in slots))


def exceeded(slots: Sequence[Slot], percent: float) -> float:
    """Walks along the sorted slots from middle to middle until the share of time is reached."""
    ordered = sorted(slots)
    middles, before = [], 0.0
    for _, span in ordered:
        middles.append(before + span / 2)
        before += span
    asked = middles[0] + (1 - percent / 100) * (middles[-1] - middles[0])
    for place in range(1, len(ordered)):
        if asked <= middles[place]:
            share = (asked - middles[place - 1]) / (middles[place] - middles[place - 1])
            return ordered[place - 1][0] * (1 - share) + ordered[place][0] * share
    return ordered[-1][0]


def hours(rows: Sequence[Row], timezone: str) -> dict[datetime, list[Slot]]:
    """Local hours by their begin in UTC; the hour of a row is that of the middle of its span."""
    zone = ZoneInfo(timezone)
    found: dict[datetime, list[Slot]] = defaultdict(list)
    for end, span, level in rows:
        middle = (end - timedelta(seconds=span / 2)).astimezone(zone)
        passed = timedelta(minutes=middle.minute, seconds=middle.second, microseconds=middle.microsecond)
        found[middle.astimezone(UTC) - passed].append((level, span))
    return dict(found)


def days(rows: Sequence[Row], timezone: str, needed: dict[str, int]) -> dict[tuple[date, str], float | None]:
    """Ld and Ln by date: from valid hours of 45 minutes; a night belongs to the date on which it began."""
    zone = ZoneInfo(timezone)
    members: dict[tuple[date, str], list[float]] = defaultdict(list)
    for begin, slots in hours(rows, timezone).items():
        local = begin.astimezone(zone)
        period = "day" if local.hour in range(6, 22) else "night"
        of = local.date() - timedelta(days=1) if local.hour < 6 else local.date()
        valid = members[of, period]
        if sum(span for _, span in slots) >= 45 * 60:
            valid.append(leq(slots))
    return {
        (of, period): leq([(level, 1.0) for level in levels]) if len(levels) >= needed[period] else None
        for (of, period), levels in members.items()
    }
