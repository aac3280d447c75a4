"""The durable order of everything received: segment files of checksummed records, on the disk when `append` returns."""

import fcntl
import os
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import msgspec

from domain.errors import Refused, Temporary
from domain.readings import Vocabulary
from domain.settlements import Journalled, Settlement
from runtime import logs
from store.journal_recent import Recent
from store.journal_records import Decoder, encode, speakable
from store.journal_segments import HEADER, SUFFIX, Segment, damage, sync_directory
from store.journal_tail import Tail
from store.settings import JournalSettings, WhenFull

INDEXED_SEGMENTS = 4
"""How many older segments keep their index in memory: about as many as there are readers far behind."""

_log = logs.get(__name__)


class Journal:
    """Implements domain.ports.Journal on a directory. One process at a time; reading is safe from any thread."""

    def __init__(self, directory: Path, *, vocabulary: Vocabulary, settings: JournalSettings | None = None) -> None:
        """Opens or creates. A write that a crash tore off at the very end is cut away and logged.

        Raises Misconfigured for damage anywhere else, Refused when another process has the journal open, Temporary
        when the disk does not let it be opened.
        """
        self._directory = directory
        self._settings = settings or JournalSettings()
        self._decoder = Decoder(vocabulary)
        self._decoding = threading.Lock()
        self._recent = Recent(vocabulary)
        self._writing = threading.Lock()
        self._pruning = threading.Lock()
        self._grown = threading.Condition()
        self._indexing = threading.Lock()
        self._indexed: OrderedDict[int, Segment] = OrderedDict()
        self._written_until: dict[int, int] = {}
        with _openable(directory):
            directory.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(directory)
            try:
                self._firsts, self._active = self._recover()
                self._tail = self._open_tail(self._active)
            except BaseException:
                os.close(self._lock)
                raise
        self._last = self._active.next_sequence - 1
        self._older_bytes = sum(self._path(first).stat().st_size for first in self._firsts[:-1])
        self._is_ragged = self._is_rolling = False

    def append(self, settlement: Settlement) -> int:
        """See the port. After Temporary the file ends where it ended before."""
        settlement = speakable(settlement)
        body = encode(settlement)
        with self._writing:
            self._refuse_beyond_the_limit(body)
            try:
                return self._append(body, settlement)
            except OSError as exc:
                self._cut_back()
                reason = exc.strerror or str(exc)
                message = f"journal {self._directory} cannot be written: {reason}; free space or mend the disk"
                raise Temporary(message) from exc

    def read(self, *, after: int, limit: int) -> Sequence[Journalled]:
        """See the port. Begins with the oldest entry that still exists when older ones were pruned."""
        sequence = max(after + 1, self.first_sequence)
        entries = self._recent.from_on(sequence, limit=limit)
        if entries:
            return entries
        while len(entries) < limit and sequence <= self.last_sequence:
            try:
                entries += self._read_segment(sequence, limit=min(limit - len(entries), self._last + 1 - sequence))
            except FileNotFoundError:
                if sequence >= self.first_sequence:  # not pruned under our hands, but gone
                    raise
            sequence = max(entries[-1].sequence + 1 if entries else sequence, self.first_sequence)
        return entries

    def wait(self, *, after: int, timeout_s: float) -> bool:
        with self._grown:
            return self._grown.wait_for(lambda: self._last > after, timeout_s)

    @property
    def last_sequence(self) -> int:
        """0 for a journal without entries."""
        return self._last

    @property
    def first_sequence(self) -> int:
        """The oldest entry that `read` can still give; last_sequence + 1 when there is none."""
        return self._firsts[0]

    @property
    def size(self) -> int:
        """Bytes of all segments."""
        return self._older_bytes + self._active.end

    def prune(self, *, through: int, received_before: int) -> int:
        """Delete the whole segments at or before `through` whose last settlement is from before `received_before`
        (microseconds). The segment that is being written always stays. Returns how many entries are gone.
        """
        pruned = 0
        with self._pruning:
            while len(self._firsts) > 1:
                first, following = self._firsts[0], self._firsts[1]
                if following - 1 > through or self._last_now(first) >= received_before:
                    break
                self._forget(first)
                pruned += following - first
            if pruned:
                sync_directory(self._directory)
        return pruned

    def make_room(
        self, *, read: int, judged: int, dropping: Callable[[Sequence[Journalled]], None] = lambda _: None
    ) -> None:
        """Near its limit the journal deletes its oldest segments before their age: those that everybody has `read`, and
        if it may drop, those that the rules have `judged`. `dropping` is told the unread entries of a segment before it
        goes, so that a kill between the two loses no count; the same entries may be told again after one.
        """
        with self._pruning:
            while self._is_nearly_full() and len(self._firsts) > 1:
                first, last = self._firsts[0], self._firsts[1] - 1
                if last > read:
                    if self._settings.when_full is not WhenFull.DROP or last > judged:
                        break
                    dropping(self._read_segment(max(first, read + 1), limit=last - read))
                self._forget(first)
                sync_directory(self._directory)

    def _is_nearly_full(self) -> bool:
        settings = self._settings
        return settings.limit is not None and self.size > settings.limit - 2 * settings.segment_bytes

    def close(self) -> None:
        """Give the journal free for another process. Closing twice is not an error."""
        with self._writing:
            if self._lock >= 0:
                self._tail.close(at=self._active.end)
                os.close(self._lock)
                self._lock = -1

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _refuse_beyond_the_limit(self, body: bytes) -> None:
        limit = self._settings.limit
        if limit is not None and self.size + len(body) > limit:
            message = (
                f"journal {self._directory} holds {self.size} bytes, its limit is {limit}: whoever reads it is behind;"
                " mend the series store or raise journal.limit"
            )
            raise Temporary(message)

    def _append(self, body: bytes, settlement: Settlement) -> int:
        if self._is_ragged:
            self._tail.cut(self._active.end)
            self._is_ragged = False
        sequence = self._last + 1
        is_full = bool(self._active.offsets) and self._active.end + len(body) > self._settings.segment_bytes
        if is_full or self._is_rolling:
            self._roll(sequence)
        frame = self._active.frame(sequence, body)
        self._tail.write(frame, at=self._active.end)
        self._recent.remember(Journalled(sequence=sequence, settlement=settlement), size=len(body))
        with self._grown:
            self._active.note(len(frame))
            self._last = sequence
            self._grown.notify_all()
        return sequence

    def _roll(self, sequence: int) -> None:
        self._is_rolling = True  # until it has worked: the file named for `sequence` may exist from here on
        fresh = Segment.create(self._directory, first=sequence)
        tail = self._open_tail(fresh)
        self._tail.close(at=self._active.end)
        self._is_rolling = False
        with self._indexing:
            self._remember(self._active)
        self._firsts = (*self._firsts, sequence)
        self._older_bytes += self._active.path.stat().st_size
        self._active, self._tail = fresh, tail

    def _open_tail(self, segment: Segment) -> Tail:
        return Tail(segment.path, most=self._settings.segment_bytes)

    def _cut_back(self) -> None:
        """Leave nothing half-written. When even that fails, the next append does it before it writes."""
        try:
            self._tail.cut(self._active.end)
        except OSError as exc:
            self._is_ragged = True
            _log.warning("journal tail not cut back yet", directory=str(self._directory), error=str(exc))

    def _read_segment(self, sequence: int, *, limit: int) -> list[Journalled]:
        segment = self._segment_of(sequence)
        entries = []
        for number, body in segment.bodies(sequence, limit=limit):
            try:
                with self._decoding:
                    settlement = self._decoder.decode(body)
            except (msgspec.DecodeError, ValueError, KeyError, IndexError) as exc:
                place = segment.offsets[number - segment.first]
                raise damage(segment.path, place, f"record {number} cannot be decoded ({exc})") from exc
            entries.append(Journalled(sequence=number, settlement=settlement))
        return entries

    def _segment_of(self, sequence: int) -> Segment:
        active = self._active  # before _firsts, which a roll changes first: whatever is older stands in there
        firsts = self._firsts
        if sequence >= active.first:
            return active
        place = bisect_right(firsts, sequence) - 1
        return self._index(firsts[place], following=firsts[place + 1])

    def _index(self, first: int, *, following: int) -> Segment:
        """The older segment with its index, which is built by following the frames of this one file."""
        with self._indexing:
            if first not in self._indexed:
                segment = Segment.open(self._path(first))
                segment.scan(verified=False)
                if segment.next_sequence != following:
                    what = f"record {segment.next_sequence} is unreadable, {following - 1} should be the last"
                    raise damage(segment.path, segment.end, what)
                self._remember(segment)
            self._indexed.move_to_end(first)
            return self._indexed[first]

    def _remember(self, segment: Segment) -> None:
        self._indexed[segment.first] = segment
        while len(self._indexed) > INDEXED_SEGMENTS:
            self._indexed.popitem(last=False)

    def _last_now(self, first: int) -> int:
        """The city's time at the last settlement of an older segment."""
        if first not in self._written_until:
            last = self._firsts[self._firsts.index(first) + 1] - 1
            self._written_until[first] = self._read_segment(last, limit=1)[0].settlement.now
        return self._written_until[first]

    def _forget(self, first: int) -> None:
        """Take the oldest segment away."""
        size = self._path(first).stat().st_size
        with self._writing:
            self._firsts = self._firsts[1:]
            self._older_bytes -= size
        with self._indexing:
            self._indexed.pop(first, None)
        self._written_until.pop(first, None)
        self._path(first).unlink()

    def _path(self, first: int) -> Path:
        return self._directory / f"{first:012d}{SUFFIX}"

    def _recover(self) -> tuple[tuple[int, ...], Segment]:
        firsts = sorted(int(path.stem) for path in self._directory.glob(f"*{SUFFIX}") if path.stem.isdigit())
        if not firsts:
            return (1,), Segment.create(self._directory, first=1)
        path = self._path(firsts[-1])
        if path.stat().st_size <= HEADER.size and not _is_headed(path):
            _log.warning("journal segment without header begun anew", file=str(path))
            return tuple(firsts), Segment.create(self._directory, first=firsts[-1])
        active = Segment.open(path)
        size = active.scan(verified=True)
        if size > active.end and active.has_anything_beyond_end():
            _cut_torn_tail(active, size)
        return tuple(firsts), active


@contextmanager
def _openable(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        message = f"journal {directory} cannot be opened: {exc.strerror or exc}; free space or mend the disk"
        raise Temporary(message) from exc


def _cut_torn_tail(segment: Segment, size: int) -> None:
    if segment.has_record_beyond_end():
        raise damage(segment.path, segment.end, f"record {segment.next_sequence} is unreadable, but others follow it")
    with segment.path.open("r+b") as file:
        file.truncate(segment.end)
        os.fsync(file.fileno())
    _log.warning("torn end of journal cut", file=str(segment.path), at=segment.end, bytes=size - segment.end)


def _is_headed(path: Path) -> bool:
    """A crash between creating a segment and writing its header leaves an empty or cut file, which holds nothing."""
    return path.stat().st_size == HEADER.size and any(path.read_bytes())


def _lock(directory: Path) -> int:
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        os.close(descriptor)
        raise Refused(f"journal {directory} is open in another process; stop that one first") from exc
    return descriptor
