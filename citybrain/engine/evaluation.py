"""Reads the journal in order, lets the rules judge it, and records what came of it: once, whatever happens."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cases.service import AlertService
from cases.sittings import Sitting
from citybrain.engine.judging import RuleDesk
from citybrain.engine.memory import Change, RuleMemory
from citybrain.engine.sittings import as_before, together
from citybrain.engine.wishes import Ruling, Wishes
from domain.alerts import Alert, AlertTransition
from domain.errors import Misconfigured, Problem, Temporary
from domain.ports import Clock, Journal, StopAsked
from domain.settlements import Journalled
from runtime import logs

ENTRIES_AT_ONCE = 64
SNAPSHOT_EVERY_S = 10.0
IDLE_S = 0.2
REST_S = 0.05
"""Between two rounds: a busy feed costs twenty transactions a second, not hundreds; no alert waits longer."""
PAUSE_WHEN_AWAY_S = 1.0
RULE_CHANGED = "规则已变更 · rule changed"
"""Why an alert was closed whose rule means something else now."""

_log = logs.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one round did: the entries it recorded and the alert moves that came of them."""

    entries: Sequence[Journalled] = ()
    moves: Sequence[tuple[Alert, AlertTransition]] = ()
    by_reading: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    """(rule, target) of transitions that a reading caused by itself, not a timer."""


class Evaluation:
    """Owner of the rules' state: everything here happens on one thread."""

    def __init__(
        self, *, journal: Journal, desk: RuleDesk, service: AlertService, memory: RuleMemory, clock: Clock
    ) -> None:
        self._journal = journal
        self._desk = desk
        self._service = service
        self._memory = memory
        self._clock = clock
        self._judged = 0
        self._saved = 0
        self._saved_at = clock.monotonic()
        self._problem: str | None = None
        self.wishes = Wishes()

    @property
    def saved_through(self) -> int:
        """The journal may forget what stands at or before this: a restart reads on from here."""
        return self._saved

    @property
    def judged_through(self) -> int:
        return self._judged

    @property
    def problem(self) -> str | None:
        """Why nothing can be recorded at the moment, or None."""
        return self._problem

    def restore(self) -> None:
        """Bring the rules to where the records are: the last snapshot, then the journal without recording again.

        Rules that mean something else than those that wrote the snapshot judge only what comes after the records.
        Raises Misconfigured when the journal ends before the records do: then it is not the journal of these records.
        """
        recorded = self._service.recorded_through()
        if self._journal.last_sequence < recorded:
            message = (
                f"ends at entry {self._journal.last_sequence}, but the records hold everything up to {recorded}:"
                " put back the journal that belongs to them, or move the records away to start anew"
            )
            raise Misconfigured([Problem(file="journal", line=None, message=message)])
        sequence = self._memory.take_up()
        self._judged = self._saved = sequence or 0
        lasts = self._service.sittings(after=self._judged)
        while self._judged < recorded:
            entries = self._journal.read(after=self._judged, limit=min(ENTRIES_AT_ONCE, recorded - self._judged))
            for sitting in as_before(entries, lasts):
                self._desk.judge(sitting)
                self._judged = sitting[-1].sequence
            self._save_now_and_then()  # days of journal take minutes: who is stopped meanwhile goes on from here
        _log.info("rules restored", snapshot=self._saved, recorded=recorded)
        is_other = self._begin_afresh(self._memory.change)
        if self._saved < self._judged or sequence is None or is_other:
            self.save()  # an engine that is ended again and again does not go a longer way at every start

    def _begin_afresh(self, change: Change) -> bool:
        """Whether there were rules with another meaning than before, or rules that are gone."""
        if change.fresh:
            self._service.retire(lambda rule, _: rule not in change.fresh, note=RULE_CHANGED)
        if change.fresh or change.removed:
            _log.warning(
                "rules changed since they last judged, these start fresh",
                changed=sorted(change.changed),
                added=sorted(change.added),
                removed=sorted(change.removed),
            )
        self._memory.start_afresh()
        return bool(change.fresh or change.removed)

    def run(self, stop: StopAsked, on_step: Callable[[Step], None]) -> None:
        """Until asked to stop; `on_step` is called for every round, also for one in which nothing came."""
        rest = threading.Event()
        while not stop():
            self._journal.wait(after=self._judged, timeout_s=IDLE_S)
            for moves in self.wishes.grant(self._exchange):
                on_step(Step(moves=moves))
            on_step(self.step(stop, meanwhile=lambda: on_step(Step())))
            rest.wait(REST_S)
        self.save()

    def step(self, stop: StopAsked, *, meanwhile: Callable[[], None] = lambda: None) -> Step:
        """Judge and record what is waiting. While the records are away it waits for them, calling `meanwhile` each
        second; nothing is lost by it.
        """
        entries = self._journal.read(after=self._judged, limit=ENTRIES_AT_ONCE)
        if not entries:
            return Step()
        judged: list[Sitting] = []
        by_reading: set[tuple[str, str]] = set()
        for sitting in together(entries):
            found, due = self._desk.judge(sitting)
            judged.append(Sitting(entries=sitting, transitions=[*found, *due]))
            by_reading.update((transition.rule, str(transition.target)) for transition in found)
        self._judged = entries[-1].sequence
        moves = self._record(judged, stop, meanwhile)
        self._save_now_and_then()
        return Step(entries=entries, moves=moves, by_reading=frozenset(by_reading))

    def _exchange(self, ruling: Ruling) -> tuple[Change, Sequence[tuple[Alert, AlertTransition]]]:
        """Judge by other rules from the next entry on. Raises Temporary when the records are away: nothing changes."""
        change = Change.between(self._memory.meanings, ruling.meanings)
        moves = self._service.retire(
            lambda rule, target: rule not in change.fresh and ruling.program.is_watched(rule, target),
            note=RULE_CHANGED,
        )
        self._memory.exchange(ruling.program, ruling.meanings)
        self.save()
        return change, moves

    def _save_now_and_then(self) -> None:
        if self._clock.monotonic() - self._saved_at >= SNAPSHOT_EVERY_S:
            self.save()

    def save(self) -> None:
        """Store the rules' state beside the records, so that a restart is short. Not saved is not lost, only slower."""
        try:
            if self._memory.save(self._judged):
                self._saved = self._judged
        except Temporary as exc:
            _log.warning("rules not saved", error=str(exc))
        self._saved_at = self._clock.monotonic()

    def _record(
        self,
        judged: Sequence[Sitting],
        stop: StopAsked,
        meanwhile: Callable[[], None],
    ) -> Sequence[tuple[Alert, AlertTransition]]:
        pause = threading.Event()
        while not stop():
            try:
                moves = self._service.record_many(judged)
            except Temporary as exc:
                self._tell(str(exc))
                meanwhile()
                pause.wait(PAUSE_WHEN_AWAY_S)
            else:
                self._tell(None)
                return moves
        return ()

    def _tell(self, problem: str | None) -> None:
        if problem is not None and self._problem is None:
            _log.error("records away, alerts wait", error=problem)
        elif problem is None and self._problem is not None:
            _log.info("records back")
        self._problem = problem
