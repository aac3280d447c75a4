"""Records on a fresh SQLite file; those marked `service` run the same tests on a real PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.records.records import Records
from store.records.settings import RecordsSettings


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a server of our own, started for this run."""
    from tests.records.postgresql import server

    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.service)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'records.db'}"
    from tests.records.postgresql import fresh_database

    return fresh_database(request.getfixturevalue("postgresql"))


@pytest.fixture
def records(url: str) -> Iterator[Records]:
    opened = Records.open(url, settings=RecordsSettings(quarantine_limit=5, busy_timeout=60.0))
    yield opened
    opened.close()
