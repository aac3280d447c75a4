"""Where the engine answers: private, replaced whole, and read without trouble whatever stands there."""

import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from citybrain.edge.address import EngineAddress
from domain.errors import Temporary

ADDRESS = EngineAddress(url="http://127.0.0.1:5", token="swordfish", pid=os.getpid())


def test_what_was_written_is_read(tmp_path: Path) -> None:
    ADDRESS.write(tmp_path)
    assert EngineAddress.read(tmp_path) == ADDRESS


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    ADDRESS.write(tmp_path)
    assert stat.S_IMODE((tmp_path / "engine.json").stat().st_mode) == 0o600


def test_a_readable_file_of_before_does_not_lend_its_rights(tmp_path: Path) -> None:
    for name in ("engine.json", f"engine.json.{os.getpid()}"):
        (tmp_path / name).write_text("old")
        (tmp_path / name).chmod(0o644)
    ADDRESS.write(tmp_path)
    assert stat.S_IMODE((tmp_path / "engine.json").stat().st_mode) == 0o600


def test_nothing_else_is_left_behind(tmp_path: Path) -> None:
    ADDRESS.write(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["engine.json"]


def test_a_place_that_takes_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Temporary, match=r"engine\.json cannot be written: No such file or directory; free space"):
        ADDRESS.write(tmp_path / "gone")


def test_where_no_engine_was_there_is_no_address(tmp_path: Path) -> None:
    assert EngineAddress.read(tmp_path) is None


@pytest.mark.parametrize(
    "content", ["", "{", "null", "[]", "{}", '{"url": "x"}', '{"url": "", "token": "", "pid": 1, "x": 2}']
)
def test_a_file_of_another_shape_is_no_address(content: str, tmp_path: Path) -> None:
    (tmp_path / "engine.json").write_text(content)
    assert EngineAddress.read(tmp_path) is None


def test_a_process_that_has_ended_is_not_running() -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    assert ADDRESS.is_running
    assert not EngineAddress(url="", token="", pid=int(ended.stdout)).is_running


def test_an_engine_has_a_supervisor_as_long_as_that_process_runs() -> None:
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    assert not ADDRESS.is_supervised
    assert replace(ADDRESS, supervisor=os.getpid()).is_supervised
    assert not replace(ADDRESS, supervisor=int(ended.stdout)).is_supervised
