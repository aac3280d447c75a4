"""Figures of the intake for the wall, counted by the intake's thread and read by others."""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from domain.instants import MICROS_PER_S
from domain.ledger import LedgerLine, Tally
from domain.messages import Message
from ingest.gaps import SequenceGaps

RATE_WINDOW_S = 10
LATENCIES_KEPT = 4096
_NONE = Tally()
_feed = attrgetter("feed")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFigures:
    """One feed since the start of the process."""

    connected: bool
    """Whether what is sent to it reaches us now."""
    per_s: float
    """Messages per second over the last 10 seconds of real time."""
    last_message: int | None
    """City time of the latest arrival, microseconds."""
    messages: Tally
    readings: Tally
    missing: int
    """Messages that devices counted but that never arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeFigures:
    """The intake as a whole. Latencies run from the device's `sent` to durable, in seconds of the city's clock."""

    feeds: Mapping[str, FeedFigures]
    latency_p50_s: float | None
    latency_p95_s: float | None
    journal_problem: str | None
    """Why nothing can be settled at the moment, or None."""


class Statistics:
    """`feeds` are shown from the start, others when they first appear."""

    def __init__(self, feeds: Iterable[str]) -> None:
        self._lock = threading.Lock()
        self._messages = dict.fromkeys(feeds, _NONE)
        self._readings = dict(self._messages)
        self._last: dict[str, int] = {}
        self._arrivals: deque[tuple[float, str, int]] = deque()
        self._latencies: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self._gaps: defaultdict[str, SequenceGaps] = defaultdict(SequenceGaps)
        self._connections: Mapping[str, bool] = {}
        self._journal_problem: str | None = None

    def arrived(self, messages: Sequence[Message], *, monotonic: float) -> None:
        with self._lock:
            for feed, count in Counter(map(_feed, messages)).items():
                self._arrivals.append((monotonic, feed, count))
                self._last[feed] = next(message.received for message in reversed(messages) if message.feed == feed)
            self._drop_old(monotonic)

    def numbered(self, feed: str, messages: Iterable[tuple[int, int]]) -> None:
        """Messages of devices (by ordinal) that count their messages were taken, with their numbers."""
        with self._lock:
            self._gaps[feed].saw(messages)

    def stored(self, ledger: Iterable[LedgerLine], sent: Iterable[int], *, now: int) -> None:
        """A settlement became durable at city time `now`; `sent` are the hand-over times that its devices gave."""
        with self._lock:
            for line in ledger:
                self._messages[line.feed] = self._messages.get(line.feed, _NONE) + line.messages
                self._readings[line.feed] = self._readings.get(line.feed, _NONE) + line.readings
            self._latencies.extend((now - moment) / MICROS_PER_S for moment in sent)

    def connected(self, connections: Mapping[str, bool]) -> None:
        """How each feed is by now (domain.ports.Session.connections)."""
        self._connections = connections

    def journal(self, problem: str | None) -> None:
        self._journal_problem = problem

    def figures(self, *, monotonic: float) -> IntakeFigures:
        """Safe from any thread."""
        with self._lock:
            self._drop_old(monotonic)
            rates = dict.fromkeys(self._messages, 0)
            for _, feed, count in self._arrivals:
                rates[feed] = rates.get(feed, 0) + count
            latencies = np.array(self._latencies)
            p50, p95 = (float(np.quantile(latencies, q)) if len(latencies) else None for q in (0.5, 0.95))
            return IntakeFigures(
                feeds={feed: self._feed(feed, rates[feed] / RATE_WINDOW_S) for feed in rates},
                latency_p50_s=p50,
                latency_p95_s=p95,
                journal_problem=self._journal_problem,
            )

    def _feed(self, feed: str, per_s: float) -> FeedFigures:
        connections = self._connections
        # feeds that are no way in of their own: what came out of the quarantine, subscriptions of former settings
        others = bool(connections) and all(connections.values())
        return FeedFigures(
            connected=connections.get(feed, others),
            per_s=per_s,
            last_message=self._last.get(feed),
            messages=self._messages.get(feed, _NONE),
            readings=self._readings.get(feed, _NONE),
            missing=self._gaps[feed].missing if feed in self._gaps else 0,
        )

    def _drop_old(self, monotonic: float) -> None:
        while self._arrivals and self._arrivals[0][0] <= monotonic - RATE_WINDOW_S:
            self._arrivals.popleft()
