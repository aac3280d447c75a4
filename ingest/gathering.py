"""When a micro-batch is full: by size, by age, or because the broker has fallen silent.

A broker falls silent at its in-flight window and waits for acknowledgements. Waiting for silence every time would cost
`linger` per window. A window shows itself: silence ends two batches in a row at the same length. From then on a batch
of that length is settled as soon as nothing more is there, and now and then one is left to find its own end again.
"""

from ingest.settings import IngestSettings

PROBE_EVERY = 64
"""Batches between two that may grow until silence ends them."""
SMALLEST_WINDOW = 10
"""No broker in common use holds fewer by default; shorter batches of equal length are chance."""


class Gathering:
    """Told of arrivals, answers how long to wait for more. Times are real seconds (monotonic)."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._window: int | None = None
        self._until_probe = 0
        self._silent_at = 0
        """Length of the latest batch if silence has ended it, else 0."""
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
        settings, silent_from = self._settings, self._latest_at + self._settings.linger
        if self._count >= settings.batch_size or now >= self._first_at + settings.batch_age:
            return None
        if self._window is not None and self._count >= self._window:
            return None if self._is_all else 0.0
        return None if now >= silent_from else min(self._first_at + settings.batch_age, silent_from) - now

    def settled(self, *, now: float) -> None:
        """The batch is done; the next one begins empty."""
        was_silent = now >= self._latest_at + self._settings.linger and self._count < self._settings.batch_size
        if self._window is not None:
            self._until_probe -= 1
            if self._count > self._window or not self._until_probe:
                self._window = None  # more came by itself, or it is time to look again
        elif was_silent and self._count == self._silent_at and self._count >= SMALLEST_WINDOW:
            self._window, self._until_probe = self._count, PROBE_EVERY
        self._silent_at = self._count if was_silent else self._silent_at
        self._count = 0
