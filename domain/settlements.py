"""A settlement: what one micro-batch of messages came to. It is journalled before anything is acknowledged,
and everything else (series store, ledger, rules, alerts) is derived from the journal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.ledger import LedgerLine
from domain.messages import Quarantined
from domain.readings import ReadingBatch, concatenate


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


def readings_of(entries: Sequence[Journalled]) -> ReadingBatch:
    """Those of all entries (at least one) as one batch.

    An entry that names what the registry has no more has a wider vocabulary than others. The journal only ever extends
    its vocabulary, so the widest speaks for all.
    """
    batches = [entry.settlement.readings for entry in entries]
    if len(batches) == 1:
        return batches[0]
    widest = max((batch.vocabulary for batch in batches), key=lambda words: (len(words.devices), len(words.metrics)))
    return concatenate(
        [batch if batch.vocabulary is widest else replace(batch, vocabulary=widest) for batch in batches]
    )
