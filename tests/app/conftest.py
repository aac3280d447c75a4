"""What the tests of the wiring share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.engine_room import EngineRoom
from tests.app.installation import Site, write_installation


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A good installation that nothing has run in yet."""
    return write_installation(tmp_path)


@pytest.fixture
def room(site: Site) -> Iterator[EngineRoom]:
    """The engine of the installation with all its parts, driven by hand; no thread runs."""
    opened = EngineRoom(site)
    yield opened
    opened.close()
