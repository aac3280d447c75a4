"""One segment file of the journal: its header, the frame around each record, and the index of where records begin.

File: header (magic, salt, first sequence), then records (marker, length, CRC-32, sequence, body), all little-endian.
Marker and CRC start from the file's own random salt: bytes out of a quarantined message cannot pose as a record.
"""

import mmap
import os
import secrets
import struct
import zlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import Misconfigured, Problem

MAGIC = b"CBJRNL01"
HEADER = struct.Struct("<8s8sQ")
FRAME = struct.Struct("<4sIIQ")
_SIGNED = struct.Struct("<IQ")
SUFFIX = ".journal"


class Segment:
    """A file and where its records stand: `offsets[i]` is the place of record `first + i`, `end` is after the last."""

    def __init__(self, path: Path, *, first: int, salt: bytes) -> None:
        self.path = path
        self.first = first
        self._marker = salt[:4]
        self._seed = zlib.crc32(salt)
        self.offsets = array("q")
        self.end = HEADER.size

    @classmethod
    def create(cls, directory: Path, *, first: int) -> "Segment":
        """A new file, durable including its name. Raises OSError; the same call again puts right what it left."""
        path = directory / f"{first:012d}{SUFFIX}"
        salt = secrets.token_bytes(8)
        with path.open("wb") as file:
            file.write(HEADER.pack(MAGIC, salt, first))
            file.flush()
            os.fsync(file.fileno())
        sync_directory(directory)
        return cls(path, first=first, salt=salt)

    @classmethod
    def open(cls, path: Path) -> "Segment":
        """A file that exists, not yet scanned. Raises Misconfigured when it is not a segment."""
        first = int(path.stem)
        with path.open("rb") as file:
            header = file.read(HEADER.size)
        if len(header) < HEADER.size:
            raise damage(path, len(header), "the header is cut short")
        magic, salt, told = HEADER.unpack(header)
        if magic != MAGIC or told != first:
            raise damage(path, 0, "this is no journal segment, or it was renamed")
        return cls(path, first=first, salt=salt)

    @property
    def next_sequence(self) -> int:
        return self.first + len(self.offsets)

    def frame(self, sequence: int, body: bytes) -> bytes:
        """The record as it stands in the file."""
        return FRAME.pack(self._marker, len(body), self._crc(sequence, body), sequence) + body

    def note(self, length: int) -> None:
        """A record of `length` bytes (with its frame) has become durable at the end."""
        self.offsets.append(self.end)
        self.end += length

    def scan(self, *, verified: bool) -> int:
        """Find the records; returns the length of the file, which is beyond `end` when something unreadable follows.

        `verified` checks every CRC; otherwise only the frames are followed, and reading checks the CRC later.
        """
        self.offsets, self.end = array("q"), HEADER.size
        with self._mapped() as view:
            size = len(view)
            while (length := self._record_at(view, self.end, verified=verified)) is not None:
                self.note(length)
            return size

    def has_anything_beyond_end(self) -> bool:
        """Else there are zeros at most: room made ahead for records that never came."""
        with self._mapped() as view:
            return view[self.end :].count(0) < len(view) - self.end

    def has_record_beyond_end(self) -> bool:
        """Whether a whole, valid record follows the unreadable place: then this is damage and no torn write."""
        with self._mapped() as view:
            place = view.find(self._marker, self.end + 1)
            while place >= 0:
                if self._whole_record(view, place):
                    return True
                place = view.find(self._marker, place + 1)
        return False

    def bodies(self, sequence: int, *, limit: int) -> Iterator[tuple[int, bytes]]:
        """Sequence and body of up to `limit` records from `sequence` on, each checked against its CRC."""
        last = min(sequence + limit, self.next_sequence)
        if sequence >= last:
            return
        with self.path.open("rb") as file:
            file.seek(self.offsets[sequence - self.first])
            for expected in range(sequence, last):
                yield expected, self._body(file.read(FRAME.size), file.read, expected)

    def _body(self, head: bytes, read: Callable[[int], bytes], expected: int) -> bytes:
        place = self.offsets[expected - self.first]
        if len(head) == FRAME.size:
            marker, length, crc, sequence = FRAME.unpack(head)
            body = read(length)
            intact = len(body) == length and crc == self._crc(sequence, body)
            if marker == self._marker and sequence == expected and intact:
                return body
        raise damage(self.path, place, f"record {expected} does not match its checksum")

    def _record_at(self, view: mmap.mmap, place: int, *, verified: bool) -> int | None:
        """The length of the next expected record when it stands at `place`, with its frame."""
        if place + FRAME.size > len(view):
            return None
        length: int
        marker, length, crc, sequence = FRAME.unpack_from(view, place)
        whole = FRAME.size + length
        if marker != self._marker or sequence != self.next_sequence or place + whole > len(view):
            return None
        if verified and crc != self._crc(sequence, view[place + FRAME.size : place + whole]):
            return None
        return whole

    def _whole_record(self, view: mmap.mmap, place: int) -> bool:
        if place + FRAME.size > len(view):
            return False
        _, length, crc, sequence = FRAME.unpack_from(view, place)
        body = view[place + FRAME.size : place + FRAME.size + length]
        return len(body) == length and bool(crc == self._crc(sequence, body))

    def _crc(self, sequence: int, body: bytes) -> int:
        return zlib.crc32(body, zlib.crc32(_SIGNED.pack(len(body), sequence), self._seed))

    @contextmanager
    def _mapped(self) -> Iterator[mmap.mmap]:
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            yield view


def damage(path: Path, offset: int, what: str) -> Misconfigured:
    """The error for a file that no crash of ours can have left behind."""
    advice = "the disk or somebody else changed it; restore the file from a copy, or move the whole journal away"
    return Misconfigured([Problem(file=str(path), line=None, message=f"damaged at byte {offset}: {what}; {advice}")])


def sync_directory(directory: Path) -> None:
    """Make names in the directory durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
