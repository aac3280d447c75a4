"""A webhook hears of every transition, and of none twice, though the engine is killed at random moments."""

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event
from time import time_ns
from typing import Any

import pytest

from notify.settings import RAISED_OR_RETURNED
from tests.ingest.running import wait_for
from tests.notify.receivers import webhook
from tests.process.city import METERS
from tests.process.house import House, running_broker
from tests.process.publisher import Publisher

pytestmark = [pytest.mark.process, pytest.mark.service]

EPISODES = 4
KILLS = 8
LONGEST_DELIVERY_S = 0.03
"""So long may a kill follow the notice that it waited for: it falls before, into or behind the next delivery."""
NOTICES = 2 * EPISODES * len(METERS)
"""Each episode of each meter is told when it is raised and when it has returned."""


def episodes() -> Iterator[tuple[str, bytes]]:
    begin_ms = time_ns() // 1_000_000 - 60_000
    for turn in range(2 * EPISODES):
        for number, device in enumerate(METERS):
            content = {"t": begin_ms + turn * 1000 + number, "v": {"laeq": 45 if turn % 2 else 95}}
            yield f"citybrain/v1/up/{device}", json.dumps(content).encode()


def expected_keys(alerts: Sequence[Mapping[str, Any]]) -> set[str]:
    """Of the notices that the transitions on file are worth."""
    told = {move.value for move in RAISED_OR_RETURNED}
    return {
        f"{one['alert']['id']}:{move['sequence']}:hook"
        for one in alerts
        for move in one["transitions"]
        if move["move"] in told
    }


def test_each_transition_is_told_once_though_the_engine_is_killed_at_random_moments(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    dice, pause, heard_before = random.Random(seed), Event(), []
    with webhook() as hook, running_broker("embedded", tmp_path / "broker") as broker:
        notify = {"routes": [{"id": "hook", "url": hook.url}], "first_retry": "1s"}
        with House(tmp_path / "house", broker, notify=notify) as house, Publisher(broker) as publisher:
            house.start()
            messages = list(episodes())
            publisher.send(messages)
            for reached in sorted(dice.sample(range(1, NOTICES - 50), KILLS)):
                wait_for(lambda reached=reached: len(hook.keys) >= reached, f"{reached} notices")
                pause.wait(dice.uniform(0, LONGEST_DELIVERY_S))
                house.engine.kill()
                heard_before.append(len(hook.keys))
                house.engine.start()
            house.wait_until_ready()
            house.wait_for_messages(len(messages))
            wait_for(lambda: house.statistics["notices"]["waiting"] == 0, "an empty outbox", within_s=120)
            expected, keys = expected_keys(house.alerts()), list(hook.keys)
            notices = house.statistics["notices"]
    repeated = Counter(keys) - Counter(set(keys))
    print(f"seed {seed}: {KILLS} kills after {heard_before} notices; {len(set(keys))} told, {len(repeated)} repeated")
    assert len(expected) == NOTICES
    assert set(keys) == expected
    assert notices == {"waiting": 0, "sent": NOTICES, "failed": 0}
    assert sum(repeated.values()) <= KILLS  # only the one on its way at the kill may come again, with its key
    assert_in_order(keys)


def assert_in_order(keys: Sequence[str]) -> None:
    """Nobody hears of an alert's end before its begin."""
    last: dict[str, int] = {}
    for key in dict.fromkeys(keys):
        alert, sequence, _ = key.rsplit(":", 2)
        assert int(sequence) > last.get(alert, -1), f"{key} came after {last[alert]}"
        last[alert] = int(sequence)
