"""A process that has loaded citybrain once and forks its children from there: a start without the seconds of imports.

Such a child is a process of its own like any other, with everything still to do: settings, journal, records, store,
session. Only Python's modules are there already, which a supervisor's child spends most of its start on.
"""

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.process.children import Child

_MODULES = ("citybrain.cli", "citybrain.commands.child", "citybrain.assembly", "citybrain.engine.process", "duckdb")


class Nursery:
    """Use as a context. Its children end with it."""

    def __init__(self, *, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        assert self._answer() == "ready", self._log.read_text()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def start(self, arguments: Sequence[str], *, log: Path) -> int:
        """The process id of a new `citybrain ARGUMENTS`."""
        return int(self._ask({"arguments": list(arguments), "log": str(log)}))

    def wait(self, pid: int) -> int:
        """When it has ended: its exit code, or the negative number of the signal."""
        return int(self._ask({"wait": pid}))

    def _ask(self, order: object) -> str:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process is not None and self._process.stdout is not None
        return self._process.stdout.readline().strip()


class NurseryChild(Child):
    """What `like` is, out of a nursery. It is only ever killed."""

    def __init__(self, nursery: Nursery, like: Child, *, log: Path) -> None:
        super().__init__(*like.arguments, log=log)
        self._nursery = nursery
        self._file = log
        self._pid: int | None = None

    @property
    def pid(self) -> int:
        assert self._pid is not None, f"{self.arguments} does not run"
        return self._pid

    @property
    def is_alive(self) -> bool:
        return self._pid is not None and _state(self._pid) not in "ZX"

    def start(self) -> None:
        self._pid = self._nursery.start(self.arguments, log=self._file)

    def kill(self) -> None:
        """SIGKILL; back when it is gone."""
        if self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
            code, self._pid = self._nursery.wait(self._pid), None
            assert code == -signal.SIGKILL, f"it had ended before, with {code}:\n{self.log[-3000:]}"


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "X"


def _serve() -> None:
    for module in _MODULES:
        __import__(module)
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert threads == 1, f"a process with {threads} threads cannot be forked safely"
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        print(_ended(order["wait"]) if "wait" in order else _forked(order["arguments"], order["log"]), flush=True)


def _ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _forked(arguments: Sequence[str], log: str) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _live(arguments, log, parent=parent)
    return pid


def _live(arguments: Sequence[str], log: str, *, parent: int) -> None:
    from citybrain.cli import main
    from runtime.supervision import PARENT_VARIABLE

    os.setsid()
    descriptors = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for standard, descriptor in ((0, descriptors[0]), (1, descriptors[1]), (2, descriptors[1])):
        os.dup2(descriptor, standard)
    os.environ[PARENT_VARIABLE] = str(parent)
    code = 1
    try:
        main(list(arguments))
    except SystemExit as exc:
        code = exc.code if isinstance(exc.code, int) else 1
    except BaseException:  # noqa: BLE001  a child must never come back into the nursery's loop
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
