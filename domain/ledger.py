"""The conservation ledger: for every feed and minute, received = stored + duplicate + quarantined + late."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of a number of messages, or of readings."""

    received: int = 0
    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0
    late: int = 0

    @property
    def imbalance(self) -> int:
        """How many are unaccounted for; 0 or the promise is broken."""
        return self.received - self.stored - self.duplicate - self.quarantined - self.late

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            received=self.received + other.received,
            stored=self.stored + other.stored,
            duplicate=self.duplicate + other.duplicate,
            quarantined=self.quarantined + other.quarantined,
            late=self.late + other.late,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One feed in one minute of arrival (its start, UTC).

    A message has one fate: stored if any of its readings was, else quarantined, else late, else duplicate.
    """

    feed: str
    minute: datetime
    messages: Tally
    readings: Tally
