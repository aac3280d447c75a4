"""The channel that works before anything is set up: a file of JSON lines."""

import os
from pathlib import Path

import msgspec

from domain.errors import Temporary
from domain.instants import iso
from domain.outbox import Notice


class LogChannel:
    """Synced to disk line by line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def deliver(self, notice: Notice) -> None:
        """Raises Temporary when the line is not safely on disk."""
        line = {
            "at": iso(notice.created_at),
            "key": notice.key,
            "alert": notice.alert_id,
            "sequence": notice.sequence,
            "route": notice.route,
            "title": notice.title,
            "body": notice.body,
        }
        try:
            with self._path.open("ab") as file:
                file.write(msgspec.json.encode(line) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            raise Temporary(f"{self._path}: {exc.strerror}; free the disk or mend the rights of the folder") from exc
