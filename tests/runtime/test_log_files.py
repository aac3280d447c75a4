"""Log files of children stay within bounds while they are written to, and lose nothing that was written before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.log_files import LogBound

BOUND = LogBound(size=100, generations=2)


def generations(log: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in sorted(log.parent.iterdir())}


def fill(log: Path, letter: str) -> None:
    with log.open("a") as file:
        file.write(letter * 100)


def test_a_log_that_is_not_full_stays_as_it_is(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_text("x" * 99)
    BOUND.hold(log)
    assert generations(log) == {"engine.log": "x" * 99}


def test_a_log_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    BOUND.hold(tmp_path / "engine.log")
    assert list(tmp_path.iterdir()) == []


def test_full_logs_are_set_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    for letter in "abcd":
        fill(log, letter)
        BOUND.hold(log)
    assert generations(log) == {"engine.log": "", "engine.log.1": "d" * 100, "engine.log.2": "c" * 100}


def test_without_generations_a_full_log_is_emptied(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    fill(log, "a")
    LogBound(size=100, generations=0).hold(log)
    assert generations(log) == {"engine.log": ""}


def test_a_process_that_goes_on_writing_begins_at_the_new_end(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    script = "import sys; sys.stdout.write('a' * 100); sys.stdout.flush(); sys.stdin.read(1); sys.stdout.write('b')"
    with log.open("ab") as output:
        writer = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=output, bufsize=0)
    while log.stat().st_size < 100:
        assert writer.poll() is None
    BOUND.hold(log)
    writer.communicate(b"x", timeout=30)
    assert generations(log) == {"engine.log": "b", "engine.log.1": "a" * 100}


def test_where_there_is_no_room_for_a_copy_the_oldest_goes_and_at_last_the_log_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    log = tmp_path / "engine.log"
    fill(log, "a")
    (tmp_path / "engine.log.1").write_text("old")
    (tmp_path / "engine.log.2").write_text("older")
    monkeypatch.setattr("shutil.copyfileobj", full_disk)
    kept = []
    for _ in range(3):
        BOUND.hold(log)
        kept.append({name: len(text) for name, text in generations(log).items()})
    assert kept == [{"engine.log": 100, "engine.log.1": 3}, {"engine.log": 100}, {"engine.log": 0}]


def test_a_disk_that_takes_nothing_at_all_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    log = tmp_path / "engine.log"
    fill(log, "a")
    for call in ("truncate", "ftruncate", "unlink"):
        monkeypatch.setattr(os, call, refuse)
    BOUND.hold(log)
    assert log.read_text() == "a" * 100


def test_old_logs_that_cannot_be_removed_keep_the_bound_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(13, "Permission denied")

    log = tmp_path / "engine.log"
    for letter in "ab":
        fill(log, letter)
        BOUND.hold(log)
    fill(log, "c")
    monkeypatch.setattr(os, "ftruncate", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(Path, "replace", refuse)
    BOUND.hold(log)
    assert log.read_text() == ""
