"""A settlement: what one micro-batch of messages came to. It is journalled before anything is acknowledged,
and everything else (series store, ledger, rules, alerts) is derived from the journal."""

from dataclasses import dataclass

from domain.ledger import LedgerLine
from domain.messages import Quarantined
from domain.readings import ReadingBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """`now` is the city's clock at that moment, microseconds; one without messages is a tick of that clock."""

    now: int
    readings: ReadingBatch
    quarantined: tuple[Quarantined, ...] = ()
    ledger: tuple[LedgerLine, ...] = ()
    identities: tuple[int, ...] = ()
    """64-bit message identities of everything in it, so that a redelivery after a crash is known again."""
    redriven: tuple[int, ...] = ()
    """Quarantine entries that were driven again in it: they go; what is still bad stands in `quarantined` anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journalled:
    """A settlement with its place in the journal: sequence numbers start at 1 and have no gaps."""

    sequence: int
    settlement: Settlement
