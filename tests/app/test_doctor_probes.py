"""What the doctor counts of its own messages."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from citybrain.doctor.probes import _Ear, probe
from domain.errors import Temporary
from domain.messages import Message
from runtime.clock import ManualClock, SystemClock
from tests.ingest.brokers import mosquitto_in
from tests.ingest.fakes import NOON, FakeSession


class Speaker:
    """Says numbers that nobody has to carry."""

    def __init__(self) -> None:
        self.said = 0

    def say(self, count: int) -> None:
        self.said += count


class FarAway(FakeSession):
    """Needs half a second in one piece to connect, as TLS over a slow line does."""

    is_there = False

    def receive(self, *, wait_s: float) -> Sequence[Message]:
        self.is_there |= wait_s >= 0.5
        if self.is_there:
            return super().receive(wait_s=wait_s)
        self._clock.advance(wait_s)
        return []

    def is_connected(self) -> bool:
        return self.is_there


def numbered(*numbers: int) -> Sequence[Message]:
    return [Message(feed="doctor", topic="d", payload=f"run {number} 0".encode(), received=0) for number in numbers]


def test_a_greeting_that_comes_late_is_not_taken_for_a_second_delivery() -> None:
    clock = ManualClock(NOON)
    ear = _Ear(FakeSession(clock, [[], [], numbered(2), numbered(3), numbered(3)]), "run", clock)
    speaker = Speaker()
    ear.wait_for_greeting(speaker)  # type: ignore[arg-type]  # as much of a speaker as it needs
    assert speaker.said == 3
    ear.hear(wait_s=0.1)
    assert ear.twice == 0
    ear.hear(wait_s=0.1)
    assert ear.twice == 1


def test_a_broker_far_away_gets_the_time_to_connect() -> None:
    clock = ManualClock(NOON)
    ear = _Ear(FarAway(clock, [[], numbered(1)]), "run", clock)
    ear.wait_for_greeting(Speaker())  # type: ignore[arg-type]  # as much of a speaker as it needs
    assert ear.numbers == {1}


def test_what_is_repeated_after_the_return_stands_for_nothing_that_was_said_meanwhile() -> None:
    clock = ManualClock(NOON)
    ear = _Ear(FakeSession(clock, [numbered(9, 10), numbered(11), numbered(12)]), "run", clock, after=10)
    ear.hear_out(2)
    assert ear.numbers == {11, 12}
    assert ear.twice == 0


@pytest.mark.service
def test_the_words_of_a_broker_that_refuses_us_are_told(tmp_path: Path) -> None:
    broker = mosquitto_in(tmp_path).start()
    try:
        with pytest.raises(Temporary, match=r"refuses us \(Not authorized\); mend username, password or rights"):
            probe(broker.settings(password="wrong"), SystemClock())
    finally:
        broker.stop(kill=True)
