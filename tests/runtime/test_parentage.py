"""When the supervisor goes, however it goes, nothing of it stays behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.children import is_running, until

SUPERVISOR = """
import sys, time
from pathlib import Path
from runtime.supervision import ChildSpec, Supervisor
child = '''
import os, time
from runtime.parentage import die_with_parent
die_with_parent(parent=int(os.environ["CITYBRAIN_PARENT"]))
print("tied", flush=True)
time.sleep(600)
'''
supervisor = Supervisor(on_death=lambda death: None, on_start=lambda name, pid: print(pid, flush=True))
log = Path(sys.argv[1])
supervisor.start(ChildSpec(name="child", argv=[sys.executable, "-c", child], log=log))
time.sleep(600)
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A supervisor in a process of its own, and the pid of its child, which has tied itself to it."""
    log = tmp_path / "child.log"
    process = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(log)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    until(lambda: log.exists() and "tied" in log.read_text())
    yield process, pid
    process.kill()
    process.communicate()
    if is_running(pid):
        os.kill(pid, signal.SIGKILL)


def test_nothing_is_left_when_the_supervisor_is_killed(supervisor: tuple[subprocess.Popen[str], int]) -> None:
    process, pid = supervisor
    assert is_running(pid)
    process.kill()
    process.wait()
    until(lambda: not is_running(pid))


def test_a_child_whose_parent_has_gone_already_leaves_at_once() -> None:
    program = "from runtime.parentage import die_with_parent; die_with_parent(parent=1); print('stayed')"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == ""


def test_a_child_of_its_parent_stays() -> None:
    program = f"from runtime.parentage import die_with_parent; die_with_parent(parent={os.getpid()}); print('stayed')"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "stayed\n"
