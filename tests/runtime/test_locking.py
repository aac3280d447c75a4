"""One process per directory, and the lock comes back however its holder ends."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.errors import Refused
from runtime.locking import DirectoryLock

HOLDER = """
import sys, time
from pathlib import Path
from runtime.locking import DirectoryLock
lock = DirectoryLock(Path(sys.argv[1]), "engine")
print("held", flush=True)
time.sleep(600)
"""


@contextmanager
def holder(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(directory)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with holder(tmp_path) as process, pytest.raises(Refused, match=f"in use by process {process.pid}: stop it"):
        DirectoryLock(tmp_path, "engine")


def test_a_refusal_leaves_the_holders_lock_alone(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        for _ in range(2):
            with pytest.raises(Refused, match=str(process.pid)):
                DirectoryLock(tmp_path, "engine")


def test_the_lock_comes_back_when_the_holder_is_killed(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        lock = DirectoryLock(tmp_path, "engine")
    assert (tmp_path / "engine.lock").read_text() == str(os.getpid())
    lock.release()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    DirectoryLock(tmp_path, "engine").release()
    DirectoryLock(tmp_path, "engine").release()


def test_locks_of_different_names_do_not_meet(tmp_path: Path) -> None:
    engine, supervisor = DirectoryLock(tmp_path, "engine"), DirectoryLock(tmp_path, "supervisor")
    engine.release()
    supervisor.release()


def test_the_directory_is_made_and_the_file_is_private(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path / "new" / "data", "engine")
    assert stat.S_IMODE((tmp_path / "new" / "data" / "engine.lock").stat().st_mode) == 0o600
    lock.release()
