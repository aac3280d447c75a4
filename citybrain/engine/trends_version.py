"""Says when the charts are worth fetching again: every half minute, and when history has reached the store."""

from collections.abc import Sequence

from domain.instants import MICROS_PER_S
from domain.settlements import Journalled

EVERY_US = 30 * MICROS_PER_S


class TrendsVersion:
    """A number that only grows. One thread."""

    def __init__(self) -> None:
        self._renewals = 0
        self._history_at: int | None = None

    def saw(self, entries: Sequence[Journalled]) -> None:
        """History among them changes what the charts show of the past, once the store has it."""
        for entry in entries:
            if not entry.settlement.readings.live.all():
                self._history_at = entry.sequence

    def has_news(self, *, stored_through: int) -> bool:
        """Whether history has reached the store since the last time; then the version grows."""
        if self._history_at is None or stored_through < self._history_at:
            return False
        self._history_at = None
        self._renewals += 1
        return True

    def at(self, now: int) -> int:
        """The version at a time in microseconds."""
        return now // EVERY_US + self._renewals
