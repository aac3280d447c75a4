"""The household waits for its members: in a demo for a while, in production for as long as it takes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from citybrain import household as household_module
from citybrain.household import Household, Member
from domain.errors import Refused
from runtime.log_files import LogBound
from runtime.stopping import Stop

NEVER_READY = Member(name="engine", arguments=["broker", __file__], is_ready=lambda: False)


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(household_module, "ROUNDS_UNTIL_SLOW", 3)


@pytest.fixture
def slow() -> list[str]:
    return []


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def patient(tmp_path: Path, slow: list[str], stop: Stop) -> Iterator[Household]:
    def note(names: str) -> None:
        slow.append(names)
        if len(slow) == 2:
            stop.ask()

    built = Household(
        logs=tmp_path, on_death=lambda _: None, on_restart=lambda *_: None, on_ready=lambda _: None, on_slow=note
    )
    yield built
    built.supervisor.stop(within_s=2.0)


def test_who_is_not_ready_in_time_ends_a_demo_with_the_place_of_its_log(tmp_path: Path, stop: Stop) -> None:
    impatient = Household(logs=tmp_path, on_death=lambda _: None, on_restart=lambda *_: None, on_ready=lambda _: None)
    try:
        with pytest.raises(Refused, match=f"engine did not become ready.*{tmp_path}"):
            impatient.start([NEVER_READY], stop)
    finally:
        impatient.supervisor.stop(within_s=2.0)


def test_in_production_the_wait_goes_on_and_is_told_again_and_again(
    patient: Household, slow: list[str], stop: Stop
) -> None:
    patient.start([NEVER_READY], stop)
    assert slow == ["engine", "engine"]


def test_the_log_of_a_member_is_held_within_bounds_and_no_other_in_its_folder(tmp_path: Path, stop: Stop) -> None:
    household = Household(
        logs=tmp_path,
        on_death=lambda _: None,
        on_restart=lambda *_: None,
        on_ready=lambda _: None,
        bound=LogBound(size=5000, generations=1),
    )
    (tmp_path / "other.log").write_text("x" * 9000)
    (tmp_path / "engine.log").write_text("x" * 9000)
    try:
        household.start([replace(NEVER_READY, is_ready=lambda: True)], stop)
        household.watch(stop, for_s=1.5)
    finally:
        household.supervisor.stop(within_s=2.0)
    sizes = {file.name: file.stat().st_size for file in tmp_path.iterdir()}
    assert sizes["engine.log"] < 5000 <= sizes["engine.log.1"]
    assert sizes["other.log"] == 9000


def test_a_folder_for_logs_that_cannot_be_made_is_told(tmp_path: Path, stop: Stop) -> None:
    (tmp_path / "file").touch()
    household = Household(
        logs=tmp_path / "file" / "logs", on_death=lambda _: None, on_restart=lambda *_: None, on_ready=lambda _: None
    )
    with pytest.raises(Refused, match="for logs: Not a directory; give another folder"):
        household.start([NEVER_READY], stop)
