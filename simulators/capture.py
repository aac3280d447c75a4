"""Records MQTT traffic to a file that can be replayed."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from domain.errors import Refused, Temporary
from domain.instants import iso
from domain.ports import Clock, StopAsked
from runtime import logs
from simulators.connection import Connection
from simulators.recordings.captured import captured_line
from simulators.settings import BrokerAddress

_log = logs.get(__name__)
_WAIT_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureReport:
    """What was written. `interruptions`: how often the connection was lost; what came meanwhile is not in the file."""

    messages: int
    payload_bytes: int
    interruptions: int


class Recorder:
    """Writes what arrives on the topics, until it is told to stop or has `limit` messages."""

    def __init__(self, address: BrokerAddress, topics: Sequence[str], *, clock: Clock, limit: int | None) -> None:
        self._address = address
        self._topics = topics
        self._clock = clock
        self._limit = limit
        self._messages = self._bytes = self._interruptions = 0

    def record(self, file: TextIO, stop: StopAsked) -> CaptureReport:
        while not stop() and not self._is_full():
            try:
                self._one_connection(file, stop)
            except Temporary as exc:
                self._interruptions += 1
                _log.warning("broker away", because=str(exc))
                self._rest(stop)
        return CaptureReport(messages=self._messages, payload_bytes=self._bytes, interruptions=self._interruptions)

    def _one_connection(self, file: TextIO, stop: StopAsked) -> None:
        connection = Connection(self._address)
        connection.open()
        has_asked = False
        while not stop() and not self._is_full():
            connection.pump(_WAIT_S)
            if connection.is_open and not has_asked:
                connection.subscribe(self._topics)
                has_asked = True
            self._write(connection, file)
            if connection.is_over:
                raise Temporary(connection.ended_because)
        connection.close()

    def _write(self, connection: Connection, file: TextIO) -> None:
        received_at = iso(self._clock.now())
        for message in connection.arrived:
            if self._is_full():
                break
            file.write(
                captured_line(
                    topic=message.topic,
                    payload=bytes(message.payload),
                    qos=message.qos,
                    retain=message.retain,
                    received_at=received_at,
                )
            )
            self._messages += 1
            self._bytes += len(message.payload)
        if connection.arrived:
            file.flush()  # who follows the file sees it, and a capture that is killed has it
        connection.arrived.clear()

    def _is_full(self) -> bool:
        return self._limit is not None and self._messages >= self._limit

    def _rest(self, stop: StopAsked) -> None:
        until = self._clock.monotonic() + self._address.retry_first
        while not stop() and self._clock.monotonic() < until:
            time.sleep(min(_WAIT_S, self._address.retry_first))


def capture(
    address: BrokerAddress,
    file: Path,
    *,
    topics: Sequence[str] = ("citybrain/v1/#",),
    clock: Clock,
    stop: StopAsked,
    limit: int | None = None,
) -> CaptureReport:
    """Record until told to stop; the file is on the disk when this returns. Raises Refused if it cannot be written."""
    try:
        with file.open("w", encoding="utf-8") as opened:
            report = Recorder(address, topics, clock=clock, limit=limit).record(opened, stop)
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as exc:
        raise Refused(f"{file} cannot be written: {exc.strerror}; choose another place") from exc
    return report
