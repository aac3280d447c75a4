"""A wish to stop, from SIGTERM, SIGINT or code, that every loop of a process can see."""

import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn


class Stop:
    """Call it to ask whether to stop; `wait` sleeps until then at the most."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def __call__(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        self._asked.set()

    def wait(self, timeout_s: float) -> bool:
        """True when asked to stop within the time."""
        return self._asked.wait(timeout_s)

    def listen_to_signals(self) -> None:
        """SIGTERM and SIGINT ask this process to stop. Main thread only."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.ask()


def leave(code: int) -> NoReturn:
    """End this process at once, its work being done and closed: the system takes its memory back faster than the
    interpreter can take it apart. What the collector was told to leave alone (`runtime.memory`) would only be reported
    as leaked by libraries that count.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
