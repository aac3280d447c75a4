"""When a micro-batch is full: by size, by age, or because the broker has fallen silent.

A broker falls silent at its in-flight window and waits for acknowledgements. Waiting for silence every time would cost
`linger` per window, so the length of a batch that silence or age has ended is remembered: the following batches are
settled as soon as they are that long, and now and then one is left to find its own end again.
"""

from ingest.settings import IngestSettings

PROBE_EVERY = 64
"""Batches between two that may grow until silence ends them."""


class Gathering:
    """Told of arrivals, answers how long to wait for more. Times are real seconds (monotonic)."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._expected = settings.batch_size
        self._until_probe = 0
        self._count = 0
        self._first_at = 0.0
        self._latest_at = 0.0

    def arrived(self, count: int, *, now: float) -> None:
        if not self._count:
            self._first_at = now
        self._count += count
        self._latest_at = now

    def patience_s(self, *, now: float) -> float:
        """How long to wait for more; 0 or less when the batch is to be settled."""
        settings = self._settings
        if self._count >= min(self._expected, settings.batch_size):
            return 0.0
        return min(self._first_at + settings.batch_age, self._latest_at + settings.linger) - now

    def settled(self) -> None:
        """The batch is done; the next one begins empty."""
        if self._until_probe:
            self._until_probe -= 1
        else:
            self._expected, self._until_probe = self._count, PROBE_EVERY
        if not self._until_probe:
            self._expected = self._settings.batch_size
        self._count = 0
