"""One process per data directory: a lock that the kernel gives back however the holder ends."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from domain.errors import Refused


def belongs_as(path: Path, directory: Path) -> None:
    """What root makes in the directory of a service is the service's, or it could not use it. Raises OSError."""
    if os.geteuid() == 0:
        owner = directory.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


class DirectoryLock:
    """Held from construction until `release` or the end of the process. Raises Refused when another holds it."""

    def __init__(self, directory: Path, name: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{name}.lock"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with suppress(OSError):
            belongs_as(path, directory)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            holder = os.read(self._file, 20).decode() or "?"
            os.close(self._file)
            raise Refused(
                f"{directory} is in use by process {holder}: stop it, or give another directory with --data"
            ) from exc
        with suppress(OSError):  # our number is a courtesy to others: a full disk keeps nobody from the lock itself
            os.truncate(self._file, 0)
            os.write(self._file, str(os.getpid()).encode())

    def release(self) -> None:
        os.close(self._file)
