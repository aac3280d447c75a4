"""When a micro-batch is full: by size, by age, or because the broker has fallen silent.

A broker falls silent at its in-flight window and waits for acknowledgements; waiting long for more would throttle it.
So silence is measured against the pace of the feed: several times the usual gap between two messages. And a batch as
long as the longest that silence has ended of late is settled as soon as nothing more is there.
"""

from collections import deque

from ingest.settings import IngestSettings

GAPS = 8.0
"""Silence is this many times the usual gap, at most `linger`."""
FADING = 0.8
"""How much of what is usual the next batch leaves."""
SHORTEST_S = 0.0005
WINDOWS_KEPT = 8
SMALLEST_WINDOW = 32
"""What is shorter is no window but chance, and too short to be settled without waiting for company."""


class Gathering:
    """Told of arrivals, answers how long to wait for more. Times are real seconds (monotonic)."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._usual_count, self._usual_s = 1.0, settings.linger
        self._settled_at = float("-inf")
        self._windows: deque[int] = deque(maxlen=WINDOWS_KEPT)
        self._count = 0
        self._first_at = 0.0
        self._latest_at = 0.0
        self._is_all = False

    def arrived(self, count: int, *, now: float) -> None:
        """What one look has brought, also when that is nothing."""
        self._is_all = not count
        if count and not self._count:
            self._first_at = now
        if count:
            self._latest_at = now
        self._count += count

    def patience_s(self, *, now: float) -> float | None:
        """How long to wait for more, 0 to take what is there already; None when the batch is to be settled."""
        settings, silent_from = self._settings, self._latest_at + self._silence_s
        if self._count >= settings.batch_size or now >= self._first_at + settings.batch_age:
            return None
        if self._count >= max(self._windows, default=settings.batch_size) >= SMALLEST_WINDOW:
            return None if self._is_all else 0.0
        return None if now >= silent_from else min(self._first_at + settings.batch_age, silent_from) - now

    def settled(self, *, now: float) -> None:
        """The batch is done; the next one begins empty."""
        if now >= self._latest_at + self._silence_s or self._count > max(self._windows, default=self._count):
            self._windows.append(self._count)
        self._usual_count = FADING * self._usual_count + self._count
        self._usual_s = FADING * self._usual_s + min(now - self._settled_at, self._settings.linger * self._count)
        self._settled_at = now
        self._count = 0

    @property
    def _silence_s(self) -> float:
        return min(self._settings.linger, max(SHORTEST_S, GAPS * self._usual_s / self._usual_count))
