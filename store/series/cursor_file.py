"""Small files that remember how far a store which cannot remember it itself has come."""

import os
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import msgspec

from domain.errors import Misconfigured, Problem, Temporary
from store.series.levels import Rolled

Content = TypeVar("Content")


class _Cursor(msgspec.Struct):
    target: str
    through: int


class _RolledCursor(msgspec.Struct):
    target: str
    rolled: Rolled


class CursorFile:
    """The last sequence written to one target. Another target starts from 0: what the other one has says nothing."""

    def __init__(self, path: Path, *, target: str) -> None:
        """Raises Misconfigured when the file is there but is not a cursor."""
        self._path = path
        self._target = target
        found = _read(path, _Cursor, advice="delete it: what the journal still holds is then written again, to no harm")
        self._through = found.through if found and found.target == target else 0

    @property
    def through(self) -> int:
        return self._through

    def advance(self, through: int) -> None:
        """Replace the file as a whole. Raises Temporary when the disk does not take it; then the old one stands."""
        _replace(self._path, msgspec.json.encode(_Cursor(target=self._target, through=through)))
        self._through = through


class RolledFile:
    """How far the rollups of one target are; another target has none."""

    def __init__(self, path: Path, *, target: str) -> None:
        """Raises Misconfigured when the file is there but says something else."""
        self._path = path
        self._target = target
        found = _read(path, _RolledCursor, advice="delete it: rollups then begin with the next full hour")
        self._rolled = found.rolled if found and found.target == target else None

    @property
    def rolled(self) -> Rolled | None:
        return self._rolled

    def settle(self, rolled: Rolled) -> None:
        """As CursorFile.advance."""
        content = {"target": self._target, "rolled": asdict(rolled)}
        _replace(self._path, msgspec.json.encode(content))
        self._rolled = rolled


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(f"{path.suffix}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as exc:
        raise Temporary(f"{path} cannot be written: {exc.strerror}; free space or mend its rights") from exc


def _read(path: Path, kind: type[Content], *, advice: str) -> Content | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        raise Misconfigured([Problem(file=str(path), line=None, message=f"is no cursor ({exc}); {advice}")]) from exc
