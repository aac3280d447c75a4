"""Explains one alert at a time and remembers it for a while: pages that ask again and again cost the engine nothing."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from citybrain.edge.api import Busy
from domain.alerts import Alert, AlertTransition
from domain.ports import Clock
from rules.loading import RuleSet

Json = dict[str, Any]
Explain = Callable[[RuleSet, Alert, Sequence[AlertTransition]], Json]

MOST_KEPT = 8
"""Of up to half a megabyte each."""
KEPT_S = 60.0
"""The store may have received more by then."""
WAIT_S = 4.0
"""Whoever asks gives up after ten seconds, and an explanation takes up to some three."""
MOST_WAITING = 8
"""Of the forty threads that answer all calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer, what it was given for, and when (monotonic seconds)."""

    alert: Alert
    moves: int
    ruleset: RuleSet
    at: float
    answer: Json


class Explanations:
    """May be asked from any thread."""

    def __init__(self, explain: Explain, clock: Clock, *, wait_s: float = WAIT_S) -> None:
        self._explain = explain
        self._clock = clock
        self._wait_s = wait_s
        self._room = threading.BoundedSemaphore(MOST_WAITING + 1)
        self._turn = threading.Lock()
        self._kept: dict[str, Kept] = {}
        """By alert, the oldest first."""

    def of(self, ruleset: RuleSet, alert: Alert, moves: Sequence[AlertTransition]) -> Json:
        """By these rules. Raises Busy when it would wait for too long, and Temporary when the store is away."""
        known = self._known(ruleset, alert, moves)
        if known is not None:
            return known
        with self._my_turn():
            known = self._known(ruleset, alert, moves)  # whoever went before may have asked for the same
            if known is None:
                known = self._explain(ruleset, alert, moves)
                self._keep(
                    Kept(alert=alert, moves=len(moves), ruleset=ruleset, at=self._clock.monotonic(), answer=known)
                )
        return known

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if not self._room.acquire(blocking=False):
            raise Busy(**BUSY)
        try:
            if not self._turn.acquire(timeout=self._wait_s):
                raise Busy(**BUSY)
            try:
                yield
            finally:
                self._turn.release()
        finally:
            self._room.release()

    def _known(self, ruleset: RuleSet, alert: Alert, moves: Sequence[AlertTransition]) -> Json | None:
        kept = self._kept.get(alert.id)
        if kept is None or self._clock.monotonic() - kept.at > KEPT_S:
            return None
        is_same = kept.ruleset is ruleset and kept.alert == alert and kept.moves == len(moves)
        return kept.answer if is_same else None

    def _keep(self, kept: Kept) -> None:
        self._kept.pop(kept.alert.id, None)
        self._kept[kept.alert.id] = kept
        for oldest in list(self._kept)[:-MOST_KEPT]:
            del self._kept[oldest]


BUSY = {
    "zh": "正在复算其他告警，请稍后再看告警依据",
    "en": "other alerts are being explained at the moment; ask for the explanation again in a while",
}
