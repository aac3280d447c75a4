"""Garbage on every topic, one for one between good messages: the good are stored, the bad are shown."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import time_ns

import pytest

from domain.messages import Reason
from tests.process.city import METERS
from tests.process.house import House, running_broker
from tests.process.publisher import Publisher

pytestmark = [pytest.mark.process, pytest.mark.service]

PAIRS = 2_000
HUGE_EVERY = 100
UP, BATCH = "citybrain/v1/up/NM-001", "citybrain/v1/batch/gateway"
Maker = Callable[[int, random.Random], tuple[str, bytes]]


def _json(topic: str, content: object) -> tuple[str, bytes]:
    return topic, json.dumps(content).encode()


def _now(number: int) -> int:
    return time_ns() // 1_000_000 - number


GARBAGE: tuple[tuple[Reason, Maker], ...] = (
    (Reason.NOT_JSON, lambda n, dice: (UP, b"\xff" + n.to_bytes(4, "big") + dice.randbytes(dice.randrange(200)))),
    (Reason.NOT_JSON, lambda n, _: (BATCH, b'[{"device": "NM-001", "v": {"laeq": %d' % n)),
    (Reason.BAD_NUMBER, lambda n, _: _json(UP, {"t": _now(n), "v": {"laeq": str(n)}})),
    (Reason.BAD_NUMBER, lambda n, _: _json(UP, {"t": _now(n), "v": {"laeq": True}})),
    (Reason.UNKNOWN_DEVICE, lambda n, _: _json(f"citybrain/v1/up/X-{n}", {"t": _now(n), "v": {"laeq": 50}})),
    (Reason.UNKNOWN_METRIC, lambda n, _: _json(UP, {"t": _now(n), "v": {"mood": 1}})),
    (Reason.OUT_OF_RANGE, lambda n, _: _json(UP, {"t": _now(n), "v": {"laeq": 9000}})),
    (Reason.BAD_TIME, lambda n, _: _json(UP, {"t": n, "v": {"laeq": 50}})),
    (Reason.FUTURE_TIME, lambda n, _: _json(UP, {"t": _now(-86_400_000 - n), "v": {"laeq": 50}})),
    (Reason.DEVICE_MISMATCH, lambda n, _: _json(UP, {"device": f"NM-{n}x", "t": _now(n), "v": {"laeq": 50}})),
    (Reason.WRONG_SHAPE, lambda n, _: _json(BATCH, {"n": n})),
    (Reason.WRONG_SHAPE, lambda n, _: (UP, b"[" * (40 + n) + b"]" * (40 + n))),
    (Reason.UNKNOWN_TOPIC, lambda n, _: _json(f"citybrain/v1/other/{n}", {"v": {"laeq": 50}})),
)


def huge(number: int) -> tuple[str, bytes]:
    return UP, b'{"v": {"laeq": 50}, "n": %d, "x": "%s"}' % (number, b"x" * 300_000)


def garbage(dice: random.Random) -> Iterator[tuple[Reason, tuple[str, bytes]]]:
    """Each different from all others: the same bytes twice would count as one."""
    for number in range(1, PAIRS + 1):
        if number % HUGE_EVERY == 0:
            yield Reason.TOO_LARGE, huge(number)
        else:
            reason, make = GARBAGE[number % len(GARBAGE)]
            yield reason, make(number, dice)


def good(begin_ms: int) -> Iterator[tuple[str, bytes]]:
    for number in range(PAIRS):
        device = METERS[1 + number % (len(METERS) - 1)]
        yield _json(f"citybrain/v1/up/{device}", {"t": begin_ms + number, "v": {"laeq": 50}})


@pytest.mark.parametrize("broker_kind", ["embedded", "mosquitto"])
def test_garbage_is_quarantined_with_its_reason_and_harms_no_good_message(broker_kind: str, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    bad = list(garbage(random.Random(seed)))
    with running_broker(broker_kind, tmp_path / "broker") as broker, House(tmp_path / "house", broker) as house:
        house.start()
        pid = house.engine.pid
        with Publisher(broker) as publisher:
            for one, (_, other) in zip(good(time_ns() // 1_000_000 - 60_000), bad, strict=True):
                publisher.send([one, other, ("citybrain/v1/up/NM-002", b"")][: 3 if one[0].endswith("NM-002") else 2])
            publisher.settle()
        house.wait_for_messages(2 * PAIRS)
        books = house.books()
        reasons = Counter(Reason(row["reason"]) for row in house.query("quarantine", "--limit", "100000"))
        assert house.engine.is_alive and house.engine.pid == pid
    assert len(books.keys) == len(set(books.keys)) == PAIRS
    assert reasons == Counter(reason for reason, _ in bad)
    assert (books.messages.stored, books.messages.quarantined, books.messages.imbalance) == (PAIRS, PAIRS, 0)
    assert books.readings.imbalance == 0
