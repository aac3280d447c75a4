"""Restart changes nothing: hold times, alerts and notices are those of a run that was never interrupted."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from citybrain.settings import load_settings
from domain.instants import iso
from runtime.clock import SystemClock
from tests.ingest.running import wait_for
from tests.notify.receivers import Webhook, webhook
from tests.process.house import House, running_broker
from tests.process.publisher import Publisher

pytestmark = [pytest.mark.process, pytest.mark.service]

SPEED = 10.0
HOLD_MS = 60_000
CLEAR_MS = 20_000
LONG_HOLD_MS = 1_200_000
"""Two minutes of ours, however busy the machine is meanwhile; nobody waits for them."""
Moves = Sequence[tuple[str, int]]


class Town:
    """A house whose time runs ten times as fast, its publisher, and a receiver of notices."""

    def __init__(self, house: House, publisher: Publisher, hook: Webhook) -> None:
        self.house = house
        self.publisher = publisher
        self.hook = hook
        self._clock = house.settings.make_clock()

    @property
    def now_ms(self) -> int:
        return self._clock.micros() // 1000

    def say(self, device: str, metric: str, value: float) -> int:
        """Publish; the event time."""
        at = self.now_ms
        self.publisher.say(device, {"t": at, "v": {metric: value}})
        return at

    def wait_until(self, moment_ms: int) -> None:
        wait_for(lambda: self.now_ms >= moment_ms, "the city's time")

    def let_pass(self, milliseconds: int) -> None:
        """So much of the city's time at once; for when no engine is there to see the leap."""
        content = yaml.safe_load(self.house.file.read_text(encoding="utf-8"))
        later = datetime.fromisoformat(content["clock"]["city"]) + timedelta(milliseconds=milliseconds)
        content["clock"]["city"] = iso(later)
        self.house.file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        self._clock = load_settings(self.house.file).make_clock()

    def wait_until_opened(self, device: str) -> None:
        """Until there is an alert, pending or already held: a busy machine shows it when it can."""
        wait_for(lambda: bool(self.house.alerts_of(device)), f"an alert of {device}")

    def wait_for_state(self, device: str, state: str) -> None:
        def has_it() -> bool:
            found = self.house.alerts_of(device)
            return bool(found) and found[-1]["alert"]["state"] == state

        wait_for(has_it, f"{device} to be {state}")

    def moves(self, device: str, since_ms: int) -> Moves:
        """The moves of the device's only alert, in milliseconds after `since_ms`."""
        (found,) = self.house.alerts_of(device)
        return [(move["move"], move["at"] - since_ms) for move in found["transitions"]]

    def notices(self, device: str) -> Sequence[str]:
        return [body["title"] for _, body in self.hook.requests if device in body["message"]]

    def wait_until_told(self, device: str, count: int) -> None:
        wait_for(lambda: len(self.notices(device)) >= count, f"{count} notices about {device}")
        # between receipt and mark a kill rightly repeats the notice, with its key: that is another test's matter
        wait_for(lambda: self.house.statistics["notices"]["waiting"] == 0, "every notice marked as sent")


@contextmanager
def town(tmp_path: Path, *, hold_ms: int = HOLD_MS) -> Iterator[Town]:
    real = SystemClock().now()
    sections: Mapping[str, Any] = {
        "clock": {"real": iso(real), "city": iso(real - timedelta(hours=1)), "speed": SPEED},
    }
    with webhook() as hook, running_broker("embedded", tmp_path / "broker") as broker:
        notify = {"routes": [{"id": "hook", "url": hook.url}], "first_retry": "1s"}
        house = House(tmp_path / "house", broker, hold=f"{hold_ms}ms", clear=f"{CLEAR_MS}ms", notify=notify, **sections)
        with house, Publisher(broker) as publisher:
            house.start()
            yield Town(house, publisher, hook)


KILLED, ENDED = "killed", "ended in order"
INTERRUPTIONS = {
    "MH-002": [(0.02, KILLED)],
    "MH-003": [(0.3, KILLED)],
    "MH-004": [(0.6, KILLED)],
    "MH-005": [(0.95, KILLED)],
    "MH-006": [(0.2, ENDED), (0.8, KILLED)],  # an engine that ends in order leaves a snapshot, a killed one reads it
}
"""At which share of its hold time what happens to the engine."""


def test_hold_time_goes_on_over_a_kill_at_any_point_of_it(tmp_path: Path) -> None:
    with town(tmp_path) as it:
        begun = {"MH-001": it.say("MH-001", "cover_open", 1)}
        it.wait_for_state("MH-001", "active")
        uninterrupted = it.moves("MH-001", begun["MH-001"])
        for device, interruptions in INTERRUPTIONS.items():
            begun[device] = it.say(device, "cover_open", 1)
            it.wait_until_opened(device)
            for share, how in interruptions:
                it.wait_until(begun[device] + round(share * HOLD_MS))
                it.house.engine.stop() if how == ENDED else it.house.engine.kill()
                it.house.start()
            it.wait_for_state(device, "active")
            it.wait_until_told(device, 1)
        for device, since_ms in begun.items():
            assert it.moves(device, since_ms) == uninterrupted == [("open", 0), ("hold", HOLD_MS)]
            assert len(it.notices(device)) == 1
    assert len(it.hook.keys) == len(set(it.hook.keys)) == len(begun)


def test_hold_time_that_ends_while_the_engine_is_down_gives_the_same_alert(tmp_path: Path) -> None:
    with town(tmp_path, hold_ms=LONG_HOLD_MS) as it:
        begun = it.say("MH-001", "cover_open", 1)
        it.wait_for_state("MH-001", "pending")
        it.house.engine.kill()
        it.let_pass(LONG_HOLD_MS + 30_000)
        it.house.start()
        it.wait_until_told("MH-001", 1)
        assert it.moves("MH-001", begun) == [("open", 0), ("hold", LONG_HOLD_MS)]


def test_alert_whose_cause_ended_while_the_engine_was_down_resolves_at_start(tmp_path: Path) -> None:
    with town(tmp_path) as it:
        opened, loud = it.say("MH-001", "cover_open", 1), it.say("NM-001", "laeq", 95)
        it.wait_until_told("MH-001", 1)
        it.wait_until_told("NM-001", 1)
        it.house.engine.kill()
        closed, quiet = it.say("MH-001", "cover_open", 0), it.say("NM-001", "laeq", 45)
        it.wait_until(quiet + CLEAR_MS + 10_000)
        it.house.start()
        it.wait_for_state("MH-001", "returned")
        it.wait_for_state("NM-001", "closed")
        it.wait_until_told("MH-001", 2)
        it.wait_until_told("NM-001", 2)
        assert it.moves("MH-001", opened)[-1] == ("return", closed - opened + CLEAR_MS)
        assert it.moves("NM-001", loud)[-1] == ("return-and-close", quiet - loud + CLEAR_MS)
    assert len(it.hook.keys) == len(set(it.hook.keys)) == 4


def test_episode_that_ended_before_its_hold_time_while_the_engine_was_down_is_told_to_nobody(tmp_path: Path) -> None:
    with town(tmp_path, hold_ms=LONG_HOLD_MS) as it:
        begun = it.say("MH-001", "cover_open", 1)
        it.wait_for_state("MH-001", "pending")
        it.house.engine.kill()
        ended = it.say("MH-001", "cover_open", 0)
        it.let_pass(LONG_HOLD_MS + 30_000)
        it.house.start()
        it.wait_for_state("MH-001", "closed")
        assert it.moves("MH-001", begun) == [("open", 0), ("return", ended - begun)]
    assert it.hook.keys == []
