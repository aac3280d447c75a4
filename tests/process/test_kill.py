"""SIGKILL to the engine at random moments of all it does: nothing lost, nothing doubled, each alert told once."""

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic, time_ns

import pytest

from domain.ledger import Tally
from tests.ingest.running import wait_for
from tests.notify.receivers import webhook
from tests.process.city import COVERS, METERS
from tests.process.flood import Flood
from tests.process.house import House, running_broker
from tests.process.nursery import Nursery, NurseryChild

pytestmark = [pytest.mark.process, pytest.mark.service]

PORTION = 2_000
LONGEST_LIFE_S = 0.3
"""After the broker has begun to hand over the backlog: received, settled, journalled, acknowledged, all within it."""
FLOW_S = 0.5
CONNECTED = '"event": "broker connected"'
SMALL_SEGMENTS: Mapping[str, int] = {"segment_bytes": 32_768}
"""A new file every few settlements, so that kills fall on that too."""
CATCHES_UP_WITHIN_S = 300.0


def numbered(first: int, count: int, *, begin_ms: int) -> Iterator[tuple[str, bytes]]:
    """Quiet readings, each different, device by device, in order of time."""
    for number in range(first, first + count):
        content = {"t": begin_ms + number, "span": 1, "v": {"laeq": 40 + number % 30}, "seq": number // len(METERS)}
        yield f"citybrain/v1/up/{METERS[number % len(METERS)]}", json.dumps(content).encode()


def opened(cover: str, *, at_ms: int) -> tuple[str, bytes]:
    return f"citybrain/v1/up/{cover}", json.dumps({"t": at_ms, "v": {"cover_open": 1}}).encode()


class Lives:
    """The engine's lives, one after the other, each with its portion of messages and its random end."""

    def __init__(self, house: House, flood: Flood, dice: random.Random, *, begin_ms: int) -> None:
        self._house = house
        self._flood = flood
        self._dice = dice
        self._begin_ms = begin_ms
        self._pause = Event()
        self.start_s = 0.0

    def measure_the_start(self) -> None:
        """So that kills at the start fall on all of it, on a fast machine and on a slow one."""
        began = monotonic()
        self._house.start()
        self.start_s = monotonic() - began
        self._house.engine.kill()

    def portion(self, number: int, *, of: int) -> Sequence[tuple[str, bytes]]:
        """Readings, and in every so-manieth portion a cover that opens somewhere between them."""
        messages = list(numbered(number * PORTION, PORTION, begin_ms=self._begin_ms))
        for place in range(number * len(COVERS) // of, (number + 1) * len(COVERS) // of):
            messages.insert(
                self._dice.randrange(PORTION), opened(COVERS[place], at_ms=self._begin_ms + number * PORTION)
            )
        return messages

    def killed_at_the_start(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """Files are opened, rules restored, memories rebuilt, the session resumed: somewhere in there."""
        self._flood.send(messages)
        self._house.engine.start()
        self._pause.wait(self._dice.uniform(0, self.start_s))
        self._house.engine.kill()

    def killed_in_the_backlog(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """The engine comes back to what it has missed, and is killed while it takes it in."""
        self._flood.send(messages)
        self._start_and_connect()
        self._pause.wait(self._dice.uniform(0, LONGEST_LIFE_S))
        self._house.engine.kill()

    def killed_in_the_flow(self, messages: Sequence[tuple[str, bytes]]) -> None:
        """It is killed while messages come in, and finds the rest when it is back."""
        self._start_and_connect()
        self._flood.begin(messages, over_s=FLOW_S)
        self._pause.wait(self._dice.uniform(0, FLOW_S + LONGEST_LIFE_S))
        self._house.engine.kill()
        self._flood.finish()

    def _start_and_connect(self) -> None:
        before = self._house.engine.log.count(CONNECTED)
        self._house.engine.start()
        wait_for(lambda: self._house.engine.log.count(CONNECTED) > before, "the broker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordeal:
    broker: str
    session: str
    kills: int

    def __str__(self) -> str:
        return f"{self.broker}-{self.session}-{self.kills}"


ORDEALS = (
    Ordeal(broker="mosquitto", session="auto", kills=100),
    Ordeal(broker="mosquitto", session="paho", kills=10),
    Ordeal(broker="embedded", session="auto", kills=10),
)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("ordeal", ORDEALS, ids=str)
def test_engine_killed_again_and_again_loses_nothing_doubles_nothing_and_tells_once(
    ordeal: Ordeal, tmp_path: Path
) -> None:
    seed = random.SystemRandom().randrange(10**6)
    dice, begin_ms, began = random.Random(seed), time_ns() // 1_000_000 - 600_000, monotonic()
    print(f"{ordeal}: seed {seed}")
    with (
        webhook() as hook,
        running_broker(ordeal.broker, tmp_path / "broker") as broker,
        Nursery(log=tmp_path / "nursery.log") as nursery,
        House(
            tmp_path / "house",
            broker,
            session=ordeal.session,
            journal=SMALL_SEGMENTS,
            notify={"routes": [{"id": "hook", "url": hook.url}], "first_retry": "1s"},
        ) as house,
        Flood(broker) as flood,
    ):
        house.engine = NurseryChild(nursery, house.engine, log=tmp_path / "engine.log")
        lives = Lives(house, flood, dice, begin_ms=begin_ms)
        lives.measure_the_start()
        ways = [lives.killed_at_the_start, lives.killed_in_the_backlog, lives.killed_in_the_flow]
        for number in range(ordeal.kills):
            dice.choice(ways)(lives.portion(number, of=ordeal.kills))
        killed_s = monotonic() - began
        house.start()
        sent = ordeal.kills * PORTION + len(COVERS)
        house.wait_for_messages(sent, within_s=CATCHES_UP_WITHIN_S)
        wait_for(lambda: house.statistics["notices"]["waiting"] == 0, "an empty outbox", within_s=120)
        alerts, keys = house.alerts(), list(hook.keys)
        books = house.books()
        segments = len(list((house.data / "journal").glob("*.journal")))
    print(
        f"{ordeal}: {ordeal.kills} kills in {killed_s:.0f} s, a start takes {lives.start_s:.2f} s; {segments} segments;"
        f" {books.messages.duplicate} redelivered, {books.readings}; {len(keys)} notices"
    )
    assert (len(books.keys), len(set(books.keys))) == (sent, sent)
    assert books.readings == Tally(
        received=sent + books.readings.duplicate, stored=sent, duplicate=books.readings.duplicate
    )
    assert (books.messages.imbalance, books.messages.stored) == (0, sent)
    assert sorted(one["alert"]["target"] for one in alerts) == [f"device:{cover}" for cover in COVERS]
    assert {tuple(move["move"] for move in one["transitions"]) for one in alerts} == {("open", "hold")}
    # a notice on its way at the kill rightly comes again, with its key: the receiver knows it
    assert len(set(keys)) == len(COVERS)
    assert sum((Counter(keys) - Counter(set(keys))).values()) <= ordeal.kills
