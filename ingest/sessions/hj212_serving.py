"""The loop that serves HJ 212 stations: accepts, reads, answers, and reads no further while too much is unsettled."""

import hmac
import re
import selectors
import socket
from collections import deque
from collections.abc import Callable, Sequence

from domain.messages import Message
from domain.ports import Clock
from ingest.formats.hj212.answers import answer_to
from ingest.formats.hj212.packet import Packet
from ingest.sessions.hj212_answers import Answers, Debt
from ingest.sessions.hj212_connection import Arrival, StationConnection
from ingest.sessions.hj212_door import Door
from ingest.settings import ListenerSettings
from runtime import logs

MOST_UNSETTLED = 5000
"""Frames of all stations that wait to become durable; beyond it nobody is read, and TCP lets the stations wait."""
MOST_UNSETTLED_EACH = 500
_LOOK_ROUND_S = 0.5
_UNSAFE = re.compile(r"[^\w.:-]")
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

_log = logs.get(__name__)


class StationServer:
    """Driven by `serve` from one thread. `deliver` takes messages; `settle` may be called from any thread."""

    def __init__(self, settings: ListenerSettings, clock: Clock, deliver: Callable[[Sequence[Message]], None]) -> None:
        """Raises Misconfigured when the password's file cannot be read."""
        self._settings = settings
        self._clock = clock
        self._deliver = deliver
        self._password = settings.secret()
        self._selector = selectors.DefaultSelector()
        self._wake_here, self._wake_there = socket.socketpair()
        for end in (self._wake_here, self._wake_there):
            end.setblocking(False)
        self._selector.register(self._wake_here, _READ)
        self._door = Door(settings, clock)
        self._connections: dict[int, StationConnection] = {}
        self._interest: dict[int, int] = {}
        self._unsettled: dict[int, Debt] = {}
        self._answers = Answers()
        self._settled: deque[int] = deque()
        self._tokens = 0
        self._touched: set[int] = set()
        self._looked_round_at = float("-inf")
        self._is_stopping = self._is_swamped = self._door_is_shut = False

    @property
    def is_listening(self) -> bool:
        return self._door.socket is not None

    def settle(self, tokens: Sequence[int]) -> None:
        """These are durable: their stations may be answered. From any thread."""
        self._settled.extend(tokens)
        self._wake()

    def stop(self) -> None:
        """Ask `serve` to end. From any thread."""
        self._is_stopping = True
        self._wake()

    def serve(self) -> None:
        """Until `stop`; closes every connection, unanswered frames and all: their stations send them again."""
        try:
            while not self._is_stopping:
                self._open_the_door()
                for key, ready in self._selector.select(_LOOK_ROUND_S):
                    self._attend(key.fileobj, ready)
                self._answer()
                self._look_round()
        finally:
            for number, connection in list(self._connections.items()):
                connection.end("the listener ends")
                self._part_with(number, connection)
            for end in (self._door, self._wake_here, self._wake_there, self._selector):
                end.close()

    def _wake(self) -> None:
        try:
            self._wake_there.send(b"\0")
        except OSError:
            return  # full: it is awake already; closed: it has ended

    def _open_the_door(self) -> None:
        if (opened := self._door.open()) is not None:
            self._selector.register(opened, _READ)

    def _attend(self, sock: object, ready: int) -> None:
        if sock is self._wake_here:
            self._wake_here.recv(4096)
        elif isinstance(sock, socket.socket) and sock is self._door.socket:
            self._let_in(sock)
        elif isinstance(sock, socket.socket) and (connection := self._connections.get(sock.fileno())):
            self._touched.add(sock.fileno())
            try:
                self._serve_one(connection, ready)
            except Exception as exc:  # noqa: BLE001 - a bug over one station's bytes must not silence the others
                _log.error("serving a station failed", peer=connection.peer, exc_info=exc)
                connection.end(f"our fault: {type(exc).__name__}")

    def _serve_one(self, connection: StationConnection, ready: int) -> None:
        if ready & _READ:
            self._take(connection, connection.read(now=self._clock.monotonic()))
        if ready & _WRITE and not connection.is_over:
            connection.write()

    def _let_in(self, door: socket.socket) -> None:
        try:
            come = self._door.let_in(inside=len(self._connections))
        except OSError:
            self._selector.unregister(door)  # until the next look round: it would be ready all the time
            self._door_is_shut = True
            return
        if come is not None:
            connection = StationConnection(*come, now=self._clock.monotonic())
            self._connections[connection.number] = connection
            self._touched.add(connection.number)

    def _take(self, connection: StationConnection, arrivals: Sequence[Arrival]) -> None:
        received = self._clock.micros()
        messages = []
        for arrival in arrivals:
            if not self._may_speak(connection, arrival.packet):
                continue
            self._tokens += 1
            self._unsettled[self._tokens] = Debt(connection=connection, packet=arrival.packet)
            connection.unsettled += 1
            topic = f"hj212/{_UNSAFE.sub('_', arrival.packet.mn)[:64]}" if arrival.packet else "hj212"
            messages.append(
                Message(
                    feed=self._settings.feed,
                    topic=topic,
                    payload=arrival.content,
                    received=received,
                    token=self._tokens,
                )
            )
        if messages:
            self._deliver(messages)

    def _may_speak(self, connection: StationConnection, packet: Packet | None) -> bool:
        """A stranger is not heard: with a password, nothing counts before it was shown."""
        if self._password is None:
            return True
        if packet is not None:
            connection.is_known = hmac.compare_digest(packet.pw.encode(), self._password.encode())
            if not connection.is_known:
                connection.end(f"wrong password from MN {packet.mn[:64]}")
        return connection.is_known

    def _answer(self) -> None:
        now = self._clock.monotonic()
        due = self._answers.overdue(now=now)
        while self._settled:
            debt = self._unsettled.pop(self._settled.popleft(), None)
            if debt is not None:
                debt.connection.unsettled -= 1
                self._touched.add(debt.connection.number)
                due.extend(self._answers.settled(debt, now=now))
        for debt in due:
            answer = answer_to(debt.packet) if debt.packet else None
            if answer is not None and not debt.connection.is_over:
                debt.connection.say(answer)
                self._touched.add(debt.connection.number)
        for number in self._touched:
            if (connection := self._connections.get(number)) and connection.has_words:
                connection.write()

    def _look_round(self) -> None:
        """Part with those that are over or silent, and listen to those who may speak now."""
        now = self._clock.monotonic()
        was_swamped, self._is_swamped = self._is_swamped, len(self._unsettled) >= MOST_UNSETTLED
        if now - self._looked_round_at >= _LOOK_ROUND_S or was_swamped != self._is_swamped:
            self._looked_round_at = now
            self._touched.update(self._connections)
            if self._door_is_shut and self._door.socket is not None:
                self._selector.register(self._door.socket, _READ)
                self._door_is_shut = False
        for number in self._touched & self._connections.keys():
            connection = self._connections[number]
            if connection.heard_at < now - self._settings.idle and not connection.unsettled:
                connection.end(f"silent for {self._settings.idle:g} s")
            if connection.is_over:
                self._part_with(number, connection)
                continue
            wants_reading = not self._is_swamped and connection.unsettled < MOST_UNSETTLED_EACH
            self._attend_to(number, connection, _READ * wants_reading | _WRITE * connection.has_words)
        self._touched.clear()

    def _attend_to(self, number: int, connection: StationConnection, interest: int) -> None:
        before = self._interest.get(number, 0)
        if interest == before:
            return
        if not interest:
            self._selector.unregister(connection.link)
        elif before:
            self._selector.modify(connection.link, interest)
        else:
            self._selector.register(connection.link, interest)
        self._interest[number] = interest

    def _part_with(self, number: int, connection: StationConnection) -> None:
        self._attend_to(number, connection, 0)
        del self._connections[number]
        self._interest.pop(number, None)
        connection.link.close()
        _log.info("station left", peer=connection.peer, reason=connection.ended_because)
