"""Where the engine of a data directory answers: a small private file, rewritten at every start."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from domain.errors import Temporary


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAddress:
    url: str
    token: str
    pid: int
    supervisor: int | None = None
    """The process that starts the engine again when it ends; None for an engine that was started by itself."""

    def write(self, directory: Path) -> None:
        """Replace the file at once, readable by its owner alone. Raises Temporary when there is no room for it."""
        path = directory / "engine.json"
        fresh = directory / f"engine.json.{os.getpid()}"
        fresh.unlink(missing_ok=True)
        try:
            fresh.touch(mode=0o600)
            fresh.write_text(json.dumps(asdict(self)), encoding="utf-8")
            fresh.replace(path)
        except OSError as exc:
            fresh.unlink(missing_ok=True)
            raise Temporary(f"{path} cannot be written: {exc.strerror or exc}; free space or mend the disk") from exc

    @classmethod
    def read(cls, directory: Path) -> "EngineAddress | None":
        """The address, or None where no engine of this version has started yet."""
        try:
            return cls(**json.loads((directory / "engine.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):  # TypeError: an object of another shape
            return None

    @property
    def is_running(self) -> bool:
        """Whether a process of that number exists; it may still be starting or hanging."""
        return _exists(self.pid)

    @property
    def is_supervised(self) -> bool:
        """Whether somebody would start the engine again."""
        return self.supervisor is not None and _exists(self.supervisor)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
