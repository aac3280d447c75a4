"""A registry that changes while the city speaks: the engine takes it without losing a message, and what strangers sent
before they were adopted is driven again.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import time_ns

import pytest

from citybrain.household import engine_is_ready, web_is_ready
from tests.dashboard.web import write_accounts
from tests.ingest.running import wait_for
from tests.process.children import Child
from tests.process.house import House, running_broker
from tests.process.publisher import Publisher

pytestmark = pytest.mark.process

EVERY_S = 0.05


class Speakers:
    """A device that is known and one that is not, each with a reading every 50 ms until told to be quiet."""

    def __init__(self, publisher: Publisher, *devices: str) -> None:
        self.told: list[tuple[str, int]] = []
        self._publisher = publisher
        self._devices = devices
        self._quiet = threading.Event()
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()

    def stop(self) -> list[tuple[str, int]]:
        """Device and time of everything that was said, answered by the broker."""
        self._quiet.set()
        self._thread.join()
        self._publisher.settle()
        return self.told

    def _speak(self) -> None:
        begin_ms = time_ns() // 1_000_000 - 600_000
        while not self._quiet.wait(EVERY_S):
            at = begin_ms + len(self.told)
            self._publisher.send(
                (f"citybrain/v1/up/{device}", f'{{"t":{at},"v":{{"laeq":50}}}}'.encode()) for device in self._devices
            )
            self.told += [(device, at) for device in self._devices]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[House, Publisher]]:
    """`citybrain up` with the embedded kind of broker."""
    with running_broker("embedded", tmp_path / "broker") as broker:
        house = House(tmp_path / "house", broker)
        house.data.mkdir()
        write_accounts(house.data)
        up = Child("up", "--config", str(house.file), log=tmp_path / "up.log")
        try:
            up.start()
            wait_for(lambda: engine_is_ready(house.data) and web_is_ready(house.web_port), "engine and wall")
            wait_for(lambda: house.feed["connected"], "the broker")
            with Publisher(broker) as publisher:
                yield house, publisher
        finally:
            up.stop()


def devices(house: House, *words: str) -> str:
    argv = [sys.executable, "-m", "citybrain", *words, "--config", str(house.file)]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=240)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_a_stranger_is_adopted_while_the_city_speaks_and_nothing_is_lost(house: tuple[House, Publisher]) -> None:
    site, publisher = house
    speakers = Speakers(publisher, "NM-001", "NM-900")
    wait_for(lambda: site.statistics["messages"]["quarantined"] >= 10, "strangers in quarantine")
    said = devices(site, "devices", "adopt", "NM-900", "--kind", "noise_meter", "--apply", "--reload")
    assert "no message was lost" in said
    wait_for(lambda: len(speakers.told) >= 400, "more to be said")
    told = speakers.stop()
    site.wait_until_stored()
    devices(site, "quarantine", "redrive", "--reason", "unknown-device")

    def stored() -> list[tuple[str, str]]:
        return sorted((row["device"], row["at"]) for row in site.query("readings", "--limit", "1000000"))

    wait_for(lambda: len(stored()) >= len(told), "all that was said", within_s=60)
    found = stored()
    assert len(found) == len(set(found)) == len(told)
    assert {device: sum(1 for name, _ in found if name == device) for device in ("NM-001", "NM-900")} == {
        "NM-001": len(told) // 2,
        "NM-900": len(told) // 2,
    }
    assert site.query("quarantine") == []
    assert all(line["messages"]["imbalance"] == 0 for line in site.query("ledger"))
