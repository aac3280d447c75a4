"""A full file system: nothing more is acknowledged, it is said, and when there is room again all goes on by itself."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time_ns

import pytest

from citybrain.household import engine_is_ready
from tests.availability import missing
from tests.ingest.running import wait_for
from tests.process.children import Child
from tests.process.city import METERS
from tests.process.house import House, running_broker
from tests.process.publisher import Publisher

pytestmark = [pytest.mark.process, pytest.mark.service]

SIZE = "48m"
PORTION = 4_000
LEFT_BYTES = 40_960
SEGMENT_BYTES = 64 * 1024
"""The journal makes room ahead, but not beyond its segment: that is soon used up."""


@contextmanager
def small_file_system(at: Path) -> Iterator[Path]:
    """A file system of its own in memory."""
    at.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(at)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        missing("a small file system", f"mount: {mounted.stderr.strip()}; run the tests as root to try a full disk")
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(place: Path, *, left_bytes: int = LEFT_BYTES) -> Path:
    """Take all the room but a little."""
    filler = place / "somebody-elses-file"
    free = int(subprocess.check_output(["df", "--output=avail", "-B1", place]).split()[-1])
    subprocess.run(["fallocate", "-l", str(free - left_bytes), filler], check=True)
    return filler


def quiet(first: int, count: int, *, begin_ms: int) -> Iterator[tuple[str, bytes]]:
    for number in range(first, first + count):
        content = {"t": begin_ms + number, "v": {"laeq": 40 + number % 30}}
        yield f"citybrain/v1/up/{METERS[number % len(METERS)]}", json.dumps(content).encode()


@pytest.mark.parametrize("restarted", [False, True], ids=["running", "killed-while-full"])
def test_a_full_disk_stops_the_acknowledgements_and_room_brings_everything_back(
    tmp_path: Path, restarted: bool
) -> None:
    begin_ms = time_ns() // 1_000_000 - 60_000
    with (
        small_file_system(tmp_path / "house" / "data") as place,
        running_broker("mosquitto", tmp_path / "broker") as broker,
        House(tmp_path / "house", broker, journal={"segment_bytes": SEGMENT_BYTES}) as house,
    ):
        house.start()
        with Publisher(broker) as publisher:
            publisher.send(quiet(0, PORTION, begin_ms=begin_ms))
            house.wait_for_messages(PORTION)
            filler = fill(place)
            for portion in range(1, 4):
                publisher.send(quiet(portion * PORTION, PORTION, begin_ms=begin_ms))
            publisher.settle()  # the broker has them all, whatever becomes of us
            wait_for(lambda: "No space left" in str(house.feed["journal_problem"]), "its word that the disk is full")
            before = house.statistics["messages"]["received"]
            assert before < 4 * PORTION
            if restarted:
                house.engine.kill()
                house.engine.start()
            filler.unlink()
            if restarted:
                house.wait_until_ready()
            house.wait_for_messages(4 * PORTION)
        assert house.engine.is_alive
        wait_for(lambda: house.feed["journal_problem"] is None, "its word that all is well again")
        books = house.books()
    print(f"full after {before} messages; {books.messages.duplicate} redelivered, {books.readings}")
    assert (len(books.keys), len(set(books.keys)), books.readings.stored) == (4 * PORTION,) * 3
    assert (books.messages.imbalance, books.readings.imbalance) == (0, 0)


def test_a_disk_that_is_full_at_the_start_is_named_and_room_brings_everything_up_by_itself(tmp_path: Path) -> None:
    begin_ms = time_ns() // 1_000_000 - 60_000
    with (
        small_file_system(tmp_path / "house" / "data") as place,
        running_broker("mosquitto", tmp_path / "broker") as broker,
        House(tmp_path / "house", broker) as house,
        Publisher(broker) as publisher,
    ):
        house.start()
        publisher.send(quiet(0, PORTION, begin_ms=begin_ms))
        house.wait_for_messages(PORTION)
        house.engine.kill()
        publisher.send(quiet(PORTION, PORTION, begin_ms=begin_ms))
        publisher.settle()
        filler = fill(place, left_bytes=0)
        up = Child("up", "--config", str(house.file), log=tmp_path / "up.log")
        up.start()
        try:
            wait_for(lambda: "child died" in up.log, "the engine's end on a full disk", within_s=120)
            assert up.is_alive, up.log
            filler.unlink()
            wait_for(lambda: engine_is_ready(house.data) and house.feed["connected"], "the engine", within_s=120)
            house.wait_for_messages(2 * PORTION)
            books = house.books()
            assert up.stop() == 0
        finally:
            up.kill()
    words = [line for line in up.log.splitlines() if line.startswith("citybrain: ")]
    print("\n".join(sorted(set(words))))
    assert words and all("disk" in line and "free" in line for line in words)
    assert "Traceback" not in up.log
    assert (len(books.keys), len(set(books.keys)), books.readings.stored) == (2 * PORTION,) * 3
    assert (books.messages.imbalance, books.readings.imbalance) == (0, 0)
