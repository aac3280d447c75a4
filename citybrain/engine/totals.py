"""What has become of every message and reading, by feed: what was on file at the start and all since."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from domain.ledger import LedgerLine, Tally


@dataclass(slots=True)
class FeedTotals:
    messages: Tally = field(default_factory=Tally)
    readings: Tally = field(default_factory=Tally)


class Totals:
    """Adds up what the ledger gets; starts from what it already holds."""

    def __init__(self, before: Mapping[str, tuple[Tally, Tally]]) -> None:
        self.feeds = {feed: FeedTotals(*tallies) for feed, tallies in before.items()}

    def add(self, lines: Iterable[LedgerLine]) -> None:
        for line in lines:
            totals = self.feeds.setdefault(line.feed, FeedTotals())
            totals.messages += line.messages
            totals.readings += line.readings

    def messages(self) -> Tally:
        return sum((feed.messages for feed in self.feeds.values()), Tally())

    def readings(self) -> Tally:
        return sum((feed.readings for feed in self.feeds.values()), Tally())
