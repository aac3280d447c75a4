"""`citybrain demo` from its start to its end: whatever is killed, it goes on, it balances, and it leaves nothing."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from domain.ledger import Tally
from runtime.ports import is_taken
from tests.ingest.running import wait_for
from tests.process.demo import CHILDREN, Demo, query, running

pytestmark = pytest.mark.process

RUNS = "20s"
ENDS_WITHIN_S = 180.0
"""It takes two seconds; only one that hangs takes longer than a busy machine or a slow disk may make of them."""
EVERYTHING = "1000000"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that has ended by itself."""
    with running(tmp_path_factory.mktemp("demo"), "--seed", "7", "--exit-after", RUNS) as demo:
        assert demo.process.wait(ENDS_WITHIN_S) == 0, demo.told
        yield demo


def test_demo_that_ends_by_itself_prints_a_balanced_summary(finished: Demo) -> None:
    summary = finished.summary
    assert set(summary) == {
        *("ran_s", "messages", "readings", "balanced", "alerts", "notices"),
        *("publish_to_stored_ms", "publish_to_alert_ms", "restarts"),
    }
    assert summary["balanced"] is True and summary["restarts"] == {}
    assert summary["messages"]["imbalance"] == summary["readings"]["imbalance"] == 0
    assert summary["readings"]["stored"] > 5000 and set(summary["alerts"]) == {"opened", "resolved"}
    print(summary)


def test_summary_ledger_and_store_say_the_same_of_a_finished_demo(finished: Demo) -> None:
    lines = query(finished.data, "ledger")
    for kind in ("messages", "readings"):
        total = {name: sum(line[kind][name] for line in lines) for name in finished.summary[kind]}
        assert total == finished.summary[kind]
    assert len(query(finished.data, "readings", "--limit", EVERYTHING)) == finished.summary["readings"]["stored"]


def test_finished_demo_leaves_nothing_behind(finished: Demo) -> None:
    assert finished.left_behind() == []


def test_same_seed_gives_the_same_city_and_the_same_readings(finished: Demo, tmp_path: Path) -> None:
    with running(tmp_path, "--seed", "7", "--exit-after", RUNS) as again:
        assert again.process.wait(ENDS_WITHIN_S) == 0, again.told
        both = [
            {
                (row["device"], row["metric"], row["at"]): row["value"]
                for row in query(data, "readings", "--limit", EVERYTHING)
            }
            for data in (finished.data, again.data)
        ]
        devices = [query(data, "devices") for data in (finished.data, again.data)]
    common = both[0].keys() & both[1].keys()
    print(f"{len(both[0])} and {len(both[1])} readings, {len(common)} at the same place and time")
    assert devices[0] == devices[1]
    assert len(common) > 0.8 * min(len(both[0]), len(both[1]))
    assert {key: both[0][key] for key in common} == {key: both[1][key] for key in common}


def test_demo_with_the_data_of_an_earlier_one_goes_on_with_it(finished: Demo, tmp_path: Path) -> None:
    before, first_rows = finished.summary, query(finished.data, "readings", "--limit", EVERYTHING)
    with running(tmp_path, "--exit-after", RUNS, data=finished.data) as again:
        assert again.process.wait(ENDS_WITHIN_S) == 0, again.told
        rows = query(again.data, "readings", "--limit", EVERYTHING)
        after = again.summary
    assert after["balanced"] and after["messages"]["received"] > before["messages"]["received"]
    assert len(rows) == after["readings"]["stored"] and rows[-1]["at"] > first_rows[-1]["at"]
    assert {tuple(row.items()) for row in first_rows} <= {tuple(row.items()) for row in rows}


def test_each_child_that_is_killed_is_named_and_started_again_and_the_ledger_balances(tmp_path: Path) -> None:
    with running(tmp_path, "--exit-after", "10m") as demo:
        demo.wait_until_ready()
        for name in CHILDREN:
            killed = demo.children()[name]
            killed.kill()
            wait_for(lambda pid=killed.pid: f"pid {pid}) ended: SIGKILL" in demo.told, f"its word of the {name}'s end")
            wait_for(lambda name=name, pid=killed.pid: _is_new(demo, name, pid), f"a new {name}")
            demo.wait_until_ready()
        assert demo.end(signal.SIGINT, within_s=ENDS_WITHIN_S) == 0
        summary = demo.summary
        assert demo.left_behind() == []
    ledger = [
        Tally(**{k: v for k, v in line["readings"].items() if k != "imbalance"}) for line in query(demo.data, "ledger")
    ]
    assert summary["restarts"] == dict.fromkeys(CHILDREN, 1)
    assert summary["balanced"] and sum(ledger, Tally()).imbalance == 0
    assert len(query(demo.data, "readings", "--limit", EVERYTHING)) == sum(ledger, Tally()).stored
    print(summary)


def _is_new(demo: Demo, name: str, pid: int) -> bool:
    child = demo.children().get(name)
    return child is not None and child.pid != pid and f"started again (pid {child.pid})" in demo.told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_everything_in_order(number: signal.Signals, tmp_path: Path) -> None:
    with running(tmp_path) as demo:
        demo.wait_until_ready()
        began = monotonic()
        assert demo.end(number, within_s=ENDS_WITHIN_S) == 0
        print(f"{number.name}: ended within {monotonic() - began:.1f} s")
        assert demo.left_behind() == []
        assert "was killed" not in demo.told


def test_killed_demo_leaves_no_child_behind(tmp_path: Path) -> None:
    with running(tmp_path) as demo:
        demo.wait_until_ready()
        assert len(demo.children()) == len(CHILDREN)
        began = monotonic()
        assert demo.end(signal.SIGKILL, within_s=ENDS_WITHIN_S) == -signal.SIGKILL
        wait_for(lambda: not demo.left_behind(), "the end of every child", within_s=ENDS_WITHIN_S)
        print(f"nothing was left after {monotonic() - began:.1f} s")


def test_port_that_is_asked_for_and_taken_is_refused_with_a_free_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = int(other.getsockname()[1])
        with running(tmp_path, port=taken) as demo:
            assert demo.process.wait(ENDS_WITHIN_S) == 1
            offered = int(demo.told.rpartition("--port ")[2].split()[0])
            assert f"port {taken} is taken" in demo.told and not is_taken(offered)
            assert not demo.data.exists()


def test_default_port_that_is_taken_is_replaced_by_the_next_one(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not is_taken(8050):
            other.bind(("127.0.0.1", 8050))
            other.listen()
        argv = [sys.executable, "-m", "citybrain", "demo", "--no-browser", "--data", "here", "--exit-after", "1s"]
        done = subprocess.run(
            argv, capture_output=True, text=True, cwd=tmp_path, timeout=ENDS_WITHIN_S, check=False, env=_here()
        )
    assert done.returncode == 0, done.stderr
    assert "port 8050 is taken; using 805" in done.stderr


def _here() -> dict[str, str]:
    """From another folder the code must still be found."""
    return {**os.environ, "PYTHONPATH": str(Path.cwd()), "COLUMNS": "200"}


def test_folder_with_somebody_elses_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "thesis.txt").write_text("important", encoding="utf-8")
    with running(tmp_path, data=data) as demo:
        assert demo.process.wait(ENDS_WITHIN_S) == 1
        assert "holds something that no demo made" in demo.told
    assert [(file.name, file.read_text(encoding="utf-8")) for file in data.iterdir()] == [("thesis.txt", "important")]
