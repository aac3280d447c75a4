"""SIGKILL to the engine in the middle of 20,000 messages: nothing lost, nothing doubled, the ledger balances."""

import json
import random
from collections.abc import Iterator, Sequence
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
PORTIONS = 8
LONGEST_START_S = 4.0
"""An engine that starts again has taken in its backlog about this long after."""


def numbered(first: int, count: int, *, begin_ms: int) -> Iterator[tuple[str, bytes]]:
    """Quiet readings, each different, device by device, in order of time."""
    for number in range(first, first + count):
        content = {"t": begin_ms + number, "span": 1, "v": {"laeq": 40 + number % 30}, "seq": number // len(METERS)}
        yield f"citybrain/v1/up/{METERS[number % len(METERS)]}", json.dumps(content).encode()


def kill_at_random_moments(house: House, publisher: Publisher, dice: random.Random) -> Sequence[str]:
    """One kill while each portion comes in, and one while the engine starts again with what it has missed."""
    begin_ms, size, moments, pause = time_ns() // 1_000_000 - 60_000, MESSAGES // PORTIONS, [], Event()
    for portion in range(PORTIONS):
        reached = portion * size + dice.randrange(size)
        publisher.send(numbered(portion * size, size, begin_ms=begin_ms))
        wait_for(lambda reached=reached: publisher.answered >= reached, f"{reached} messages at the broker")
        restart(house)
        wait_s = dice.uniform(0, LONGEST_START_S)
        pause.wait(wait_s)
        restart(house)
        house.wait_until_ready()
        moments += [f"#{reached}", f"{wait_s:.2f} s"]
    publisher.settle()
    return moments


def restart(house: House) -> None:
    house.engine.kill()
    house.engine.start()


@pytest.mark.parametrize("broker_kind", ["embedded", "mosquitto"])
def test_engine_killed_again_and_again_loses_nothing_and_doubles_nothing(broker_kind: str, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    with running_broker(broker_kind, tmp_path / "broker") as broker, House(tmp_path / "house", broker) as house:
        house.start()
        with Publisher(broker) as publisher:
            moments = kill_at_random_moments(house, publisher, random.Random(seed))
        house.wait_for_messages(MESSAGES)
        books = house.books()
    print(
        f"{broker_kind}: seed {seed}, {len(moments)} kills at {', '.join(moments)};"
        f" {books.messages.duplicate} redelivered, {books.readings}"
    )
    assert len(moments) == 2 * PORTIONS
    assert (len(books.keys), len(set(books.keys))) == (MESSAGES, MESSAGES)
    assert books.readings == Tally(
        received=MESSAGES + books.readings.duplicate, stored=MESSAGES, duplicate=books.readings.duplicate
    )
    assert (books.messages.imbalance, books.messages.stored) == (0, MESSAGES)
