"""Which alerts of one set tell the same as alerts of another: same target, overlapping in time.

By target and not by rule, because a new rule may take the place of an old one.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domain.conditions import Target
from domain.instants import MICROS_PER_S
from rules.columns import Index
from rules.history.episodes import Episode


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An old episode with the earliest new one that overlaps it."""

    old: Episode
    new: Episode

    @property
    def delay_s(self) -> float:
        """How much later the new one was told; negative: earlier."""
        return (self.new.held - self.old.held) / MICROS_PER_S

    @property
    def from_violation_s(self) -> float:
        """From the first violation that either of them saw until the new one was told."""
        return (self.new.held - min(self.old.since, self.new.since)) / MICROS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`pairs`: every old episode that a new one overlaps. `told_again`: the new ones that overlap an old one."""

    pairs: Sequence[Pair]
    only_old: Sequence[Episode]
    told_again: Sequence[Episode]
    only_new: Sequence[Episode]


def match(old: Sequence[Episode], new: Sequence[Episode], *, until: int) -> Match:
    """Episodes overlap when their stretches [since, end] on the same target share an instant.

    What is not over lasts to `until`.
    """
    olds, news = _by_target(old), _by_target(new)
    pairs: list[Pair] = []
    only_old: list[Episode] = []
    told_again: list[Episode] = []
    only_new: list[Episode] = []
    for target in sorted(olds.keys() | news.keys(), key=str):
        mine, theirs = olds.get(target, []), news.get(target, [])
        for episode, partner in zip(mine, _earliest_overlaps(mine, theirs, until), strict=True):
            if partner < 0:
                only_old.append(episode)
            else:
                pairs.append(Pair(old=episode, new=theirs[partner]))
        for episode, partner in zip(theirs, _earliest_overlaps(theirs, mine, until), strict=True):
            (only_new if partner < 0 else told_again).append(episode)
    return Match(pairs=pairs, only_old=only_old, told_again=told_again, only_new=only_new)


def _by_target(episodes: Sequence[Episode]) -> dict[Target, list[Episode]]:
    """In order of their begin."""
    found: dict[Target, list[Episode]] = defaultdict(list)
    for episode in sorted(episodes, key=lambda episode: (episode.since, episode.held)):
        found[episode.target].append(episode)
    return found


def _earliest_overlaps(mine: Sequence[Episode], theirs: Sequence[Episode], until: int) -> Index:
    """For each of mine the place of the earliest of theirs that overlaps it, or -1."""
    if not theirs:
        return np.full(len(mine), -1, dtype=np.intp)
    begins = np.array([episode.since for episode in theirs], dtype=np.int64)
    # where the farthest end so far first reaches an instant, that very episode reaches it, and it is the earliest
    farthest = np.maximum.accumulate(np.array([episode.end_within(until) for episode in theirs], dtype=np.int64))
    begin = np.array([episode.since for episode in mine], dtype=np.int64)
    end = np.array([episode.end_within(until) for episode in mine], dtype=np.int64)
    place = np.searchsorted(farthest, begin)
    reached = np.minimum(place, len(theirs) - 1)
    overlaps: Index = np.where((place < len(theirs)) & (begins[reached] <= end), reached, -1)
    return overlaps
