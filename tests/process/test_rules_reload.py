"""The real engine takes changed rule files while a hold time runs: the alert comes when it would have come anyway."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from os import kill
from pathlib import Path
from time import time_ns

import pytest

from tests.ingest.running import wait_for
from tests.process.city import write_rules
from tests.process.house import House, running_broker
from tests.process.publisher import Publisher

pytestmark = pytest.mark.process

HOLD_S = 8


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[House, Publisher]]:
    with (
        running_broker("embedded", tmp_path / "broker") as broker,
        House(tmp_path / "house", broker, hold=f"{HOLD_S}s") as house,
        Publisher(broker) as publisher,
    ):
        house.start()
        yield house, publisher


def open_cover(publisher: Publisher, device: str) -> int:
    """Open it now; the event time in milliseconds."""
    now = time_ns() // 1_000_000
    publisher.send([(f"citybrain/v1/up/{device}", f'{{"t":{now},"v":{{"cover_open":1}}}}'.encode())])
    publisher.settle()
    return now


def reload(house: House) -> str:
    argv = [sys.executable, "-m", "citybrain", "rules", "reload", "--config", str(house.file)]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    return f"{ended.returncode} {ended.stdout}{ended.stderr}"


def told(house: House, device: str) -> list[tuple[str, int]]:
    return [(move["move"], move["at"]) for alert in house.alerts_of(device) for move in alert["transitions"]]


def test_a_hold_time_goes_on_through_a_reload_and_new_names_are_shown(site: tuple[House, Publisher]) -> None:
    house, publisher = site
    pid = house.engine.pid
    opened = open_cover(publisher, "MH-001")
    wait_for(lambda: told(house, "MH-001"), "the violation")
    rules = house.folder / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("limit: 80", "limit: 70").replace("井盖开启", "井盖被打开"), encoding="utf-8")
    said = reload(house)
    assert said.startswith("0 ") and "kept: cover-open" in said and "changed: loud" in said
    wait_for(lambda: len(told(house, "MH-001")) == 2, "the alert", within_s=HOLD_S + 60)
    assert told(house, "MH-001") == [("open", opened), ("hold", opened + HOLD_S * 1000)]
    wait_for(lambda: [a["title_zh"] for a in house.picture["alerts"]] == ["井盖被打开"], "the new name on the wall")
    assert house.engine.pid == pid and house.engine.is_alive


def test_faulty_files_change_nothing_and_a_kill_after_a_reload_goes_on_with_the_new_rules(
    site: tuple[House, Publisher],
) -> None:
    house, publisher = site
    rules = house.folder / "rules.yaml"
    good = rules.read_text(encoding="utf-8")
    rules.write_text(good.replace("metric: laeq", "metric: laqe"), encoding="utf-8")
    assert "did you mean laeq?" in reload(house)
    write_rules(rules, hold="1s", clear="0s")
    kill(house.engine.pid, signal.SIGHUP)
    wait_for(lambda: "rules reloaded" in house.engine.log, "the reload by signal")
    opened = open_cover(publisher, "MH-002")
    wait_for(lambda: told(house, "MH-002"), "the violation")
    house.engine.kill()
    house.start()
    wait_for(lambda: len(told(house, "MH-002")) == 2, "the alert")
    assert told(house, "MH-002") == [("open", opened), ("hold", opened + 1000)]
