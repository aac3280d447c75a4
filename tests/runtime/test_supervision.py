"""Real child processes: started again with back-off, ended in order, killed after the time."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runtime.supervision import BACKOFF_S, PARENT_VARIABLE, ChildDied, ChildSpec, Supervisor
from tests.runtime.children import SLEEPS, STUBBORN, child, is_running, until


@dataclass
class House:
    """A supervisor with what it told."""

    deaths: list[ChildDied] = field(default_factory=list)
    starts: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(
            on_death=self.deaths.append, on_start=lambda name, pid: self.starts.append((name, pid))
        )


def until_over(seconds: float) -> Iterator[None]:
    """Ticks for so long."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        pause.wait(0.02)
        yield


@pytest.fixture
def house() -> Iterator[House]:
    built = House()
    yield built
    built.supervisor.stop(within_s=0.0)


def test_a_dead_child_is_started_again_under_its_name(house: House) -> None:
    first = house.supervisor.start(child(SLEEPS, name="engine"))
    os.kill(first, signal.SIGKILL)
    until(lambda: len(house.starts) == 2, doing=house.supervisor.watch)
    assert house.supervisor.is_alive("engine")
    assert house.supervisor.pid("engine") != first
    assert [name for name, _ in house.starts] == ["engine", "engine"]


def test_a_child_that_cannot_be_started_again_does_not_stop_the_watch(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    first = house.supervisor.start(child(SLEEPS, name="engine", log=folder / "engine.log"))
    house.supervisor.start(child(SLEEPS, name="web"))
    (folder / "engine.log").unlink()
    folder.rmdir()
    folder.write_text("a file in the way: the log cannot be opened")
    os.kill(first, signal.SIGKILL)
    until(lambda: bool(house.deaths), doing=house.supervisor.watch)
    for _ in until_over(BACKOFF_S[0] * 2):
        house.supervisor.watch()
    assert (house.supervisor.is_alive("engine"), house.supervisor.is_alive("web")) == (False, True)


def test_a_death_is_told_with_how_and_when_it_starts_again(house: House) -> None:
    pid = house.supervisor.start(child(SLEEPS))
    os.kill(pid, signal.SIGKILL)
    until(lambda: bool(house.deaths), doing=house.supervisor.watch)
    [death] = house.deaths
    assert (death.name, death.pid, death.how, death.restart_in_s) == ("child", pid, "SIGKILL", BACKOFF_S[0])


def test_a_death_by_itself_is_told_with_its_exit_code(house: House) -> None:
    house.supervisor.start(child("raise SystemExit(3)"))
    until(lambda: bool(house.deaths), doing=house.supervisor.watch)
    assert house.deaths[0].how == "exit code 3"


def test_a_real_time_signal_has_a_name_too() -> None:
    assert ChildDied(name="x", pid=1, exit_code=-40, restart_in_s=1.0).how == "signal 40"


def test_each_further_death_waits_longer(house: House) -> None:
    house.supervisor.start(child("raise SystemExit(1)"))
    until(lambda: len(house.deaths) == 3, doing=house.supervisor.watch)
    assert [death.restart_in_s for death in house.deaths] == list(BACKOFF_S[:3])


def test_a_child_is_not_started_again_before_its_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.supervision.BACKOFF_S", (3600.0,))
    house.supervisor.start(child("raise SystemExit(1)"))
    until(lambda: bool(house.deaths), doing=house.supervisor.watch)
    house.supervisor.watch()
    assert len(house.starts) == 1


def test_a_death_of_one_leaves_the_other_alone(house: House) -> None:
    one = house.supervisor.start(child(SLEEPS, name="one"))
    other = house.supervisor.start(child(SLEEPS, name="other"))
    os.kill(one, signal.SIGKILL)
    until(lambda: len(house.starts) == 3, doing=house.supervisor.watch)
    assert house.supervisor.pid("other") == other and is_running(other)


def test_stopping_ends_all_and_restarts_none(house: House) -> None:
    pids = [house.supervisor.start(child(SLEEPS, name=name)) for name in ("a", "b")]
    assert house.supervisor.stop(within_s=60.0) == []
    assert not any(is_running(pid) for pid in pids)
    house.supervisor.watch()
    assert len(house.starts) == 2


def test_stopping_some_leaves_the_others_running(house: House) -> None:
    kept, ended = (house.supervisor.start(child(SLEEPS, name=name)) for name in ("kept", "ended"))
    assert house.supervisor.stop(["ended", "never-started"], within_s=60.0) == []
    assert is_running(kept) and not is_running(ended)
    assert house.supervisor.is_alive("kept") and not house.supervisor.is_alive("ended")


def test_the_newest_child_is_ended_first(house: House, tmp_path: Path) -> None:
    logs = [tmp_path / f"{name}.log" for name in ("broker", "engine", "web")]
    for log in logs:
        house.supervisor.start(child(STUBBORN, name=log.stem, log=log))
    until(lambda: all(log.exists() and b"deaf" in log.read_bytes() for log in logs))
    assert house.supervisor.stop(within_s=0.1) == ["web", "engine", "broker"]


def test_what_does_not_end_in_time_is_killed_and_named(house: House, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "deaf.log"
    pid = house.supervisor.start(child(STUBBORN, name="deaf", log=log))
    until(lambda: log.exists() and b"deaf" in log.read_bytes())
    assert house.supervisor.stop(within_s=0.2) == ["deaf"]
    assert not is_running(pid)


def test_the_output_of_a_child_is_added_to_its_log(house: House, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "child.log"
    log.parent.mkdir()
    log.write_text("before\n")
    house.supervisor.start(child("import sys; print('out'); print('err', file=sys.stderr); sys.exit(1)", log=log))
    until(lambda: bool(house.deaths), doing=house.supervisor.watch)
    assert sorted(log.read_text().splitlines()) == ["before", "err", "out"]


def test_a_child_gets_its_environment_and_the_number_of_its_parent(house: House, tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    program = f"import os; print(os.environ['COLOUR'], os.environ['{PARENT_VARIABLE}'])"
    house.supervisor.start(child(program, log=log, COLOUR="red"))
    until(lambda: bool(house.deaths), doing=house.supervisor.watch)
    assert log.read_text() == f"red {os.getpid()}\n"


def test_a_program_that_cannot_be_started_is_told_to_the_caller(house: House) -> None:
    with pytest.raises(FileNotFoundError):
        house.supervisor.start(ChildSpec(name="gone", argv=[f"{sys.executable}-that-is-not-there"]))
