"""Keeps child processes alive: starts them, starts them again with back-off when they die, ends them in order."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
STEADY_S = 30.0
"""A child that has run this long starts its back-off from the beginning."""
PARENT_VARIABLE = "CITYBRAIN_PARENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """A process to keep alive. `log` receives its output; None lets it share ours."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildDied:
    """What the supervisor tells when a child has gone without being asked."""

    name: str
    pid: int
    exit_code: int
    restart_in_s: float

    @property
    def how(self) -> str:
        """`exit code 3`, or the signal's name; real-time signals have only a number."""
        if self.exit_code >= 0:
            return f"exit code {self.exit_code}"
        number = -self.exit_code
        return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


@dataclass(slots=True)
class _Child:
    spec: ChildSpec
    process: subprocess.Popen[bytes]
    started: float
    deaths: int = 0
    restart_at: float | None = None


class Supervisor:
    """Owner of a set of children. One thread calls `start`, then `watch` often, then `stop`."""

    def __init__(self, on_death: Callable[[ChildDied], None], on_start: Callable[[str, int], None]) -> None:
        self._children: dict[str, _Child] = {}
        self._on_death = on_death
        self._on_start = on_start

    def start(self, spec: ChildSpec) -> int:
        """Start a child; returns its pid."""
        child = _Child(spec=spec, process=_spawn(spec), started=time.monotonic())
        self._children[spec.name] = child
        self._on_start(spec.name, child.process.pid)
        return child.process.pid

    def watch(self) -> None:
        """Notice the dead, and start again those whose back-off is over."""
        now = time.monotonic()
        for child in self._children.values():
            if child.restart_at is None and child.process.poll() is not None:
                self._bury(child, now)
            if child.restart_at is not None and now >= child.restart_at:
                self._revive(child, now)

    def _revive(self, child: _Child, now: float) -> None:
        """Start it again; a machine that has no room for a process now may have some later."""
        try:
            child.process = _spawn(child.spec)
        except OSError:
            child.restart_at = now + BACKOFF_S[-1]
            return
        child.started, child.restart_at = now, None
        self._on_start(child.spec.name, child.process.pid)

    def pid(self, name: str) -> int:
        return self._children[name].process.pid

    def is_alive(self, name: str) -> bool:
        return name in self._children and self._children[name].process.poll() is None

    def stop(self, names: Sequence[str] | None = None, *, within_s: float) -> list[str]:
        """SIGTERM to the named children (all: newest first), SIGKILL to those that are still there after the time.

        Returns the names of those that had to be killed.
        """
        chosen = list(reversed(self._children)) if names is None else [n for n in names if n in self._children]
        leaving = [self._children.pop(name) for name in chosen]
        for child in leaving:
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + within_s
        return [child.spec.name for child in leaving if not _gone(child.process, deadline)]

    def _bury(self, child: _Child, now: float) -> None:
        if now - child.started > STEADY_S:
            child.deaths = 0
        delay = BACKOFF_S[min(child.deaths, len(BACKOFF_S) - 1)]
        child.deaths += 1
        child.restart_at = now + delay
        self._on_death(
            ChildDied(
                name=child.spec.name,
                pid=child.process.pid,
                exit_code=child.process.returncode,
                restart_in_s=delay,
            )
        )


def _spawn(spec: ChildSpec) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **spec.environment, PARENT_VARIABLE: str(os.getpid())}
    output: IO[bytes] | None = None
    if spec.log is not None:
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        output = spec.log.open("ab")
    try:
        return subprocess.Popen(
            list(spec.argv),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # a Ctrl-C is for the supervisor alone; it ends the children in order
        )
    finally:
        if output is not None:
            output.close()


def _gone(process: subprocess.Popen[bytes], deadline: float) -> bool:
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True
