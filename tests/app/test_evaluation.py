"""From the journal over the rules into the records: once, whatever happens in between."""

import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybrain.engine.evaluation import ENTRIES_AT_ONCE, SNAPSHOT_EVERY_S, Evaluation, Step
from citybrain.engine.judging import RuleDesk
from citybrain.engine.memory import RuleMemory
from domain.alerts import AlertMove, AlertState
from domain.conditions import Transition
from domain.errors import Misconfigured
from domain.settlements import Journalled
from rules.fingerprints import fingerprints
from runtime.clock import ManualClock
from runtime.stopping import Stop
from tests.app.engine_room import NOON, EngineRoom, Row
from tests.app.installation import DEVICES, Site, write_installation, write_yaml

EVERY_S = 5
STORY: tuple[tuple[Row, ...], ...] = tuple(
    (
        ("NM-1", "laeq", 72.0 if 10 <= second < 70 else 48.0),
        ("AQ-1", "pm2_5", 90.0 if second >= 40 else 20.0),
        *([("MC-1", "cover_open", 1.0)] if second == 15 else []),
        *([("MC-1", "cover_open", 0.0)] if second == 45 else []),
    )
    if second % 10 == 0 or second in (15, 45)
    else ()
    for second in range(0, 150, EVERY_S)
)
"""What is heard each five seconds: noise, then fine particles, a cover opened and closed, a silent cabinet."""


def told(room: EngineRoom) -> list[Any]:
    """The whole history but for the time at which it was written down, which depends on the rounds."""
    return [(alert, [replace(move, recorded_at=NOON) for move in moves]) for alert, moves in room.history()]


def outcome(room: EngineRoom) -> tuple[list[Any], Any, bytes]:
    return told(room), room.ledger(), room.parts.desk.dump()


def play(room: EngineRoom, *, crashes: frozenset[int] = frozenset(), saves: frozenset[int] = frozenset()) -> None:
    """The story, entry by entry; a crash comes after its entry was recorded, before the next snapshot."""
    for number, rows in enumerate(STORY):
        room.judge(rows, at=number * EVERY_S)
        if number in saves:
            room.parts.evaluation.save()
        if number in crashes:
            room.crash()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[Any], Any, bytes]]:
    room = EngineRoom(write_installation(tmp_path_factory.mktemp("undisturbed")))
    play(room)
    yield outcome(room)
    room.close()


def test_the_story_is_worth_telling(undisturbed: tuple[list[Any], Any, bytes]) -> None:
    rules = {alert.rule for alert, _ in undisturbed[0]}
    assert {"noise-zone", "noise-city-target", "cover-open", "pm2_5-early-warning", "device-silent"} <= rules
    states = {alert.state for alert, _ in undisturbed[0]}
    assert {AlertState.ACTIVE, AlertState.RETURNED, AlertState.CLOSED} <= states


ENTRIES = st.frozensets(st.integers(0, len(STORY) - 1), max_size=4)


@pytest.mark.thorough
@given(crashes=ENTRIES, saves=ENTRIES)
@settings(max_examples=8, deadline=None)
def test_crashes_at_any_entry_change_nothing(
    undisturbed: tuple[list[Any], Any, bytes], crashes: frozenset[int], saves: frozenset[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        room = EngineRoom(write_installation(Path(folder)))
        play(room, crashes=crashes, saves=saves)
        found = outcome(room)
        room.close()
    assert found == undisturbed


@pytest.mark.thorough
@given(st.lists(st.integers(1, 9), min_size=len(STORY)))
@settings(max_examples=4, deadline=None)
def test_entries_judged_in_one_round_come_to_the_same(
    undisturbed: tuple[list[Any], Any, bytes], sizes: list[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        room = EngineRoom(write_installation(Path(folder)))
        waiting = 0
        for number, rows in enumerate(STORY):
            room.settle(rows, at=number * EVERY_S)
            waiting += 1
            if waiting >= sizes[number] or number == len(STORY) - 1:
                assert len(room.step().entries) == waiting
                waiting = 0
        found = outcome(room)
        room.close()
    assert found == undisturbed


def test_a_step_records_what_the_entry_brought(room: EngineRoom) -> None:
    step = room.judge([("MC-1", "o2", 10.0)], at=0)
    assert [(alert.rule, move.move) for alert, move in step.moves] == [("gas-oxygen-low", AlertMove.OPEN)]
    assert [entry.sequence for entry in step.entries] == [1]
    assert step.by_reading == {("gas-oxygen-low", "device:MC-1")}
    assert (room.ledger().received, room.ledger().stored) == (1, 1)


def test_an_entry_is_recorded_once(room: EngineRoom) -> None:
    room.judge([("MC-1", "o2", 10.0)], at=0)
    assert room.step() == Step()
    room.crash()
    assert room.step() == Step()
    assert (room.ledger().received, len(room.history())) == (1, 1)


def test_what_was_journalled_before_a_crash_is_recorded_after_it(room: EngineRoom) -> None:
    room.settle([("MC-1", "o2", 10.0)], at=0, quarantined=2)
    room.crash()
    assert room.history() == []
    assert [move.move for _, move in room.step().moves] == [AlertMove.OPEN]
    assert (room.ledger().received, room.ledger().quarantined) == (3, 2)
    with room.parts.records.snapshot() as books:
        assert len(books.quarantine.list(limit=10)) == 2


def test_a_hold_time_goes_on_through_a_crash(room: EngineRoom) -> None:
    room.judge([("MC-1", "o2", 10.0)], at=0)
    room.judge(at=4)
    room.crash()
    [(alert, move)] = room.judge(at=7).moves  # held at 5 s; two seconds later all readings of then have arrived
    assert (move.move, move.at.timestamp() - NOON.timestamp()) == (AlertMove.HOLD, 5.0)
    assert alert.state is AlertState.ACTIVE


def test_an_alert_whose_device_was_removed_does_not_stay_open_for_ever(room: EngineRoom) -> None:
    for second in range(0, 60, 5):
        room.judge([("MC-1", "o2", 10.0)], at=second)
    left = [dict(entry) for entry in DEVICES if entry["id"] != "MC-1"]
    write_yaml(room.site.folder / "city" / "devices.yaml", {"devices": left})
    room.installation = room.site.installation()
    room.crash()
    ((alert, moves),) = [entry for entry in room.history() if entry[0].rule == "gas-oxygen-low"]
    assert (alert.state, moves[-1].move, alert.returned_at) == (AlertState.CLOSED, AlertMove.RETIRE, None)
    assert alert.id not in {shown.id for shown in room.parts.alerts.shown()}
    assert [a.rule for a, _ in room.history() if a.state is AlertState.ACTIVE] == ["device-silent"] * 4


def test_a_snapshot_of_another_version_leaves_the_rules_to_the_journal(room: EngineRoom) -> None:
    room.judge([("MC-1", "o2", 10.0)], at=0)
    room.judge(at=4)
    with room.parts.records.transaction() as books:
        books.rule_state.save(2, b"written by another version")
    room.crash()
    [(_, move)] = room.judge(at=7).moves
    assert (move.move, move.at.timestamp() - NOON.timestamp()) == (AlertMove.HOLD, 5.0)


class HurriedClock(ManualClock):
    """Each look at it is ten seconds later."""

    def monotonic(self) -> float:
        self.advance(timedelta(seconds=SNAPSHOT_EVERY_S))
        return super().monotonic()


class DyingDesk(RuleDesk):
    """The process ends in the midst of a long journal."""

    def judge(self, entries: Sequence[Journalled]) -> tuple[Sequence[Transition], Sequence[Transition]]:
        if entries[0].sequence == 2 * ENTRIES_AT_ONCE + 1:
            raise KeyboardInterrupt
        return super().judge(entries)


def test_a_long_way_through_the_journal_that_is_cut_short_goes_on_from_there(room: EngineRoom) -> None:
    entries = 3 * ENTRIES_AT_ONCE
    for second in range(entries):
        room.settle(at=second)
    while room.step().entries:
        pass
    parts = room.parts
    desk = DyingDesk(parts.desk.program)
    cut_short = Evaluation(
        journal=parts.journal,
        desk=desk,
        service=parts.service,
        memory=RuleMemory(parts.records, desk, fingerprints(room.installation.ruleset)),
        clock=HurriedClock(NOON),
    )
    with pytest.raises(KeyboardInterrupt):
        cut_short.restore()
    with room.parts.records.snapshot() as books:
        sequence, _ = books.rule_state.load() or (0, b"")
    assert sequence == 2 * ENTRIES_AT_ONCE
    room.crash()
    assert room.parts.evaluation.judged_through == entries


def test_a_start_saves_what_it_went_through_so_that_the_next_one_is_short(room: EngineRoom) -> None:
    for second in range(3):
        room.judge(at=second)
    assert room.parts.evaluation.saved_through == 0
    room.crash()
    assert room.parts.evaluation.saved_through == 3
    with room.parts.records.snapshot() as books:
        sequence, _ = books.rule_state.load() or (0, b"")
    assert sequence == 3


def test_a_transition_by_timer_is_not_put_down_to_a_reading(room: EngineRoom) -> None:
    room.judge([("MC-1", "o2", 10.0)], at=0)
    step = room.judge(at=10)
    assert [move.move for _, move in step.moves] == [AlertMove.HOLD]
    assert step.by_reading == frozenset()


def test_the_rules_are_saved_every_ten_seconds(room: EngineRoom) -> None:
    room.judge(at=0)
    assert room.parts.evaluation.saved_through == 0
    room.judge(at=SNAPSHOT_EVERY_S)
    assert room.parts.evaluation.saved_through == room.parts.evaluation.judged_through == 2
    room.crash()
    assert room.parts.evaluation.saved_through == 2


def test_running_until_asked_to_stop_saves_at_the_end(room: EngineRoom) -> None:
    room.settle([("MC-1", "o2", 10.0)], at=0)
    room.settle(at=1)
    stop, steps = Stop(), []

    def on_step(step: Step) -> None:
        steps.append(step)
        stop.ask()

    room.parts.evaluation.run(stop, on_step)
    assert [len(step.entries) for step in steps] == [2]
    assert room.parts.evaluation.saved_through == 2


def test_a_journal_that_ends_before_the_records_is_not_theirs(room: EngineRoom) -> None:
    room.judge([("MC-1", "o2", 10.0)], at=0)
    room.parts.close()
    shutil.rmtree(room.site.data / "journal")
    with pytest.raises(Misconfigured, match=r"ends at entry 0, but the records hold everything up to 1: put back"):
        room.crash()


@contextmanager
def records_away(site: Site) -> Iterator[None]:
    """Another writer that does not let go."""
    other = sqlite3.connect(site.data / "records.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.fixture
def hasty_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineRoom]:
    """Gives up on a locked database at once, and tries again soon."""
    monkeypatch.setattr("citybrain.engine.evaluation.PAUSE_WHEN_AWAY_S", 0.02)
    room = EngineRoom(write_installation(tmp_path, records={"busy_timeout": "20ms"}))
    yield room
    room.close()


def test_while_the_records_are_away_the_step_waits_and_then_goes_on(hasty_room: EngineRoom) -> None:
    hasty_room.settle([("MC-1", "o2", 10.0)], at=0)
    tries, steps = threading.Semaphore(0), []

    def stop() -> bool:
        tries.release()
        return False

    with records_away(hasty_room.site):
        worker = threading.Thread(target=lambda: steps.append(hasty_room.step(stop)))
        worker.start()
        assert tries.acquire(timeout=60.0) and tries.acquire(timeout=60.0)  # asked again: the first try has failed
        assert hasty_room.history() == [] and steps == []
    worker.join(60.0)
    assert [move.move for _, move in steps[0].moves] == [AlertMove.OPEN]
    assert len(hasty_room.history()) == 1


def test_stopping_while_the_records_are_away_loses_nothing(hasty_room: EngineRoom) -> None:
    hasty_room.settle([("MC-1", "o2", 10.0)], at=0)
    answers = iter([False, True])
    with records_away(hasty_room.site):
        assert hasty_room.step(lambda: next(answers)).moves == ()
        hasty_room.parts.evaluation.save()
    assert hasty_room.parts.evaluation.saved_through == 0
    hasty_room.parts.evaluation.save()
    assert hasty_room.parts.evaluation.saved_through == 0  # judged, but not recorded
    hasty_room.crash()
    assert [move.move for _, move in hasty_room.step().moves] == [AlertMove.OPEN]
