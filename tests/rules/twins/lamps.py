"""outage, and ratio with a plan, slowly: every lamp looked at whenever anything can have changed."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor

from rules.calendar.lighting import Segment
from tests.rules.twin import Event, HoldAndClear, Signals, newest_first_stands

Readings = Sequence[tuple[int, float]]


def segment_at(segments: Sequence[Segment], now: int) -> Segment | None:
    return next((segment for segment in segments if segment.begin <= now < segment.end), None)


def moments_of(lamps: Mapping[str, Readings], segments: Sequence[Segment], validity: int, until: int) -> list[int]:
    moments = {when + more for rows in lamps.values() for when, _ in rows for more in (0, validity)}
    moments |= {edge for segment in segments for edge in (segment.begin, segment.end)}
    return sorted(moment for moment in moments if moment <= until)


def last_by(rows: Readings, now: int, validity: int) -> tuple[int, float] | None:
    """The reading that is believed now."""
    last = [row for row in rows if row[0] <= now][-1:]
    return last[0] if last and now < last[0][0] + validity else None


def dark_since(rows: Readings, now: int, validity: int, segments: Sequence[Segment]) -> int | None:
    """When the lamp was seen going dark, if it is dark."""
    since = None
    for number, (when, value) in enumerate(row for row in rows if row[0] <= now):
        if value:
            since = None
        elif number and rows[number - 1][1]:
            seen = when <= rows[number - 1][0] + validity
            segment = segment_at(segments, when)
            since = when if seen and segment is not None and segment.steady else None
    return since


def walked(
    lamps: Mapping[str, Readings],
    look: Callable[[Mapping[str, Readings], Segment, int], str],
    *,
    segments: Sequence[Segment],
    validity: int,
    hold: int,
    clear: int,
    until: int,
) -> Signals:
    readings = {lamp: newest_first_stands(rows) for lamp, rows in lamps.items()}
    events: list[Event] = []
    for moment in moments_of(readings, segments, validity, until):
        segment = segment_at(segments, moment)
        events.append((moment, "unknown" if segment is None else look(readings, segment, moment)))
    return HoldAndClear(hold, clear).run(events, until)


def outage_at(
    readings: Mapping[str, Readings],
    segment: Segment,
    now: int,
    *,
    segments: Sequence[Segment],
    validity: int,
    share: float,
    at_least: int,
    together: int,
) -> str:
    known = [lamp for lamp, rows in readings.items() if last_by(rows, now, validity)]
    expected = floor(len(known) * segment.share / 1000)
    if len(known) < 0.5 * len(readings) or expected < 1:
        return "unknown"
    since = sorted(
        begun for lamp in known if (begun := dark_since(readings[lamp], now, validity, segments)) is not None
    )
    crowd = max((sum(first <= other <= first + together for other in since) for first in since), default=0)
    return "violated" if crowd >= max(at_least, ceil(share * expected / 100)) else "ok"


def rate_at(
    readings: Mapping[str, Readings], segment: Segment, now: int, *, validity: int, goal: float, lit: float
) -> str:
    """`lit`: the value of a lamp that is as it should be."""
    known = [row[1] for rows in readings.values() if (row := last_by(rows, now, validity)) is not None]
    expected = floor(len(known) * segment.share / 1000)
    if len(known) < 0.5 * len(readings) or expected < 1:
        return "unknown"
    return "violated" if min(100.0, 100 * known.count(lit) / expected) < goal else "ok"
