"""Counts the readings that a journal at its limit lets go before the series store has got them."""

from collections.abc import Sequence

from domain.settlements import Journalled
from runtime import logs
from store.records.records import Records

JOURNAL_DROPPED = "journal-dropped-readings"
_COUNTED_THROUGH = "journal-dropped-through"

_log = logs.get(__name__)


def count_dropped(records: Records, entries: Sequence[Journalled]) -> None:
    """Add the readings of these entries to the count, each entry once however often it is told; and say so aloud."""
    with records.transaction() as books:
        counted = books.cursors.get(_COUNTED_THROUGH)
        readings = sum(len(entry.settlement.readings) for entry in entries if entry.sequence > counted)
        books.cursors.set(JOURNAL_DROPPED, books.cursors.get(JOURNAL_DROPPED) + readings)
        books.cursors.set(_COUNTED_THROUGH, max([counted, *(entry.sequence for entry in entries)]))
    _log.error("journal at its limit: readings dropped that the series store never got", readings=readings)
