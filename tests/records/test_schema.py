"""The migrated schema is the one the code knows, and a database that is not ours is refused in words."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from domain.errors import Misconfigured
from store.records.connection import connect
from store.records.migrating import upgrade
from store.records.records import Records
from store.records.schema import MIGRATIONS, newest_revision
from store.records.settings import RecordsSettings
from store.records.tables import metadata

SETTINGS = RecordsSettings()
VERSION_TABLE = "alembic_version"


def words_of(sql: str) -> list[str]:
    return sorted(part.strip() for part in sql.replace('"', "").replace("\n", " ").split(","))


def migrated(url: str) -> None:
    """Step by step, as a database of the first version is."""
    with connect(url, busy_timeout_s=1.0).writing.begin() as connection:
        upgrade(connection, MIGRATIONS)


def test_migrated_schema_equals_the_tables_in_the_code(url: str) -> None:
    migrated(url)
    with connect(url, busy_timeout_s=1.0).reading.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_new_database_is_what_the_steps_would_have_made_of_it(tmp_path: Path) -> None:
    migrated(f"sqlite:///{tmp_path}/migrated.db")
    Records.open(f"sqlite:///{tmp_path}/created.db", settings=SETTINGS).close()
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    stepwise, at_once = (
        {name: words_of(sql) for name, sql in sqlite3.connect(tmp_path / file).execute(query) if name != VERSION_TABLE}
        for file in ("migrated.db", "created.db")
    )
    assert stepwise == at_once


def of_version(file: Path, revision: str) -> None:
    """A database as an older release made it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with create_engine(f"sqlite:///{file}").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_database_of_the_first_version_is_brought_to_the_newest(tmp_path: Path) -> None:
    file = tmp_path / "records.db"
    of_version(file, "0001")
    Records.open(f"sqlite:///{file}", settings=SETTINGS).close()
    assert sqlite3.connect(file).execute("SELECT version_num FROM alembic_version").fetchall() == [(newest_revision(),)]


def test_the_quarantine_of_an_older_version_keeps_its_entries_and_counts_on(tmp_path: Path) -> None:
    file = tmp_path / "records.db"
    of_version(file, "0005")
    with create_engine(f"sqlite:///{file}").begin() as connection:
        row = "'city', 't', x'00ff', 7, 'not-json', 'why', 1, NULL"
        columns = "id, feed, topic, payload, received, reason, detail, readings, asked_at"
        connection.execute(text(f"INSERT INTO quarantine ({columns}) VALUES (2, {row}), (9, {row})"))
    records = Records.open(f"sqlite:///{file}", settings=RecordsSettings(quarantine_limit=2))
    with records.transaction() as books:
        kept = books.quarantine.get(9)
        assert kept is not None
        assert (kept.content.payload, kept.content.detail) == (b"\x00\xff", "why")
        books.quarantine.driven([9])
        books.quarantine.add([kept.content])
        books.quarantine.add([kept.content])
        assert [entry.id for entry in books.quarantine.list(limit=10)] == [11, 10]
    records.close()


def test_opening_again_changes_nothing(url: str) -> None:
    with_cursor = Records.open(url, settings=SETTINGS)
    with with_cursor.transaction() as books:
        books.cursors.set("records", 7)
    with Records.open(url, settings=SETTINGS).snapshot() as books:
        assert books.cursors.get("records") == 7


def test_newest_revision_is_the_head_of_alembic() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert newest_revision() == ScriptDirectory.from_config(config).get_current_head()


@pytest.mark.parametrize("is_new", [True, False])
def test_database_that_needs_no_steps_is_opened_without_loading_alembic(tmp_path: Path, is_new: bool) -> None:
    url = f"sqlite:///{tmp_path}/records.db"
    if not is_new:
        Records.open(url, settings=SETTINGS).close()
    code = (
        "import sys; from store.records.records import Records; from store.records.settings import RecordsSettings\n"
        "Records.open(sys.argv[1], settings=RecordsSettings()).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_schema_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/records.db"
    Records.open(url, settings=SETTINGS).close()
    with sqlite3.connect(tmp_path / "records.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Misconfigured, match="9999"):
        Records.open(url, settings=SETTINGS)


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "records.db").write_text("a letter to the mayor, " * 100)
    with pytest.raises(Misconfigured, match="not a database"):
        Records.open(f"sqlite:///{tmp_path}/records.db", settings=SETTINGS)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:////no/such/folder/records.db", "/no/such/folder"),
        ("sqlite://", "need a file"),
        ("mysql://citybrain:secret@localhost/x", "mysql"),
        ("not a url", "check records.url"),
    ],
)
def test_wrong_address_is_refused_with_what_to_write(url: str, words: str) -> None:
    with pytest.raises(Misconfigured, match=words) as refusal:
        Records.open(url, settings=SETTINGS)
    assert "secret" not in str(refusal.value)


def test_password_of_the_address_is_not_printed(tmp_path: Path) -> None:
    settings = RecordsSettings.model_validate({"url": "postgresql://citybrain:hunter2@db/city"})
    assert "hunter2" not in repr(settings)
    assert settings.url_in(tmp_path) == "postgresql://citybrain:hunter2@db/city"


def test_without_an_address_the_records_are_in_the_data_directory(tmp_path: Path) -> None:
    assert RecordsSettings().url_in(tmp_path) == f"sqlite:///{tmp_path}/records.db"


def test_every_commit_is_synced_to_disk(tmp_path: Path) -> None:
    with connect(f"sqlite:///{tmp_path}/records.db", busy_timeout_s=1.0).writing.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 1000}


def test_who_only_reads_does_not_upgrade_an_older_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    Records.open(url, settings=RecordsSettings()).close()
    with create_engine(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(Misconfigured, match="schema 0001, not"):
        Records.open(url, settings=RecordsSettings(), upgrade=False)
    with create_engine(url).connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0001"


def test_who_only_reads_opens_a_database_of_this_version(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    Records.open(url, settings=RecordsSettings()).close()
    records = Records.open(url, settings=RecordsSettings(), upgrade=False)
    with records.snapshot() as books:
        assert books.ledger.totals() == {}
    records.close()
