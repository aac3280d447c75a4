"""Sessions outlive the process, end in time, and a copy of their file logs nobody in."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard.access.roles import Role
from dashboard.access.sessions import SessionStore
from dashboard.settings import SessionSettings
from dashboard.users import User
from runtime.clock import ManualClock

DAY = timedelta(days=1)
DUTY = User(name="duty", role=Role.OPERATOR, password="scrypt$a")
SCREEN = User(name="screen", role=Role.VIEWER, password="scrypt$b")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture
def sessions(tmp_path: Path, clock: ManualClock) -> Iterator[SessionStore]:
    store = SessionStore(tmp_path / "web.db", settings=SessionSettings(), clock=clock)
    yield store
    store.dispose()


def test_a_session_is_found_by_its_token(sessions: SessionStore) -> None:
    token, opened = sessions.open(DUTY)
    assert sessions.find(token) == opened


def test_another_token_finds_nothing(sessions: SessionStore) -> None:
    token, _ = sessions.open(DUTY)
    assert sessions.find(token + "x") is None


def test_a_session_knows_the_account_as_it_was_when_it_logged_in(sessions: SessionStore) -> None:
    token, _ = sessions.open(DUTY)
    found = sessions.find(token)
    assert found is not None and found.edition == DUTY.edition


def test_nobody_writes_another_edition_of_the_account_into_a_token(sessions: SessionStore) -> None:
    token, _ = sessions.open(DUTY)
    assert sessions.find(token.replace(DUTY.edition, SCREEN.edition)) is None


def test_a_restart_logs_nobody_out(sessions: SessionStore, tmp_path: Path, clock: ManualClock) -> None:
    token, opened = sessions.open(DUTY)
    again = SessionStore(tmp_path / "web.db", settings=SessionSettings(), clock=clock)
    assert again.find(token) == opened
    again.dispose()


def test_the_file_holds_no_token(sessions: SessionStore, tmp_path: Path) -> None:
    token, _ = sessions.open(DUTY)
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token.encode() not in written
    assert b"duty" in written


def test_the_file_is_private(sessions: SessionStore, tmp_path: Path) -> None:
    sessions.open(DUTY)
    assert (tmp_path / "web.db").stat().st_mode & 0o077 == 0


def test_a_screen_stays_logged_in_while_the_disk_is_full(
    sessions: SessionStore, tmp_path: Path, clock: ManualClock
) -> None:
    token, opened = sessions.open(SCREEN)
    file = sqlite3.connect(tmp_path / "web.db")
    file.execute("CREATE TRIGGER full BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    file.close()
    clock.advance(timedelta(seconds=0.6 * SessionSettings().screen))
    assert sessions.find(token) == opened


def test_staff_are_logged_out_after_their_shift(sessions: SessionStore, clock: ManualClock) -> None:
    token, _ = sessions.open(DUTY)
    clock.advance(timedelta(hours=12))
    assert sessions.find(token) is None


def test_a_screen_in_use_is_never_logged_out(sessions: SessionStore, clock: ManualClock) -> None:
    token, _ = sessions.open(SCREEN)
    for _ in range(10):
        clock.advance(200 * DAY)
        assert sessions.find(token) is not None


def test_a_screen_out_of_use_is_logged_out(sessions: SessionStore, clock: ManualClock) -> None:
    token, _ = sessions.open(SCREEN)
    clock.advance(365 * DAY)
    assert sessions.find(token) is None


def test_logging_out_ends_the_session(sessions: SessionStore) -> None:
    token, _ = sessions.open(DUTY)
    sessions.close(token)
    assert sessions.find(token) is None
