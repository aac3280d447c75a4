"""Periodic work of the engine on APScheduler: outbox, retention, lamp schedule; each may fail without the others."""

from collections.abc import Callable
from datetime import UTC, timedelta
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from citybrain.engine.building import Parts
from citybrain.engine.dropped import count_dropped
from citybrain.engine.forgetting import OldRecords
from citybrain.engine.lighting import Lighting
from domain.errors import CitybrainError
from domain.instants import to_micros
from runtime import logs

OUTBOX_EVERY_S = 2.0
LAMPS_EVERY_S = 60.0
ROOM_EVERY_S = 5.0
"""Cursor that counts readings which the journal let go before the series store had them."""
REFUSED_EVERY_S = 15.0

_log = logs.get(__name__)


class Schedule:
    """Owns the scheduler's threads; one run of a job at a time, missed runs are made up by one."""

    def __init__(self, parts: Parts, lighting: Lighting) -> None:
        self._parts = parts
        executors = {"default": ThreadPoolExecutor(2), "notices": ThreadPoolExecutor(1)}
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = BackgroundScheduler(executors=executors, job_defaults=defaults, timezone=UTC)
        every = parts.installation.settings.retention.every
        rollups = parts.installation.settings.series.rollups
        self._deliver = self._add(
            "outbox retry", lambda: parts.deliverer.run_once(parts.clock.now()), OUTBOX_EVERY_S, "notices"
        )
        self._add("lamp schedule", lambda: lighting.renew(parts.clock.micros()), LAMPS_EVERY_S, "default")
        self._add("refused readings again", parts.refusals.write_again, REFUSED_EVERY_S, "default")
        if rollups.enabled:
            self._add("rollups of readings", lambda: parts.roller.run_once(parts.clock.now()), rollups.every, "default")
        self._add("retention of readings", lambda: parts.roller.forget(parts.clock.now()), every, "default")
        self._add("retention of the journal", self._forget_old_settlements, every, "default")
        self._add("room in the journal", self._make_room, ROOM_EVERY_S, "default")
        self._add("retention of the quarantine", self._forget_old_quarantine, every, "default")
        old = OldRecords(parts.records, parts.installation.settings.records, parts.clock)
        self._add("retention of records", old.forget, every, "default")

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Does not wait for a delivery that hangs: what is not marked as sent is sent again, with the same key."""
        self._parts.roller.stop()
        self._scheduler.shutdown(wait=False)

    def deliver_soon(self) -> None:
        """Something new is in the outbox. The scheduler itself asks for the time: ours may be ahead of the machine's
        after that was set back, and nobody would be told until it has caught up."""
        self._scheduler.add_job(
            self._deliver,
            id="outbox now",
            executor="notices",
            replace_existing=True,
            max_instances=2,  # one at work may have looked into the outbox too early
        )

    def _add(self, name: str, job: Callable[[], object], every_s: float, executor: str) -> Callable[[], None]:
        """The job as it runs: what it raises on purpose is told, and it runs again next time."""

        def guarded() -> None:
            try:
                job()
            except CitybrainError as exc:
                _log.warning("periodic work failed, it is tried again", job=name, error=str(exc))

        self._scheduler.add_job(guarded, "interval", seconds=every_s, id=name, executor=executor)
        return guarded

    def _make_room(self) -> None:
        """For a journal with a limit."""
        parts = self._parts
        judged = parts.evaluation.saved_through
        read = min(parts.store.stored_through(), judged)
        parts.journal.make_room(read=read, judged=judged, dropping=partial(count_dropped, parts.records))

    def _forget_old_quarantine(self) -> None:
        keep = timedelta(seconds=self._parts.installation.settings.records.quarantine_keep)
        with self._parts.records.transaction() as books:
            gone = books.quarantine.expire(received_before=self._parts.clock.now() - keep)
        if gone:
            _log.info("quarantine entries expired", entries=gone)

    def _forget_old_settlements(self) -> None:
        """Apart from the readings: a store that will not delete must not let the journal fill the disk."""
        parts = self._parts
        keep = timedelta(seconds=parts.installation.settings.journal.keep)
        parts.journal.prune(
            through=min(parts.store.stored_through(), parts.evaluation.saved_through),
            received_before=to_micros(parts.clock.now() - keep),
        )
