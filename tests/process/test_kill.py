"""SIGKILL to the engine in the middle of 20,000 messages: nothing lost, nothing doubled, the ledger balances."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import time_ns

import pytest

from domain.ledger import Tally
from tests.ingest.running import wait_for
from tests.process.city import METERS
from tests.process.house import House, running_broker
from tests.process.publisher import Publisher

pytestmark = [pytest.mark.process, pytest.mark.service]

MESSAGES = 20_000
KILLS_IN_THE_FLOW = 4
KILLS_IN_THE_BACKLOG = 6
PORTION = MESSAGES // (KILLS_IN_THE_FLOW + KILLS_IN_THE_BACKLOG)
LONGEST_LIFE_S = 0.3
"""After the broker has begun to hand over the backlog: received, settled, journalled, acknowledged, all within it."""
CONNECTED = '"event": "broker connected"'


def numbered(first: int, count: int, *, begin_ms: int) -> Iterator[tuple[str, bytes]]:
    """Quiet readings, each different, device by device, in order of time."""
    for number in range(first, first + count):
        content = {"t": begin_ms + number, "span": 1, "v": {"laeq": 40 + number % 30}, "seq": number // len(METERS)}
        yield f"citybrain/v1/up/{METERS[number % len(METERS)]}", json.dumps(content).encode()


def kill_in_the_flow(house: House, publisher: Publisher, dice: random.Random, *, begin_ms: int) -> Iterator[str]:
    """Portion by portion: the engine is killed while it comes in, and finds the rest when it is back."""
    for portion in range(KILLS_IN_THE_FLOW):
        reached = portion * PORTION + dice.randrange(PORTION)
        publisher.send(numbered(portion * PORTION, PORTION, begin_ms=begin_ms))
        wait_for(lambda reached=reached: publisher.answered >= reached, f"{reached} messages at the broker")
        house.engine.kill()
        house.start()
        yield f"#{reached}"


def kill_in_the_backlog(house: House, publisher: Publisher, dice: random.Random, *, begin_ms: int) -> Iterator[str]:
    """The engine comes back to what it has missed, and is killed while it takes it in, again and again."""
    house.engine.kill()
    pause = Event()
    for portion in range(KILLS_IN_THE_FLOW, KILLS_IN_THE_FLOW + KILLS_IN_THE_BACKLOG):
        publisher.send(numbered(portion * PORTION, PORTION, begin_ms=begin_ms))
        publisher.settle()
        connections, life_s = house.engine.log.count(CONNECTED), dice.uniform(0, LONGEST_LIFE_S)
        house.engine.start()
        wait_for(lambda before=connections: house.engine.log.count(CONNECTED) > before, "the broker")
        pause.wait(life_s)
        house.engine.kill()
        yield f"{life_s * 1000:.0f} ms"


@pytest.mark.parametrize("broker_kind", ["embedded", "mosquitto"])
def test_engine_killed_again_and_again_loses_nothing_and_doubles_nothing(broker_kind: str, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    dice, begin_ms = random.Random(seed), time_ns() // 1_000_000 - 60_000
    with (
        running_broker(broker_kind, tmp_path / "broker") as broker,
        House(tmp_path / "house", broker) as house,
    ):
        house.start()
        with Publisher(broker) as publisher:
            moments = [
                *kill_in_the_flow(house, publisher, dice, begin_ms=begin_ms),
                *kill_in_the_backlog(house, publisher, dice, begin_ms=begin_ms),
            ]
            house.start()
        house.wait_for_messages(MESSAGES)
        books = house.books()
    print(
        f"{broker_kind}: seed {seed}, {len(moments)} kills at {', '.join(moments)};"
        f" {books.messages.duplicate} redelivered, {books.readings}"
    )
    assert len(moments) == KILLS_IN_THE_FLOW + KILLS_IN_THE_BACKLOG
    assert (len(books.keys), len(set(books.keys))) == (MESSAGES, MESSAGES)
    assert books.readings == Tally(
        received=MESSAGES + books.readings.duplicate, stored=MESSAGES, duplicate=books.readings.duplicate
    )
    assert (books.messages.imbalance, books.messages.stored) == (0, MESSAGES)
