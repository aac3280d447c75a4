"""A process of citybrain as its supervisor starts it, in the hands of a test: killed, ended, started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from runtime.supervision import PARENT_VARIABLE

ENDS_WITHIN_S = 120.0


class Child:
    """`python -m citybrain ARGUMENTS`, with its output in a log that goes on over restarts.

    Start it from the main thread: the kernel ties it to the thread that did.
    """

    def __init__(self, *arguments: str, log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.arguments = arguments
        self._argv = [sys.executable, "-m", "citybrain", *arguments]
        self._log = log
        self._environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self._argv} was never started"
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def start(self) -> None:
        environment = {**os.environ, PARENT_VARIABLE: str(os.getpid()), **self._environment}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def kill(self) -> None:
        """SIGKILL; back when it is gone."""
        self._end(signal.SIGKILL)

    def stop(self, *, within_s: float = ENDS_WITHIN_S) -> int:
        """SIGTERM; the exit code. Fails when it does not end in time."""
        return self._end(signal.SIGTERM, within_s=within_s)

    def _end(self, number: signal.Signals, *, within_s: float = ENDS_WITHIN_S) -> int:
        if self._process is None:
            return 0
        self._process.send_signal(number)
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"{' '.join(self._argv[2:])} did not end within {within_s:g} s:\n{self.log}") from None
