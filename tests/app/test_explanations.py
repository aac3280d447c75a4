"""The engine explains one alert at a time, remembers it for a while, and says so when it has no time for another."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from citybrain.edge.api import Busy
from citybrain.engine.explanations import KEPT_S, MOST_KEPT, MOST_WAITING, Explanations
from domain.alerts import Alert, AlertTransition
from domain.ports import Clock
from rules.loading import RuleSet
from runtime.clock import ManualClock
from tests.app.engine_room import NOON, EngineRoom
from tests.app.storybook import OnRecord, records_of, story

CASE = story("a silent device is told after three of its own intervals and back at its next reading")


@pytest.fixture(scope="module")
def record() -> OnRecord:
    return records_of(CASE)[0]


class Explained:
    """What was explained, one after the other; where `may_go` is clear, each waits for it."""

    def __init__(self, clock: Clock, *, wait_s: float = 60.0) -> None:
        self.asked: list[str] = []
        self.begun = threading.Semaphore(0)
        self.may_go = threading.Event()
        self.may_go.set()
        self.explanations = Explanations(self._explain, clock, wait_s=wait_s)

    def _explain(self, _ruleset: RuleSet, alert: Alert, _moves: Sequence[AlertTransition]) -> dict[str, Any]:
        self.asked.append(alert.id)
        self.begun.release()
        self.may_go.wait(60.0)
        return {"number": len(self.asked)}

    def of(self, record: OnRecord, *, ruleset: RuleSet = CASE.ruleset) -> dict[str, Any]:
        return self.explanations.of(ruleset, record.alert, record.moves)

    @contextmanager
    def busy(self, record: OnRecord) -> Iterator[None]:
        """While this one is being explained."""
        self.may_go.clear()
        thread = threading.Thread(target=self.of, args=(record,))
        thread.start()
        assert self.begun.acquire(timeout=60.0)
        try:
            yield
        finally:
            self.may_go.set()
            thread.join(60.0)


def other(record: OnRecord, number: int = 0) -> OnRecord:
    return replace(record, alert=replace(record.alert, id=f"other-{number}"))


def test_who_asks_again_gets_the_same_answer_and_nothing_is_judged_again(record: OnRecord) -> None:
    told = Explained(ManualClock(NOON))
    assert [told.of(record)["number"] for _ in range(5)] == [1] * 5
    assert len(told.asked) == 1


def test_another_move_other_rules_and_a_minute_make_it_explained_anew(record: OnRecord) -> None:
    clock = ManualClock(NOON)
    told = Explained(clock)
    told.of(record)
    told.of(replace(record, moves=record.moves[:-1]))
    told.of(record)
    told.of(record, ruleset=replace(CASE.ruleset))
    told.of(record)
    clock.advance(timedelta(seconds=KEPT_S + 1))
    told.of(record)
    assert len(told.asked) == 6


def test_so_many_answers_are_remembered_and_no_more(record: OnRecord) -> None:
    told = Explained(ManualClock(NOON))
    for number in range(MOST_KEPT + 1):
        told.of(other(record, number))
    told.of(other(record, MOST_KEPT))
    told.of(other(record, 1))
    assert len(told.asked) == MOST_KEPT + 1
    told.of(other(record, 0))
    assert len(told.asked) == MOST_KEPT + 2


def test_who_waited_for_the_same_alert_is_served_from_memory(record: OnRecord) -> None:
    told = Explained(ManualClock(NOON))
    answers: list[dict[str, Any]] = []
    with told.busy(record):
        waiting = [threading.Thread(target=lambda: answers.append(told.of(record))) for _ in range(MOST_WAITING)]
        for thread in waiting:
            thread.start()
    for thread in waiting:
        thread.join(60.0)
    assert [answer["number"] for answer in answers] == [1] * MOST_WAITING
    assert len(told.asked) == 1


def test_who_would_wait_too_long_is_told_so_in_both_languages(record: OnRecord) -> None:
    told = Explained(ManualClock(NOON), wait_s=0.01)
    with told.busy(record), pytest.raises(Busy) as refusal:
        told.of(other(record))
    assert "请稍后再看" in refusal.value.zh and "in a while" in refusal.value.en
    assert told.of(other(record)) == {"number": 2}


def test_only_a_few_may_wait_so_that_other_calls_find_a_thread(record: OnRecord) -> None:
    told = Explained(ManualClock(NOON))
    refused = threading.Semaphore(0)

    def ask(number: int) -> None:
        try:
            told.of(other(record, number))
        except Busy:
            refused.release()

    with told.busy(record):
        asking = [threading.Thread(target=ask, args=(number,)) for number in range(MOST_WAITING + 3)]
        for thread in asking:
            thread.start()
        assert all(refused.acquire(timeout=60.0) for _ in range(3))
        assert not refused.acquire(blocking=False)
    for thread in asking:
        thread.join(60.0)


def test_a_desk_asked_again_does_not_read_the_store_again(room: EngineRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    for second in range(0, 60, 10):
        room.judge([("NM-1", "laeq", 70.0)], at=second)
    [alert] = [alert for alert, _ in room.history() if alert.rule == "noise-zone"]
    first = room.desk.explanation(alert.id)
    monkeypatch.setattr(room.parts.store, "batches", None)
    assert room.desk.explanation(alert.id) == first
