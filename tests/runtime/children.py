"""Child processes for the tests of supervision, and what is left of them."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from runtime.supervision import ChildSpec

SLEEPS = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)


def child(program: str, *, name: str = "child", log: Path | None = None, **environment: str) -> ChildSpec:
    """A Python program as a child."""
    return ChildSpec(name=name, argv=[sys.executable, "-c", program], log=log, environment=environment)


def is_running(pid: int) -> bool:
    """Whether the process lives; one that nobody has reaped yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def until(condition: Callable[[], bool], *, within_s: float = 60.0, doing: Callable[[], None] = lambda: None) -> None:
    """Poll a condition of real processes; fails loudly when it does not come true in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        doing()
        assert time.monotonic() < deadline, f"not true within {within_s:g} s"
        os.sched_yield()
        time.sleep(0.005)
