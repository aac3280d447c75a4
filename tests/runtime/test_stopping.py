"""A wish to stop is seen by every loop, whether code or a signal asked."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from runtime.stopping import Stop


@pytest.fixture
def handlers() -> Iterator[None]:
    """Puts the signal handlers of the test run back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_nobody_has_asked_at_the_beginning() -> None:
    stop = Stop()
    assert not stop() and not stop.wait(0.0)


def test_asking_twice_is_asking() -> None:
    stop = Stop()
    stop.ask()
    stop.ask()
    assert stop() and stop.wait(60.0)


def test_a_waiting_loop_wakes_at_once_when_asked() -> None:
    stop = Stop()
    threading.Timer(0.05, stop.ask).start()
    began = time.monotonic()
    assert stop.wait(600.0)
    assert time.monotonic() - began < 60.0


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks(number: signal.Signals) -> None:
    stop = Stop()
    stop.listen_to_signals()
    os.kill(os.getpid(), number)
    assert stop.wait(60.0)


def test_leaving_says_what_was_said_and_skips_the_rest() -> None:
    script = (
        "import atexit, sys; from runtime.stopping import leave;"
        "atexit.register(print, 'late'); print('said', end=''); leave(3)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (3, "said")
