"""Sessions outlive the process, end in time, and a copy of their file logs nobody in."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard.access.roles import Role
from dashboard.access.sessions import SessionStore
from dashboard.settings import SessionSettings
from runtime.clock import ManualClock

DAY = timedelta(days=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture
def sessions(tmp_path: Path, clock: ManualClock) -> Iterator[SessionStore]:
    store = SessionStore(tmp_path / "web.db", settings=SessionSettings(), clock=clock)
    yield store
    store.dispose()


def test_a_session_is_found_by_its_token(sessions: SessionStore) -> None:
    token, opened = sessions.open("duty", Role.OPERATOR)
    assert sessions.find(token) == opened


def test_another_token_finds_nothing(sessions: SessionStore) -> None:
    token, _ = sessions.open("duty", Role.OPERATOR)
    assert sessions.find(token + "x") is None


def test_a_restart_logs_nobody_out(sessions: SessionStore, tmp_path: Path, clock: ManualClock) -> None:
    token, opened = sessions.open("duty", Role.OPERATOR)
    again = SessionStore(tmp_path / "web.db", settings=SessionSettings(), clock=clock)
    assert again.find(token) == opened
    again.dispose()


def test_the_file_holds_no_token(sessions: SessionStore, tmp_path: Path) -> None:
    token, _ = sessions.open("duty", Role.OPERATOR)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token.encode() not in written
    assert b"duty" in written


def test_the_file_is_private(sessions: SessionStore, tmp_path: Path) -> None:
    sessions.open("duty", Role.OPERATOR)
    assert (tmp_path / "web.db").stat().st_mode & 0o077 == 0


def test_a_screen_stays_logged_in_while_the_disk_is_full(
    sessions: SessionStore, tmp_path: Path, clock: ManualClock
) -> None:
    token, opened = sessions.open("wall", Role.VIEWER)
    file = sqlite3.connect(tmp_path / "web.db")
    file.execute("CREATE TRIGGER full BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    file.close()
    clock.advance(timedelta(seconds=0.6 * SessionSettings().screen))
    assert sessions.find(token) == opened


def test_staff_are_logged_out_after_their_shift(sessions: SessionStore, clock: ManualClock) -> None:
    token, _ = sessions.open("duty", Role.OPERATOR)
    clock.advance(timedelta(hours=12))
    assert sessions.find(token) is None


def test_a_screen_in_use_is_never_logged_out(sessions: SessionStore, clock: ManualClock) -> None:
    token, _ = sessions.open("screen", Role.VIEWER)
    for _ in range(10):
        clock.advance(200 * DAY)
        assert sessions.find(token) is not None


def test_a_screen_out_of_use_is_logged_out(sessions: SessionStore, clock: ManualClock) -> None:
    token, _ = sessions.open("screen", Role.VIEWER)
    clock.advance(365 * DAY)
    assert sessions.find(token) is None


def test_logging_out_ends_the_session(sessions: SessionStore) -> None:
    token, _ = sessions.open("duty", Role.OPERATOR)
    sessions.close(token)
    assert sessions.find(token) is None
