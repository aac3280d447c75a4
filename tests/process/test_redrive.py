"""Quarantined messages are driven again across kills: every reading once, and an empty quarantine."""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen
from sys import executable
from threading import Event
from time import time_ns

import pytest
import yaml

from domain.ledger import Tally
from tests.ingest.running import wait_for
from tests.process.flood import Flood
from tests.process.house import House, running_broker
from tests.process.nursery import Nursery, NurseryChild

pytestmark = [pytest.mark.process, pytest.mark.service]

STRANGERS = [f"NEW-{number:03d}" for number in range(1, 41)]
MESSAGES = 8_000
KILLS = 5
LONGEST_LIFE_S = 0.3
"""After the order: some portions of 500 are driven within it."""


def reports(begin_ms: int) -> Sequence[tuple[str, bytes]]:
    return [
        (
            f"citybrain/v1/up/{STRANGERS[number % len(STRANGERS)]}",
            json.dumps({"t": begin_ms + number, "v": {"laeq": 40 + number % 30, "battery": 80}}).encode(),
        )
        for number in range(MESSAGES)
    ]


def admit(house: House) -> None:
    """Write the strangers into the registry's file."""
    file = house.folder / "city" / "devices.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    like = content["devices"][0]
    content["devices"] += [{**like, "id": name, "zh": f"新 {name}", "en": f"New {name}"} for name in STRANGERS]
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


@contextmanager
def asked(house: House) -> Iterator[None]:
    """`citybrain quarantine redrive --all`, given up on the way out: its engine is killed meanwhile."""
    argv = [executable, "-m", "citybrain", "quarantine", "redrive", "--all", "--config", str(house.file)]
    command = Popen(argv, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL)
    try:
        yield
    finally:
        command.kill()
        command.wait()


def test_redrive_that_is_killed_again_and_again_stores_every_reading_once(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    dice, pause = random.Random(seed), Event()
    print(f"seed {seed}")
    with (
        running_broker("mosquitto", tmp_path / "broker") as broker,
        Nursery(log=tmp_path / "nursery.log") as nursery,
        House(tmp_path / "house", broker) as house,
        Flood(broker) as flood,
    ):
        house.engine = NurseryChild(nursery, house.engine, log=tmp_path / "engine.log")
        house.start()
        flood.send(reports(time_ns() // 1_000_000 - 60_000))
        wait_for(lambda: house.statistics["messages"]["quarantined"] >= MESSAGES, "the quarantine to fill")
        assert len(house.query("quarantine", "--limit", str(2 * MESSAGES))) == MESSAGES
        house.engine.kill()
        admit(house)
        house.start()
        before = house.statistics["readings"]["stored"]
        with asked(house):
            wait_for(lambda: house.statistics["readings"]["stored"] > before, "the first portion")
            lives = [drawn(house, pause, 0.0)]  # at once: on any machine this one falls into the middle
            lives += [drawn(house, pause, dice.uniform(0, LONGEST_LIFE_S)) for _ in range(KILLS - 1)]
        wait_for(lambda: not house.query("quarantine"), "an empty quarantine", within_s=120)
        house.wait_until_stored()
        books, driven = house.books(), redriven(house)
    print(f"{KILLS} kills with {lives} readings stored; {driven} driven again, {books.readings}")
    assert (len(books.keys), len(set(books.keys))) == (2 * MESSAGES, 2 * MESSAGES)
    assert 0 < lives[0] < 2 * MESSAGES  # at least one kill fell into the middle
    assert (driven.stored, driven.quarantined, driven.late, driven.imbalance) == (2 * MESSAGES, 0, 0, 0)
    assert (books.messages.imbalance, books.readings.imbalance) == (0, 0)


def drawn(house: House, pause: Event, after_s: float) -> int:
    """A kill in the middle, and a new start; how many readings had been stored then."""
    pause.wait(after_s)
    house.engine.kill()
    house.start()
    stored: int = house.statistics["readings"]["stored"]
    return stored


def redriven(house: House) -> Tally:
    """Readings of the ledger's own line for what was driven again."""
    lines = [line["readings"] for line in house.query("ledger") if line["feed"] == "city/redriven"]
    counts = [{name: count for name, count in line.items() if name != "imbalance"} for line in lines]
    return sum((Tally(**count) for count in counts), Tally())
