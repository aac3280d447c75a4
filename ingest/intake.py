"""The loop of the intake: receive, settle, journal, and only then acknowledge."""

from collections.abc import Callable, Sequence
from time import sleep

from domain.errors import Temporary
from domain.messages import Message
from domain.ports import Clock, Journal, Redrive, Session, StopAsked
from domain.settlements import Settlement
from ingest.backoff import Backoff
from ingest.gathering import Gathering
from ingest.pipeline import Pipeline
from ingest.settings import IngestSettings
from runtime import logs

RETRY_FIRST_S = 0.5
RETRY_LONGEST_S = 10.0
BATCH_BYTES = 32 * 1024 * 1024
"""Of payload: a batch with more is settled at once, however few messages it has."""
REDRIVE_EVERY_S = 0.2
_STOP_SEEN_AFTER_S = 0.25
"""A wish to stop is noticed within this time."""

_log = logs.get(__name__)


class Intake:
    """Owns the session, the pipeline and the writing end of the journal. One thread."""

    def __init__(  # noqa: PLR0913  every one is a seam of its own
        self,
        session: Session,
        pipeline: Pipeline,
        journal: Journal,
        clock: Clock,
        settings: IngestSettings,
        *,
        redrive: Redrive | None = None,
        pause: Callable[[float], None] = sleep,
    ) -> None:
        self._session = session
        self._pipeline = pipeline
        self._journal = journal
        self._clock = clock
        self._settings = settings
        self._statistics = pipeline.statistics
        self._redrive = redrive
        self._redrive_asked_at = float("-inf")
        self._pause = pause
        self._gathering = Gathering(settings)
        self._backoff = Backoff(first=RETRY_FIRST_S, longest=RETRY_LONGEST_S)
        self._settled_at = clock.monotonic()
        self._problem: str | None = None

    def run(self, stop: StopAsked) -> None:
        """Work until asked to stop, then leave the session as it is: what is not acknowledged comes again."""
        self._pipeline.rebuild(self._journal, now=self._clock.micros())
        try:
            while not stop():
                self.step(stop)
        finally:
            self._session.close()

    def step(self, stop: StopAsked) -> None:
        """One micro-batch, or one tick when nothing came."""
        messages = self._gather(stop)
        if messages:
            settlement = self._pipeline.settle(messages, self._clock.micros())
            if self._append(settlement, stop):
                self._session.acknowledge(messages)
                self._statistics.stored(settlement.ledger, self._pipeline.sent, now=self._clock.micros())
        elif self._clock.monotonic() - self._settled_at >= self._settings.tick:
            self._append(self._pipeline.tick(self._clock.micros()), stop)
        self._drive_again(stop)

    def _drive_again(self, stop: StopAsked) -> None:
        """Between two batches, what somebody wants out of the quarantine: live messages wait for one portion."""
        now = self._clock.monotonic()
        if self._redrive is None or now - self._redrive_asked_at < REDRIVE_EVERY_S:
            return
        self._redrive_asked_at = now
        if waiting := self._redrive.waiting():
            self._append(self._pipeline.redrive(waiting, self._clock.micros()), stop)

    def _gather(self, stop: StopAsked) -> Sequence[Message]:
        messages = list(self._receive(self._until_tick()))
        size = _size(messages)
        while messages and size < BATCH_BYTES and not stop():
            patience_s = self._gathering.patience_s(now=self._clock.monotonic())
            if patience_s is None:
                break
            more = self._receive(patience_s)
            messages += more
            size += _size(more)
        if messages:
            self._gathering.settled(now=self._clock.monotonic())
            self._statistics.arrived(messages, monotonic=self._clock.monotonic())
        return messages

    def _receive(self, wait_s: float) -> Sequence[Message]:
        messages = self._session.receive(wait_s=wait_s)
        now = self._clock.monotonic()
        self._statistics.connected(self._session.connections())
        self._gathering.arrived(len(messages), now=now)
        return messages

    def _until_tick(self) -> float:
        left = self._settled_at + self._settings.tick - self._clock.monotonic()
        # A new connection needs a little time in one piece.
        return max(0.0, min(_STOP_SEEN_AFTER_S, left)) if self._session.is_connected() else _STOP_SEEN_AFTER_S * 4

    def _append(self, settlement: Settlement, stop: StopAsked) -> bool:
        """Make it durable, however long that takes. False when asked to stop before it was."""
        while True:
            try:
                self._journal.append(settlement)
            except Temporary as exc:
                self._tell(str(exc))
            else:
                self._tell(None)
                self._settled_at = self._clock.monotonic()
                return True
            if self._stops_within(self._backoff.next_wait(), stop):
                return False

    def _stops_within(self, wait_s: float, stop: StopAsked) -> bool:
        """Receive nothing meanwhile: the broker keeps what we do not take. If it gives us up, it delivers again."""
        until = self._clock.monotonic() + wait_s
        while not stop() and (left := until - self._clock.monotonic()) > 0:
            self._pause(min(left, _STOP_SEEN_AFTER_S))
        return stop()

    def _tell(self, problem: str | None) -> None:
        if problem is None and self._problem is None:
            return
        if problem is None:
            _log.info("journal takes settlements again")
            self._backoff.reset()
        elif self._problem is None:
            _log.error("journal takes nothing: readings wait at the broker, unacknowledged", reason=problem)
        self._problem = problem
        self._statistics.journal(problem)


def _size(messages: Sequence[Message]) -> int:
    """Bytes of payload."""
    return sum([len(message.payload) for message in messages])
