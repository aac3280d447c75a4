"""At the edge: other processes, locks, full disks, and SQLAlchemy's errors in our words."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import exc as sql

from domain.errors import CitybrainError, Misconfigured, Refused, Temporary
from store.records.errors import Conflict, translation
from store.records.records import Records
from store.records.settings import RecordsSettings
from tests.records.samples import alert_of, transition_of


def database_error(kind: type[sql.DBAPIError]) -> sql.DBAPIError:
    return kind("SELECT 1", {}, sqlite3.Error("the driver's own words"))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (database_error(sql.IntegrityError), Conflict),
        (database_error(sql.OperationalError), Temporary),
        (database_error(sql.InterfaceError), Temporary),
        (sql.TimeoutError("no connection is free"), Temporary),
        (sql.DisconnectionError("gone"), Temporary),
        (database_error(sql.ProgrammingError), Refused),
        (database_error(sql.DataError), Refused),
        (database_error(sql.NotSupportedError), Refused),
        (database_error(sql.InternalError), Refused),
        (sql.StatementError("naive datetime", "INSERT", {}, ValueError("naive")), Refused),
        (database_error(sql.DatabaseError), Misconfigured),
        (sql.ArgumentError("not a URL"), Misconfigured),
        (sql.NoSuchModuleError("no such dialect"), Misconfigured),
    ],
)
def test_each_of_their_errors_has_one_of_ours(theirs: sql.SQLAlchemyError, ours: type[CitybrainError]) -> None:
    assert type(translation(theirs, "records.db")) is ours


def test_drivers_words_are_in_our_message() -> None:
    assert "the driver's own words" in str(translation(database_error(sql.OperationalError), "records.db"))


def test_locked_database_is_temporary(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/records.db"
    records = Records.open(url, settings=RecordsSettings(busy_timeout=0.05))
    with sqlite3.connect(tmp_path / "records.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Temporary, match="locked"), records.transaction():
            pass


def test_full_disk_is_temporary_and_leaves_nothing(tmp_path: Path) -> None:
    records = Records.open(f"sqlite:///{tmp_path}/records.db", settings=RecordsSettings())
    with pytest.raises(Temporary, match="full"), records.transaction() as books:
        books.cursors.set("before", 1)
        books.cursors._connection.exec_driver_sql("PRAGMA max_page_count=1")
        books.rule_state.save(1, b"x" * 10_000_000)
    records.close()
    with records.snapshot() as books:
        assert books.cursors.get("before") == 0


def test_damaged_database_is_for_the_operator(tmp_path: Path) -> None:
    records = Records.open(f"sqlite:///{tmp_path}/records.db", settings=RecordsSettings())
    records.close()
    file = tmp_path / "records.db"
    file.write_bytes(file.read_bytes()[:100] + b"\xee" * (file.stat().st_size - 100))
    with pytest.raises(Misconfigured, match="backup"), records.snapshot() as books:
        books.devices.list()


def test_naive_time_is_refused(records: Records) -> None:
    alert = alert_of(closed_at=alert_of().opened_at.replace(tzinfo=None))
    with pytest.raises(Refused, match="naive"), records.transaction() as books:
        books.alerts.save(alert, transition_of(alert))


READ_FROM_OUTSIDE = """
import sys
from store.records.records import Records
from store.records.settings import RecordsSettings
with Records.open(sys.argv[1], settings=RecordsSettings(busy_timeout=0.5)).snapshot() as books:
    print([alert.id for alert in books.alerts.list(open_only=True, limit=10).alerts])
"""


def test_other_process_reads_what_is_committed_while_we_write(url: str, records: Records) -> None:
    with records.transaction() as books:
        books.alerts.save(alert_of("a1"), transition_of(alert_of("a1")))
    with records.transaction() as books:
        books.alerts.save(alert_of("a2", rule="noise-peak"), transition_of(alert_of("a2")))
        seen = subprocess.run(
            [sys.executable, "-c", READ_FROM_OUTSIDE, url], capture_output=True, text=True, check=True, timeout=240
        )
    assert seen.stdout.strip() == "['a1']"


def test_snapshot_shows_one_moment_while_another_commits(records: Records) -> None:
    with records.snapshot() as before:
        assert before.cursors.get("records") == 0
        with records.transaction() as books:
            books.cursors.set("records", 5)
        assert before.cursors.get("records") == 0


def test_writers_at_once_do_not_lose_each_others_work(records: Records) -> None:
    def count_up(_: int) -> None:
        with records.transaction() as books:
            books.cursors.set("records", books.cursors.get("records") + 1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count_up, range(40)))
    with records.snapshot() as books:
        assert books.cursors.get("records") == 40


def test_two_processes_may_open_a_new_database_at_once(url: str) -> None:
    start = Barrier(4)

    def opened(_: int) -> int:
        start.wait()
        with Records.open(url, settings=RecordsSettings()).snapshot() as books:
            return books.cursors.get("records")

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(opened, range(4))) == [0, 0, 0, 0]
