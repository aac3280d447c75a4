"""The whole engine in one process, without a broker: it answers, its command line finds it, and it ends in order."""

import gc
import os
import threading
from collections.abc import Iterator

import pytest

from citybrain.commands.querying import DEFAULT_FILES
from citybrain.edge.address import EngineAddress
from citybrain.edge.client import EngineClient
from citybrain.engine.process import EngineProcess
from domain.errors import Refused
from runtime.stopping import Stop
from tests.app.documented import differences, shapes
from tests.app.installation import Site
from tests.app.terminal import Terminal
from tests.runtime.children import until


class Engine:
    """An engine on a thread of this process."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.stop = Stop()
        self.codes: list[int] = []
        process = EngineProcess(site.installation(), pid=os.getpid())
        self._thread = threading.Thread(target=lambda: self.codes.append(process.run(self.stop)))
        self._thread.start()
        until(lambda: EngineAddress.read(site.data) is not None, within_s=120.0)
        address = EngineAddress.read(site.data)
        assert address is not None
        self.address = address

    def end(self) -> None:
        self.stop.ask()
        self._thread.join(120.0)
        assert not self._thread.is_alive()
        gc.unfreeze()  # an engine of its own leaves that to the system


@pytest.fixture
def engine(site: Site) -> Iterator[Engine]:
    started = Engine(site)
    yield started
    started.end()


def test_a_running_engine_answers_with_a_documented_picture(engine: Engine) -> None:
    with EngineClient(engine.address) as client:
        assert client.is_ready()
        until(lambda: client.get("/internal/picture") != {})
        assert differences(client.get("/internal/picture"), shapes()["Picture"], of=shapes()) == []


def test_an_engine_that_nobody_would_start_again_is_not_ended(engine: Engine, terminal: Terminal) -> None:
    ran = terminal.run("devices", "reload", "--config", engine.site.file)
    assert (ran.code, f"engine {os.getpid()} was started by itself" in ran.err) == (1, True)
    with EngineClient(engine.address) as client:
        assert client.is_ready()


def test_what_was_written_is_told_where_the_engine_cannot_take_it(engine: Engine, terminal: Terminal) -> None:
    new = engine.site.folder / "new.csv"
    new.write_text("id,kind,zh,lon,lat\nNM-77,noise_meter,甲,112.51,30.92\n", encoding="utf-8")
    ran = terminal.run("devices", "import", "--config", engine.site.file, "--apply", "--reload", new)
    assert (ran.code, "NM-77" in ran.out, "was started by itself" in ran.err) == (1, True, True)
    assert "NM-77" in engine.site.settings().devices.read_text(encoding="utf-8")


def test_a_second_engine_over_the_same_data_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match=f"in use by process {os.getpid()}"):
        EngineProcess(engine.site.installation(), pid=os.getpid())


def test_readings_come_from_the_running_engine_which_holds_the_file(engine: Engine, terminal: Terminal) -> None:
    ran = terminal.run("readings", "--config", engine.site.file)
    assert ran.code == 0
    assert ran.out.endswith("没有记录 · nothing to show\n")  # the engine of this process may have logged before


def test_asked_to_stop_it_ends_well_and_gives_everything_free(engine: Engine) -> None:
    engine.end()
    assert engine.codes == [0]
    again = Engine(engine.site)
    again.end()
    assert again.codes == [0]


def test_a_client_of_an_engine_that_has_gone_is_told_so(engine: Engine) -> None:
    engine.end()
    with EngineClient(engine.address) as client:
        assert not client.is_ready()


def test_the_default_files_are_those_of_an_installation_and_a_demo() -> None:
    assert [str(file) for file in DEFAULT_FILES] == ["citybrain.yaml", "demo-data/citybrain.yaml"]
