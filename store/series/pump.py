"""Moves the journal into the series store, in order, however long the store is away."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from domain.errors import CitybrainError, Misconfigured, Problem, Refused, Temporary
from domain.instants import MICROS_PER_S
from domain.ports import Clock, Journal, SeriesStore
from domain.readings import ReadingBatch
from domain.settlements import Journalled, readings_of
from runtime import logs
from store.series.refusing import RefusedReadings, Sifter
from store.settings import PumpSettings

ENTRIES_AT_ONCE = 64
STOP_LATENCY_S = 0.25
GIVE_BACK_EVERY_S = 5.0

OnRefused = Callable[[RefusedReadings], None]
"""Readings that the store will never take, and its words. After a crash or an outage called again for the same ones."""

_log = logs.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpStatus:
    """`behind_s`: age, by the city's clock, of the oldest entry that is on its way into the store; 0 for none.

    `missed_entries`: pruned from the journal before this store had them; 0 unless somebody changed files.
    """

    ok: bool
    behind_s: float
    behind_entries: int
    last_error: str
    refused_readings: int
    missed_entries: int


class SeriesPump:
    """One thread. Only the pump writes to its store."""

    def __init__(
        self,
        *,
        journal: Journal,
        store: SeriesStore,
        clock: Clock,
        settings: PumpSettings | None = None,
        on_refused: OnRefused | None = None,
    ) -> None:
        """Raises Misconfigured when the store is ahead of the journal: then the two do not belong together."""
        self._journal = journal
        self._store = store
        self._clock = clock
        self._settings = settings or PumpSettings()
        self._on_refused = on_refused or _tell_refused
        self._position = self._committed = store.stored_through()
        _check_same_house(self._position, journal.last_sequence)
        self._oldest_now: int | None = None
        self._failures = self._refused = self._missed = 0
        self._last_error = ""
        self._given_back_at = clock.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="series-pump", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, timeout_s: float = 1.0) -> bool:
        """Ask the thread to end. False when a write hangs longer than that; nothing is lost by leaving it behind."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def stored_through(self) -> int:
        """The journal's entry up to which the store has everything."""
        return self._position

    def status(self) -> PumpStatus:
        """Safe from any thread."""
        behind = self._journal.last_sequence - self._position
        oldest = self._oldest_now
        return PumpStatus(
            ok=not self._last_error,
            behind_s=0.0 if oldest is None else max(0.0, (self._clock.micros() - oldest) / MICROS_PER_S),
            behind_entries=behind,
            last_error=self._last_error,
            refused_readings=self._refused,
            missed_entries=self._missed,
        )

    def step(self) -> float:
        """Move what there is, up to the limits of one write. Returns how many seconds to wait before the next step."""
        try:
            entries = self._gather()
            if not entries:
                return 0.0
            self._oldest_now = entries[0].settlement.now
            self._move(entries)
        except CitybrainError as exc:
            return self._failed(exc)
        self._oldest_now = None
        if self._failures:
            _log.info("series store back", behind_entries=self._journal.last_sequence - self._position)
        self._failures, self._last_error = 0, ""
        is_far_behind = self._journal.last_sequence - self._position > ENTRIES_AT_ONCE
        return 0.0 if is_far_behind else self._settings.linger

    def give_back(self) -> None:
        """Every five seconds: ask the store to let go of what it needs no more. Raises what the store raises."""
        now = self._clock.monotonic()
        if now - self._given_back_at >= GIVE_BACK_EVERY_S:
            self._given_back_at = now
            self._store.give_back()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                is_waiting = self._journal.wait(after=self._position, timeout_s=STOP_LATENCY_S)
                pause = self.step() if is_waiting else 0.0
                self.give_back()
            except Exception as exc:  # noqa: BLE001  whatever it is, the order must survive it and be seen to wait
                pause = self._failed(exc)
            self._stopping.wait(pause)

    def _gather(self) -> list[Journalled]:
        """The next entries: as many as one write may take, at least one if there is one."""
        entries: list[Journalled] = []
        readings = 0
        while len(entries) < self._settings.entries and readings < self._settings.readings:
            after = entries[-1].sequence if entries else self._position
            more = self._journal.read(after=after, limit=min(ENTRIES_AT_ONCE, self._settings.entries - len(entries)))
            for entry in more:
                readings += len(entry.settlement.readings)
                if entries and readings > self._settings.readings:
                    break
                entries.append(entry)
            if not more:
                break
        self._note_gap(entries)
        return entries

    def _note_gap(self, entries: Sequence[Journalled]) -> None:
        if entries and (gap := entries[0].sequence - self._position - 1):
            self._missed += gap
            self._position += gap
            _log.error("journal begins after the store ends", missed_entries=gap, journal_from=entries[0].sequence)

    def _move(self, entries: Sequence[Journalled]) -> None:
        """Write them, and go on past what is refused. Raises Temporary or Misconfigured; `_position` then stays."""
        through = entries[-1].sequence
        batch = readings_of(entries)
        if not len(batch) and through - self._committed < self._settings.entries:
            self._position = through  # ticks alone are not worth a write: the cursor follows with the next readings
            return
        try:
            self._store.write(batch, through=through)
        except Refused as exc:
            self._go_around(entries, batch, exc)
        self._position = self._committed = through

    def _go_around(self, entries: Sequence[Journalled], batch: ReadingBatch, refusal: Refused) -> None:
        """Store the good ones of a batch that was refused, hand over the others; only then the cursor moves."""
        sifter = Sifter(lambda part: self._store.write(part, through=None), refusals=self._settings.refusals)
        words = sifter.sift(batch, refusal)
        rows = np.array(list(words), dtype=np.intp)
        sequences = np.repeat(
            np.array([entry.sequence for entry in entries], dtype=np.int64),
            [len(entry.settlement.readings) for entry in entries],
        )
        through = entries[-1].sequence
        if len(rows):
            self._on_refused(
                RefusedReadings(
                    batch=batch.take(rows), sequence=sequences[rows], words=tuple(words.values()), through=through
                )
            )
            self._refused += len(rows)
        self._store.write(batch.take(np.arange(0)), through=through)

    def _failed(self, exc: Exception) -> float:
        if not self._failures:
            _log.warning(
                "series store away", error=str(exc), behind_entries=self._journal.last_sequence - self._position
            )
        self._last_error = str(exc) or type(exc).__name__
        pause = min(self._settings.first_backoff * 2.0**self._failures, self._settings.longest_backoff)
        self._failures = min(self._failures + 1, 60)
        return max(pause, (exc.retry_after_s or 0.0) if isinstance(exc, Temporary) else 0.0)


def _check_same_house(stored: int, journalled: int) -> None:
    if stored > journalled:
        message = (
            f"has everything through entry {stored}, but the journal ends at {journalled}: they are not of one house; "
            "put the journal back, or move the store's file (InfluxDB: the cursor file) away and begin anew"
        )
        raise Misconfigured([Problem(file="series store", line=None, message=message)])


def _tell_refused(refused: RefusedReadings) -> None:
    _log.error("readings refused by the series store", readings=len(refused.batch), error=refused.words[0])
