"""A wall over a fake engine, in this process, for tests that ask it over HTTP or look at it with a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.fake_engine import FakeEngine
from tests.dashboard.fake_world import FakeWorld
from tests.dashboard.web import Web, write_accounts


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
def engine(tmp_path: Path, world: FakeWorld) -> Iterator[FakeEngine]:
    """Running; its address stands in the test's folder."""
    engine = FakeEngine(tmp_path, world).start()
    yield engine
    engine.stop()


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """Running, over whatever engine the folder names."""
    write_accounts(tmp_path)
    web = Web(tmp_path).start()
    yield web
    web.stop()
