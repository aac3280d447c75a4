"""Alerts as stretches of time: from the first violation over HELD to CLEARED, made of transitions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from domain.conditions import Evidence, Signal, Target, Transition
from domain.instants import to_micros

MOST_EVIDENCE = 5_000
"""So many episodes keep the numbers behind them; a rule that alarms a million times needs no more to be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One activation of one rule on one target. Times in microseconds; `ended` None: not over yet."""

    rule: str
    target: Target
    since: int
    """Begin of the violation."""
    held: int
    """When it was told: the activation."""
    ended: int | None
    evidence: Evidence | None = None

    def end_within(self, until: int) -> int:
        """The end, or `until` for one that is not over then."""
        return until if self.ended is None else min(self.ended, until)


class EpisodeBook:
    """Pairs HELD with CLEARED. LOST ends nothing: unknown neither fires nor resolves."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, Target], Episode] = {}
        self._over: list[Episode] = []

    def take(self, transitions: Iterable[Transition]) -> None:
        """In the order in which they are told."""
        for change in transitions:
            if change.signal is Signal.HELD:
                self._begin(change)
            elif change.signal is Signal.CLEARED:
                self._end(change)

    def episodes(self) -> Sequence[Episode]:
        """All so far, those that are not over included, in order of activation."""
        return sorted([*self._over, *self._open.values()], key=lambda e: (e.held, e.rule, str(e.target)))

    def _begin(self, change: Transition) -> None:
        """HELD again within an episode (a higher step of a ladder) is not another activation."""
        key = (change.rule, change.target)
        if key not in self._open:
            keeps = len(self._over) + len(self._open) < MOST_EVIDENCE
            self._open[key] = Episode(
                rule=change.rule,
                target=change.target,
                since=to_micros(change.since),
                held=to_micros(change.at),
                ended=None,
                evidence=change.evidence if keeps else None,
            )

    def _end(self, change: Transition) -> None:
        """A violation that was never HELD was told to nobody: its end is none of ours."""
        episode = self._open.pop((change.rule, change.target), None)
        if episode is not None:
            self._over.append(replace(episode, ended=to_micros(change.at)))
