"""The slow twins: alarm load, matching and chattering, in plain Python and by definition."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.history.episodes import Episode

WINDOW = 600_000_000


@dataclass
class SlowLoad:
    per_window: float
    most: float
    windows_over: float
    hours_over: float
    in_flood_us: int
    floods: list[tuple[int, int]]


def slow_load(at: Sequence[int], *, start: int, end: int, operators: int) -> SlowLoad:
    """Windows one by one; floods by asking at every instant at which anything can change."""
    windows = consecutive(at, start, end, WINDOW)
    hours = consecutive(at, start, end, 6 * WINDOW)
    moments = sorted({*at, *(moment + WINDOW for moment in at)})
    rates = {moment: sum(moment - WINDOW < other <= moment for other in at) / operators for moment in moments}
    floods: list[tuple[int, int]] = []
    begin: int | None = None
    for moment in moments:
        if begin is None and rates[moment] > 10:
            begin = moment
        elif begin is not None and rates[moment] < 5:
            floods.append((begin, min(moment, end)))
            begin = None
    assert begin is None  # ten minutes after the last alarm there is no flood
    return SlowLoad(
        per_window=len(at) / operators / ((end - start) / WINDOW),
        most=max(rates.values(), default=0.0),
        windows_over=100 * sum(count / operators > 10 for count in windows) / len(windows),
        hours_over=100 * sum(count / operators > 30 for count in hours) / len(hours),
        in_flood_us=sum(over - first for first, over in floods),
        floods=floods,
    )


def consecutive(at: Sequence[int], start: int, end: int, length: int) -> list[int]:
    """Alarms in each window from the start until the end is covered."""
    counts, begin = [], start
    while begin < end:
        counts.append(sum(begin <= moment < begin + length for moment in at))
        begin += length
    return counts


def overlaps(one: Episode, other: Episode, until: int) -> bool:
    return one.target == other.target and one.since <= other.end_within(until) and other.since <= one.end_within(until)


def slow_partners(old: Sequence[Episode], new: Sequence[Episode], until: int) -> dict[Episode, Episode | None]:
    """For every old episode the earliest new one that overlaps it."""
    return {
        episode: min(
            (other for other in new if overlaps(episode, other, until)),
            key=lambda other: (other.since, other.held),
            default=None,
        )
        for episode in old
    }
