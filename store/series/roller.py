"""Keeps the rollups of a store in step with its readings: follows the journal and makes touched windows anew."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta

from domain.errors import Refused
from domain.instants import MICROS_PER_S, from_micros, to_micros
from domain.metrics import Catalogue
from domain.ports import Journal
from runtime import logs
from store.series.levels import LeveledStore, Reach, Rolled, reaching
from store.series.rollups import Level, merged, rolled_up
from store.series.windows import Run, Window, minutes_of, runs
from store.settings import SeriesSettings

ENTRIES_AT_ONCE = 64
ENTRIES_BETWEEN_SETTLING = 4_096
CLOSING_US = 60 * MICROS_PER_S
"""A window is made this long after its end; what comes later makes it anew."""
AHEAD_US = 300 * MICROS_PER_S
"""Devices' clocks may be ahead by the default of ingest.future_skew."""

_log = logs.get(__name__)


class Roller:
    """`run_once` and `forget` may be called from any thread; one at a time gets through."""

    def __init__(
        self, *, journal: Journal, store: LeveledStore, catalogue: Catalogue, settings: SeriesSettings | None = None
    ) -> None:
        self._journal = journal
        self._store = store
        self._catalogue = catalogue
        self._settings = settings or SeriesSettings()
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._position: int | None = None
        self._touched: dict[Level, dict[Window, int]] = {Level.MINUTE: {}, Level.HOUR: {}}
        """Windows to be made, each with the first journal entry that asks for it."""

    def run_once(self, now: datetime) -> int:
        """Make what is due; how many windows. Raises Temporary when the store is away: nothing is forgotten by that."""
        made = 0
        with self._guard:
            rolled = self._begin()
            is_behind = True
            while is_behind:
                is_behind = self._follow()
                closed = min(to_micros(now), self._unread_since(now)) - CLOSING_US
                made += self._make(Level.MINUTE, rolled, closed) + self._make(Level.HOUR, rolled, closed)
                if self._stopping.is_set():
                    break  # not settled: what is missing is made by the run after the next start
                rolled = self._settle(rolled, closed)
        return made

    def stop(self) -> None:
        """A run that is under way ends soon, and a later one does nothing. From any thread."""
        self._stopping.set()

    def forget(self, now: datetime) -> None:
        """Retention of all levels. Readings go by whole hours, and not before these are rolled up.

        Raises Refused for a server that will not delete.
        """
        settings = self._settings
        with self._guard:
            rolled = self._rolled()
            for level, keep in (
                (Level.MINUTE, settings.rollups.keep_minutes),
                (Level.HOUR, settings.rollups.keep_hours),
            ):
                if keep is not None and rolled.reach(level).end:
                    rolled = self._forget_level(rolled, level, _before(now, keep))
            if settings.keep is not None:
                self._forget_readings(rolled, _before(now, settings.keep))

    def _forget_readings(self, rolled: Rolled, before: int) -> None:
        if self._settings.rollups.enabled:
            before = min(before, rolled.hours.end)
        raw_from = max(before // Level.HOUR.micros * Level.HOUR.micros, rolled.raw_from)
        self._store.settle_rolled(replace(rolled, raw_from=raw_from))
        self._store.delete_before(from_micros(raw_from))

    def _forget_level(self, rolled: Rolled, level: Level, before: int) -> Rolled:
        reach = rolled.reach(level)
        begin = max(reach.begin, min(before, rolled.hours.end) // Level.HOUR.micros * Level.HOUR.micros)
        rolled = reaching(rolled, level, Reach(begin=begin, end=max(reach.end, begin)))
        self._store.settle_rolled(rolled)
        self._store.delete_rollups(level, from_micros(begin))
        return rolled

    def _rolled(self) -> Rolled:
        return self._store.rolled() or Rolled()

    def _begin(self) -> Rolled:
        """Where the run before this one ended. What the journal has lost since then leaves a gap that cannot be made:
        the levels begin anew with the next full hour, and what is older is answered from the readings.
        """
        rolled = self._rolled()
        position = rolled.through if self._position is None else self._position
        oldest = self._journal.read(after=position, limit=1)
        if oldest and oldest[0].sequence > position + 1:
            position = oldest[0].sequence - 1
            begin = -(-(oldest[0].settlement.now + AHEAD_US) // Level.HOUR.micros) * Level.HOUR.micros
            reach = Reach(begin=begin, end=begin)
            rolled = replace(rolled, minutes=reach, hours=reach)
            _log.warning("rollups begin anew, the journal does not reach back", begin=from_micros(begin).isoformat())
        self._position = position
        return rolled

    def _follow(self) -> bool:
        """Note the windows of what was stored since the last time. False when there is no more of it."""
        began = position = self._position or 0
        stored = self._store.stored_through()
        goal = min(stored, position + ENTRIES_BETWEEN_SETTLING)
        while position < goal and not self._stopping.is_set():
            entries = self._journal.read(after=position, limit=min(ENTRIES_AT_ONCE, goal - position))
            entries = [entry for entry in entries if entry.sequence <= goal]
            if not entries:
                break
            for window in minutes_of(entries):
                self._touched[Level.MINUTE].setdefault(window, entries[0].sequence)
            position = entries[-1].sequence
        self._position = position
        return began < position < stored

    def _unread_since(self, now: datetime) -> int:
        """Arrival of the oldest entry that was not followed yet: what it touches is still missing."""
        unread = self._journal.read(after=self._position or 0, limit=1)
        return unread[0].settlement.now if unread else to_micros(now)

    def _make(self, level: Level, rolled: Rolled, closed: int) -> int:
        touched = self._touched[level]
        due = [window for window in touched if window.start + level.micros <= closed]
        for run in runs(due, level):
            if self._stopping.is_set():
                return 0
            begin = max(run.start, rolled.raw_from, rolled.minutes.begin)
            if begin < run.end and run.metric in self._catalogue:
                self._make_run(level, run._replace(start=begin))
            for start in range(run.start, run.end, level.micros):
                sequence = touched.pop(Window(run.metric, start), None)
                if level is Level.MINUTE and sequence is not None:
                    hour = Window(run.metric, start // Level.HOUR.micros * Level.HOUR.micros)
                    self._touched[Level.HOUR].setdefault(hour, sequence)
        return len(due)

    def _make_run(self, level: Level, run: Run) -> None:
        averaging = self._catalogue[run.metric].averaging
        try:
            if level is Level.MINUTE:
                few = self._store.columns(run.metric, (), run.start, run.end)
                rows = rolled_up(averaging, device=few.device, at=few.at, value=few.value, level=level)
            else:
                minutes = self._store.rollups(Level.MINUTE, run.metric, (), run.start, run.end)
                rows = merged(averaging, minutes, level=level)
            self._store.write_rollups(level, run.metric, rows, start=run.start, end=run.end)
        except Refused as exc:  # one metric that the server has another type for must not hold up the others
            _log.error("rollups refused by the series store", metric=run.metric, level=level.suffix, error=str(exc))

    def _settle(self, rolled: Rolled, closed: int) -> Rolled:
        waiting = [sequence for touched in self._touched.values() for sequence in touched.values()]
        through = min(waiting) - 1 if waiting else self._position or 0
        settled = replace(rolled, through=max(through, rolled.through))
        for level in Level:
            reach = rolled.reach(level)
            end = max(reach.end, reach.begin, closed // level.micros * level.micros)
            settled = reaching(settled, level, replace(reach, end=end))
        if settled != rolled or self._store.rolled() is None:
            self._store.settle_rolled(settled)
        return settled


def _before(now: datetime, keep: float) -> int:
    return to_micros(now - timedelta(seconds=keep))
