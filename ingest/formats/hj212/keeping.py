"""Parts of split packets on disk, where a kill does not reach them: the broker has been told that we have them."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.instants import MICROS_PER_S
from runtime import logs

SPAN_S = 600.0
"""Of receipt, in one file. A file is removed when it is two spans old: longer than parts wait for each other."""

_log = logs.get(__name__)


Key = tuple[str, str, str]
"""MN, QN and CN of a set of parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a set of parts said is in the journal; `received` of the message with which it ended, in microseconds."""

    received: int
    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One frame with the time of its receipt, in microseconds."""

    received: int
    frame: bytes


class KeptParts:
    """A folder with a file for each span of time. It is made when the first part waits: most sites never have one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_failing = False
        self._synced: Path | None = None
        """The file whose name is surely on the disk."""

    def recall(self) -> Iterator[Kept | Ended]:
        """What was kept, in order. A line that a kill has cut off is passed over: its part was not acknowledged."""
        for file in self._files():
            for line in filter(None, file.read_bytes().split(b"\n")):
                try:
                    yield _read(json.loads(line))
                except (ValueError, KeyError, TypeError):
                    _log.warning("kept part of an HJ 212 packet cannot be read", file=str(file), line=repr(line[:200]))

    def keep(self, part: Kept, *, surely: bool) -> None:
        """Write it; `surely`: through to the disk, before anybody is told that we have it. A disk that takes nothing is
        told once: the part waits in memory alone then, as the journal does not move either.
        """
        self._note(part.received, {"frame": part.frame.decode("latin-1")}, surely=surely)

    def end(self, ended: Ended) -> None:
        """Nobody has to be told of this set again. Not forced to the disk: at worst it is told once more."""
        self._note(ended.received, {"ended": list(ended.key)}, surely=False)

    def _note(self, received: int, content: Mapping[str, object], *, surely: bool) -> None:
        span = received // round(SPAN_S * MICROS_PER_S)
        try:
            self._write(self._folder / f"{span:012d}.jsonl", {"received": received, **content}, surely=surely)
        except OSError as exc:
            if not self._is_failing:
                _log.error("parts of HJ 212 packets cannot be kept; a kill loses them", reason=str(exc))
            self._is_failing = True
        else:
            self._is_failing = False

    def _write(self, file: Path, content: Mapping[str, object], *, surely: bool) -> None:
        # The end of the line stands before it: one that a kill has cut off must not spoil the next.
        line = "\n" + json.dumps(content)
        if not file.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            for old in self._files():
                if old.stem < f"{int(file.stem) - 2:012d}":
                    old.unlink()
        with file.open("ab") as stream:
            stream.write(line.encode())
            stream.flush()
            if surely:
                os.fsync(stream.fileno())
        if surely and self._synced != file:
            _sync_folder(self._folder)
            self._synced = file

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.jsonl"))


def _read(fields: Mapping[str, Any]) -> Kept | Ended:
    """Raises ValueError, KeyError or TypeError for what is neither."""
    received = int(fields["received"])
    if "ended" in fields:
        mn, qn, cn = map(str, fields["ended"])
        return Ended(received=received, key=(mn, qn, cn))
    return Kept(received=received, frame=fields["frame"].encode("latin-1"))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
