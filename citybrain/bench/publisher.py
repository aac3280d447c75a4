"""The load generator, a process of its own: everything is spelled before the first message leaves."""

import multiprocessing
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

from citybrain.bench.load import Load
from citybrain.bench.packets import DISCONNECT, PUBACK_BYTES, Account, exactly, opened, publish, some
from domain.errors import Refused
from runtime.clock import SystemClock

WINDOW = 2_000
"""Messages on the way without an answer."""
BLOCK = 100
SHORTEST_PAUSE_S = 0.002
READY_WITHIN_S = 120.0
_RECEIVE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """`took_s`: from the first message until the broker had answered the last."""

    took_s: float
    cpu_s: float


class Publisher:
    """A context manager: the process is ready inside of it, and gone afterwards."""

    def __init__(self, account: Account, load: Load) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, account, load), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._hear(READY_WITHIN_S)
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._process.kill()
        self._process.join()

    def begin(self) -> None:
        """Let it publish; returns at once."""
        self._ours.send("go")

    def finished(self, *, within_s: float) -> Published:
        """Raises Refused when the load is not published in time, or the broker hung up."""
        took_s, cpu_s = self._hear(within_s)
        return Published(took_s=took_s, cpu_s=cpu_s)

    def _hear(self, within_s: float) -> tuple[float, float]:
        if not self._ours.poll(within_s):
            raise Refused(f"the load generator said nothing for {within_s:g} s")
        try:
            took_s, cpu_s = self._ours.recv()
        except EOFError as exc:
            raise Refused("the load generator died; its words are above") from exc
        return took_s, cpu_s


def _serve(parent: Connection, account: Account, load: Load) -> None:
    now_ms = SystemClock().micros() // 1000
    packets = [] if load.rate else [publish(*one, number=n) for n, one in enumerate(load.all(now_ms=now_ms))]
    blocks = [b"".join(packets[start : start + BLOCK]) for start in range(0, len(packets), BLOCK)]
    del packets
    parent.send((0.0, 0.0))
    parent.recv()
    began, cpu = time.monotonic(), time.process_time()
    with opened(account, name="citybrain-bench-load") as connection:
        _steadily(connection, load) if load.rate else _at_once(connection, blocks, load.messages)
        connection.sendall(DISCONNECT)
    parent.send((time.monotonic() - began, time.process_time() - cpu))


def _at_once(connection: socket.socket, blocks: list[bytes], count: int) -> None:
    """As fast as the broker answers."""
    answered = sent = 0
    for block in blocks:
        connection.sendall(block)
        sent = min(sent + BLOCK, count)
        while sent - answered // PUBACK_BYTES > WINDOW:
            answered += len(some(connection, _RECEIVE))
    exactly(connection, PUBACK_BYTES * count - answered)


def _steadily(connection: socket.socket, load: Load) -> None:
    """At the load's rate, each message with the moment at which it leaves."""
    clock, began, rate = SystemClock(), time.monotonic(), load.rate or 1.0
    sent = answered = 0
    while sent < load.messages:
        due = min(load.messages, int((time.monotonic() - began) * rate) + 1)
        now_ms = clock.micros() // 1000
        packets = [publish(*load.message(n, now_ms=now_ms), number=n) for n in range(sent, due)]
        connection.sendall(b"".join(packets))
        sent = due
        with suppress(BlockingIOError):
            answered += len(connection.recv(_RECEIVE, socket.MSG_DONTWAIT))
        time.sleep(SHORTEST_PAUSE_S)
    exactly(connection, PUBACK_BYTES * load.messages - answered)
