"""Reads the journal in order, lets the rules judge it, and records what came of it: once, whatever happens."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from cases.service import AlertService
from domain.alerts import Alert, AlertTransition
from domain.conditions import Transition
from domain.errors import Temporary
from domain.ports import Clock, Journal, StopAsked
from domain.settlements import Journalled
from runtime import logs
from store.records.database import Records

CURSOR = "records"
ENTRIES_AT_ONCE = 64
SNAPSHOT_EVERY_S = 10.0
PAUSE_WHEN_AWAY_S = 1.0

log = logs.get(__name__)

Changes = Sequence[tuple[Alert, AlertTransition]]


class Judge(Protocol):
    """The rules with their state, as the evaluation drives them."""

    def judge(self, entry: Journalled) -> Sequence[Transition]:
        """Evaluate the entry's readings, then let the city's time come to the entry's."""

    def dump(self) -> bytes: ...

    def load(self, snapshot: bytes) -> None: ...


class Evaluation:
    """Owner of the rules' state; everything here happens on one thread, except `lock`, which commands share."""

    def __init__(
        self, *, journal: Journal, judge: Judge, service: AlertService, records: Records, clock: Clock
    ) -> None:
        self.lock = threading.Lock()
        self._journal = journal
        self._judge = judge
        self._service = service
        self._records = records
        self._clock = clock
        self._judged = 0
        self._saved = 0
        self._saved_at = clock.monotonic()

    @property
    def saved_through(self) -> int:
        """The journal may forget what stands at or before this: a restart reads on from here."""
        return self._saved

    def restore(self) -> None:
        """Bring the rules' state to where the records are: the last snapshot, then the journal without recording."""
        with self._records.transaction() as transaction:
            snapshot = transaction.rule_state.load()
            recorded = transaction.cursors.get(CURSOR)
        if snapshot is not None:
            self._judged = self._saved = snapshot.sequence
            self._judge.load(snapshot.snapshot)
        while self._judged < recorded and (entries := self._read(recorded - self._judged)):
            for entry in entries:
                self._judge.judge(entry)
                self._judged = entry.sequence
        log.info("rules restored", snapshot=self._saved, replayed_to=self._judged, recorded=recorded)

    def step(self) -> tuple[Sequence[Journalled], Changes]:
        """Judge and record what is waiting. Raises Temporary when the records are away: nothing is lost by it."""
        entries = self._read(ENTRIES_AT_ONCE)
        if not entries:
            return (), ()
        judged = [(entry, self._judge.judge(entry)) for entry in entries]
        self._judged = entries[-1].sequence
        with self.lock:
            changes = self._persist(judged)
        if self._clock.monotonic() - self._saved_at >= SNAPSHOT_EVERY_S:
            self.save()
        return entries, changes

    def save(self) -> None:
        """Store the rules' state beside the records, so that a restart is short."""
        with self.lock, self._records.transaction() as transaction:
            transaction.rule_state.save(self._judged, self._judge.dump())
        self._saved, self._saved_at = self._judged, self._clock.monotonic()

    def run(self, stop: StopAsked, on_step: Callable[[Sequence[Journalled], Changes], None]) -> None:
        """Until asked to stop."""
        while not stop():
            self._journal.wait(after=self._judged, timeout_s=0.25)
            on_step(*self.step())
        self.save()

    def _read(self, limit: int) -> Sequence[Journalled]:
        return self._journal.read(after=self._judged, limit=min(limit, ENTRIES_AT_ONCE))

    def _persist(self, judged: Sequence[tuple[Journalled, Sequence[Transition]]]) -> Changes:
        told = False
        while True:
            try:
                return self._service.record_many(judged)
            except Temporary as exc:
                if not told:
                    log.warning("records away, alerts wait", error=str(exc))
                told = True
                threading.Event().wait(PAUSE_WHEN_AWAY_S)
