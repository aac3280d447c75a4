"""A small file that remembers how far a store which cannot remember it itself has come."""

import json
import os
from pathlib import Path

from domain.errors import Misconfigured, Problem, Temporary


class CursorFile:
    """The last sequence written to one target. Another target starts from 0: what the other one has says nothing."""

    def __init__(self, path: Path, *, target: str) -> None:
        """Raises Misconfigured when the file is there but is not a cursor."""
        self._path = path
        self._target = target
        self._through = self._read()

    @property
    def through(self) -> int:
        return self._through

    def advance(self, through: int) -> None:
        """Replace the file as a whole. Raises Temporary when the disk does not take it; then the old one stands."""
        content = json.dumps({"target": self._target, "through": through})
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as exc:
            raise Temporary(f"{self._path} cannot be written: {exc.strerror}; free space or mend its rights") from exc
        self._through = through

    def _read(self) -> int:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return int(content["through"]) if content["target"] == self._target else 0
        except FileNotFoundError:
            return 0
        except (OSError, ValueError, KeyError, TypeError) as exc:
            message = f"is no cursor ({exc}); delete it: what the journal still holds is then written again, to no harm"
            raise Misconfigured([Problem(file=str(self._path), line=None, message=message)]) from exc
