"""What the tests of the wiring share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.records.records import Records
from store.records.settings import RecordsSettings
from tests.app.engine_room import EngineRoom
from tests.app.installation import Site, write_installation
from tests.app.terminal import Terminal


@pytest.fixture(scope="session")
def empty_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A records database without a line: making its tables once instead of for every test saves half of the time."""
    file = tmp_path_factory.mktemp("empty") / "records.db"
    Records.open(f"sqlite:///{file}", settings=RecordsSettings()).close()
    return file


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A good installation that nothing has run in yet."""
    return write_installation(tmp_path)


@pytest.fixture
def room(site: Site, empty_records: Path) -> Iterator[EngineRoom]:
    """The engine of the installation with all its parts, driven by hand; no thread runs."""
    site.data.mkdir()
    shutil.copy(empty_records, site.data / "records.db")
    opened = EngineRoom(site)
    yield opened
    opened.close()


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)
