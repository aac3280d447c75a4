"""SIGKILL to the engine while HJ 212 stations report: nothing is lost, nothing doubled, and every frame is answered."""

import random
import socket
import threading
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from domain.ledger import Tally
from tests.free_ports import free_port
from tests.ingest.brokers import PASSWORD, USERNAME
from tests.ingest.hj212_station import frame
from tests.ingest.running import wait_for
from tests.process.city import METERS
from tests.process.house import House, running_broker

pytestmark = [pytest.mark.process, pytest.mark.service]

STATIONS = METERS[:8]
FRAMES = 150
KILLS = 4
OVERTIME_S = 2.0
"""How long a station waits for its answer; then it sends again."""
BEIJING = timedelta(hours=8)


class Station:
    """Sends frame by frame, each until it is answered, over as many connections as it takes."""

    def __init__(self, device: str, port: int, begin: datetime) -> None:
        self._device = device
        self._port = port
        self._begin = begin
        self.answered = 0
        self.sent = 0
        self._thread = threading.Thread(target=self._report, daemon=True)

    def start(self) -> "Station":
        self._thread.start()
        return self

    def _report(self) -> None:
        link: socket.socket | None = None
        while self.answered < FRAMES:
            try:
                link = link or socket.create_connection(("127.0.0.1", self._port), timeout=OVERTIME_S)
                self._send(link)
            except OSError:
                if link is not None:
                    link.close()
                link = None
                threading.Event().wait(0.05)
        if link is not None:
            link.close()

    def _send(self, link: socket.socket) -> None:
        moment = (self._begin + timedelta(seconds=self.answered) + BEIJING).strftime("%Y%m%d%H%M%S")
        qn = f"{moment}000"
        link.sendall(frame(f"DataTime={moment};LA-Rtd={40 + self.answered % 30}.5,LA-Flag=N", mn=self._device, qn=qn))
        self.sent += 1
        answer = b""
        while not answer.endswith(b"\r\n"):
            chunk = link.recv(4096)
            if not chunk:
                raise ConnectionResetError("the engine has gone")
            answer += chunk
        assert f"QN={qn};ST=91;CN=9014".encode() in answer
        self.answered += 1


def test_stations_and_an_engine_that_is_killed_again_and_again_end_up_with_every_reading_once(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    dice, port, begin = random.Random(seed), free_port(), datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    with running_broker("embedded", tmp_path / "broker") as broker:
        ingest = {
            "broker": {
                **{"port": broker.port_v5, "username": USERNAME, "password": PASSWORD},
                **{"retry_first": "100ms", "retry_longest": "500ms"},
            },
            "listeners": [{"kind": "hj212", "port": port, "password": "123456"}],
        }
        with House(tmp_path / "house", broker, ingest=ingest) as house:
            house.start()
            stations = [Station(device, port, begin).start() for device in STATIONS]
            for kill in count(1):
                reached = dice.randrange(FRAMES * len(stations) // KILLS) + (kill - 1) * FRAMES * len(stations) // KILLS
                wait_for(
                    lambda reached=reached: sum(one.answered for one in stations) >= reached,
                    f"{reached} answers",
                    within_s=120,
                )
                house.engine.kill()
                house.start()
                if kill == KILLS:
                    break
            wait_for(lambda: all(one.answered == FRAMES for one in stations), "all answers", within_s=120)
            house.wait_for_messages(FRAMES * len(stations))
            books = house.books()
    total = FRAMES * len(stations)
    again = sum(one.sent for one in stations) - total
    print(f"seed {seed}, {KILLS} kills; {again} frames sent again, {books.readings}")
    assert (len(books.keys), len(set(books.keys))) == (total, total)
    assert books.readings == Tally(
        received=total + books.readings.duplicate, stored=total, duplicate=books.readings.duplicate
    )
    assert books.messages.imbalance == 0
