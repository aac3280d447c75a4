"""Alerts that help nobody: chattering, fleeting and stale ones, and the few sources that tell most of them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from domain.conditions import Target
from domain.instants import MICROS_PER_S, from_micros
from rules.history.episodes import Episode
from rules.history.performance import LoadAims

TOP = 10
SourceKey = tuple[str, Target]
"""One source of alarms: a rule on a target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nuisance:
    """Positions among the episodes that were given, and counts by source."""

    chattering: frozenset[int]
    fleeting: frozenset[int]
    """Over before anyone could act, and not chattering."""
    stale: frozenset[int]
    """Active for longer than the aims allow."""
    stale_on_worst_day: int
    by_source: Counter[SourceKey]

    @property
    def top_share(self) -> float:
        """Share in % of the ten loudest sources; 0 without any alert."""
        total = self.by_source.total()
        return 100.0 * sum(count for _, count in self.by_source.most_common(TOP)) / total if total else 0.0


def nuisance_of(episodes: Sequence[Episode], *, until: int, zone: ZoneInfo, aims: LoadAims) -> Nuisance:
    """What is not over lasts to `until`. Days are those of `zone`."""
    chattering = _chattering(episodes, aims)
    fleeting, stale = set(), set()
    for number, episode in enumerate(episodes):
        lasted = episode.end_within(until) - episode.held
        if episode.ended is not None and lasted < aims.fleeting * MICROS_PER_S and number not in chattering:
            fleeting.add(number)
        if lasted > aims.stale.after * MICROS_PER_S:
            stale.add(number)
    return Nuisance(
        chattering=frozenset(chattering),
        fleeting=frozenset(fleeting),
        stale=frozenset(stale),
        stale_on_worst_day=_worst_day([episodes[number] for number in stale], until=until, zone=zone, aims=aims),
        by_source=Counter((episode.rule, episode.target) for episode in episodes),
    )


def _chattering(episodes: Sequence[Episode], aims: LoadAims) -> set[int]:
    """Those that belong to `times` activations of one source with no more than `within` from first to last."""
    by_source: dict[SourceKey, list[tuple[int, int]]] = defaultdict(list)
    for number, episode in enumerate(episodes):
        by_source[episode.rule, episode.target].append((episode.held, number))
    found: set[int] = set()
    for activations in by_source.values():
        activations.sort()
        for first in range(len(activations) - aims.chattering.times + 1):
            group = activations[first : first + aims.chattering.times]
            if group[-1][0] - group[0][0] <= aims.chattering.within * MICROS_PER_S:
                found.update(number for _, number in group)
    return found


def _worst_day(stale: Sequence[Episode], *, until: int, zone: ZoneInfo, aims: LoadAims) -> int:
    """The most alerts that were stale at some moment of one day."""
    days: Counter[date] = Counter()
    for episode in stale:
        begin = episode.held + round(aims.stale.after * MICROS_PER_S)
        day = from_micros(begin).astimezone(zone).date()
        last = from_micros(episode.end_within(until)).astimezone(zone).date()
        while day <= last:
            days[day] += 1
            day += timedelta(days=1)
    return max(days.values(), default=0)
