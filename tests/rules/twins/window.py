"""The slow twin of `window` and `frozen`: every window by itself, from the readings of the whole story."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from math import log10
from zoneinfo import ZoneInfo

from domain.instants import MICROS_PER_S, to_micros
from tests.rules.twin import HoldAndClear, Signals

Said = tuple[int, float, float]
"""Event time in microseconds, value, span in seconds."""
Part = tuple[float, int, float, bool]
"""Value, microseconds, share of its reading, ends here."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Of one window: the value, which part of it is covered, how many readings end in it."""

    value: float | None
    coverage: float
    readings: int


@dataclass(frozen=True, kw_only=True)
class Windows:
    """How windows are made of the readings of one device with `interval` seconds."""

    zone: str
    step_s: int
    steps: int
    interval: float
    figure: Callable[[list[Part]], float]
    is_rate: bool = False
    believed: float = 1.0
    """In intervals: how far apart the readings of a counter may be."""

    @property
    def lag(self) -> int:
        return round(self.interval * self.believed * MICROS_PER_S)

    def edges(self, start: int, until: int) -> list[int]:
        return edges(self.zone, self.step_s, start, until)

    def figures(self, said: Sequence[Said], start: int, until: int) -> dict[int, Figure]:
        """By the end of the window."""
        edges = self.edges(start, until)
        stretches = self.stretches(said, edges)
        found = {}
        for number in range(self.steps, len(edges)):
            begin, end = edges[number - self.steps], edges[number]
            parts = [part for stretch in stretches if (part := self.part(stretch, begin, end)) is not None]
            covered = sum(micros for _, micros, _, _ in parts)
            found[end] = Figure(
                value=self.figure(parts) if covered else None,
                coverage=covered / (end - begin),
                readings=sum(ends for _, _, _, ends in parts),
            )
        return found

    def stretches(self, said: Sequence[Said], edges: Sequence[int]) -> list[tuple[int, int, float, int]]:
        """Begin, end, value and full length of what each reading stands for; the begin is the end for an instant."""
        found: list[tuple[int, int, float, int]] = []
        before: Said | None = None
        for at, value, span in once(said):
            earlier = before[0] if before else -(10**18)
            if self.is_rate:
                if before and at - earlier <= self.lag:
                    counted = value - before[1] if value >= before[1] else value
                    found.append((earlier, at, counted, at - earlier))
            elif span:
                over = [edge for edge in edges if edge + self.lag < at]
                begin = max(at - round(span * MICROS_PER_S), earlier, over[-1] if over else earlier)
                found.append((begin, at, value, round(span * MICROS_PER_S)))
            else:
                found.append((at, at, value, min(self.lag, at - earlier)))
            before = (at, value, span)
        return found

    def part(self, stretch: tuple[int, int, float, int], begin: int, end: int) -> Part | None:
        first, last, value, full = stretch
        if first == last:
            return (value, full, 1.0, True) if begin <= last < end else None
        inside = min(last, end) - max(first, begin)
        return (value, inside, inside / full, last <= end) if inside > 0 else None

    def signals(
        self,
        said: Sequence[Said],
        judge: Callable[[int, Figure], str],
        *,
        hold: int,
        clear: int,
        start: int,
        until: int,
    ) -> Signals:
        """`judge` gets the begin of the window."""
        newest = max((at for at, _, _ in said), default=0)
        edges = self.edges(start, until + self.steps * self.step_s * MICROS_PER_S)
        events = []
        for end, figure in self.figures(said, start, until).items():
            if end <= newest or end + self.lag <= until:
                events.append((end, judge(edges[edges.index(end) - self.steps], figure)))
        following = next((edge for edge in edges if not events or edge > events[-1][0]), until)
        return HoldAndClear(hold, clear).run(events, min(until, following))


@cache
def edges(zone: str, step_s: int, start: int, until: int) -> list[int]:
    """Minutes at which the wall clock shows a multiple of the step."""
    moment = datetime.fromtimestamp(start // MICROS_PER_S // 60 * 60, UTC)
    found: list[int] = []
    while to_micros(moment) <= until:
        wall = moment.astimezone(ZoneInfo(zone))
        if (wall.hour * 3600 + wall.minute * 60) % step_s == 0:
            found.append(to_micros(moment))
        moment += timedelta(minutes=1)
    return found


def once(said: Sequence[Said]) -> list[Said]:
    """In order of time; of several at one instant the first to arrive."""
    kept: dict[int, Said] = {}
    for row in said:
        kept.setdefault(row[0], row)
    return [kept[at] for at in sorted(kept)]


def mean(parts: list[Part]) -> float:
    return sum(value * micros for value, micros, _, _ in parts) / sum(micros for _, micros, _, _ in parts)


def energy_mean(parts: list[Part]) -> float:
    power = sum(10 ** (value / 10) * micros for value, micros, _, _ in parts)
    return 10 * log10(power / sum(micros for _, micros, _, _ in parts))


def largest(parts: list[Part]) -> float:
    return max(value for value, _, _, _ in parts)


def smallest(parts: list[Part]) -> float:
    return min(value for value, _, _, _ in parts)


def spread(parts: list[Part]) -> float:
    return round(largest(parts) - smallest(parts), 9)


def count(parts: list[Part]) -> float:
    return sum(ends for _, _, _, ends in parts)


def total(parts: list[Part]) -> float:
    return sum(value * share for value, _, share, _ in parts)


def rate(parts: list[Part]) -> float:
    return total(parts) / (sum(micros for _, micros, _, _ in parts) / (3600 * MICROS_PER_S))


def percentile(percent: float) -> Callable[[list[Part]], float]:
    """The first value, from below, with `percent` % of the time at or below it."""

    def of(parts: list[Part]) -> float:
        covered, passed = sum(micros for _, micros, _, _ in parts), 0
        for value, micros, _, _ in sorted(parts):
            passed += micros
            if 100.0 * passed >= percent * covered:
                return value
        raise AssertionError("no parts")

    return of
