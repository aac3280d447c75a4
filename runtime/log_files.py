"""Keeps the log file of a child within bounds: what is full is copied aside and emptied, the oldest copies go.

The child holds its file open and knows nothing of it; so the file itself has to stay. It appends (`O_APPEND`), and
goes on at the new end. A line that is written between the last look and the emptying, some microseconds, is lost.
"""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
_CHUNK = MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBound:
    """`size` in bytes of one file; `generations`: full ones that are kept, `engine.log.1` is the youngest."""

    size: int = 10 * MIB
    generations: int = 3

    def hold(self, log: Path) -> None:
        """Call it often, from one process. A disk that is full costs the oldest generation, at last the log itself."""
        try:
            if log.stat().st_size < self.size:
                return
        except OSError:
            return  # not there yet, or no longer: there is nothing to hold
        fresh = log.with_name(f"{log.name}.new")
        try:
            self._set_aside(log, fresh)
        except OSError:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            with suppress(OSError):  # a disk that takes nothing at all: whoever watches over the children goes on
                self._make_room(log)

    def _set_aside(self, log: Path, fresh: Path) -> None:
        with log.open("r+b") as full:
            if self.generations:
                with fresh.open("wb") as copy:
                    shutil.copyfileobj(full, copy, _CHUNK)
                for number in range(self.generations - 1, 0, -1):
                    if (younger := _generation(log, number)).exists():
                        younger.replace(_generation(log, number + 1))
                fresh.replace(_generation(log, 1))
            os.ftruncate(full.fileno(), 0)

    def _make_room(self, log: Path) -> None:
        """So that the next try may succeed."""
        for number in range(self.generations, 0, -1):
            if (oldest := _generation(log, number)).exists():
                with suppress(OSError):
                    oldest.unlink()
                    return
        os.truncate(log, 0)


USUAL = LogBound()


def _generation(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
