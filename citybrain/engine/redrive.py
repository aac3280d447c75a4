"""Hands quarantined messages that somebody asked for to the intake again, each once."""

import threading
from collections.abc import Callable, Mapping

from domain.errors import Temporary
from domain.messages import Message
from runtime import logs
from store.records.records import Records

AT_ONCE = 500

_log = logs.get(__name__)


class QuarantineRedrive:
    """Implements domain.ports.Redrive on the records. An entry goes when the settlement with it has been recorded;
    until then it is in flight and not handed out again.
    """

    def __init__(self, records: Records, *, is_caught_up: Callable[[], bool]) -> None:
        """`is_caught_up`: whether the records hold all of the journal that was there at the start; before that they
        still show entries that were driven already. It may raise Temporary.
        """
        self._records = records
        self._is_caught_up = is_caught_up
        self._nudged = threading.Event()
        self._nudged.set()
        self._in_flight: frozenset[int] = frozenset()
        """By their numbers, which are never given twice."""

    def nudge(self) -> None:
        """Somebody asked for something. From any thread."""
        self._nudged.set()

    def waiting(self) -> Mapping[int, Message]:
        """See the port. One thread."""
        if not self._nudged.is_set():
            return {}
        try:
            if not self._is_caught_up():
                return {}
            self._nudged.clear()
            with self._records.snapshot() as books:
                asked = books.quarantine.asked(limit=AT_ONCE)
        except Temporary as exc:
            self._nudged.set()
            _log.warning("quarantine not read, it is tried again", reason=str(exc))
            return {}
        if asked:
            self._nudged.set()  # look again: there may be more behind these
        fresh = {entry.id: entry.content for entry in asked if entry.id not in self._in_flight}
        self._in_flight = frozenset(entry.id for entry in asked)
        return {
            number: Message(feed=content.feed, topic=content.topic, payload=content.payload, received=content.received)
            for number, content in fresh.items()
        }
