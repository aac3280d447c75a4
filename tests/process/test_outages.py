"""Broker and store go away and come back in the middle: lost 0, doubled 0, and alerts do not wait for the store."""

import json
from collections.abc import Iterator
from pathlib import Path
from time import time_ns

import pytest

from tests.ingest.running import wait_for
from tests.process.city import METERS
from tests.process.house import House, running_broker
from tests.process.publisher import Publisher
from tests.services import influxd_1

pytestmark = [pytest.mark.process, pytest.mark.service]

PORTION = 3_000


def quiet(first: int, count: int, *, begin_ms: int) -> Iterator[tuple[str, bytes]]:
    for number in range(first, first + count):
        content = {"t": begin_ms + number, "v": {"laeq": 40 + number % 30}}
        yield f"citybrain/v1/up/{METERS[number % len(METERS)]}", json.dumps(content).encode()


def assert_each_once(house: House, count: int) -> None:
    books = house.books()
    assert (len(books.keys), len(set(books.keys)), books.readings.stored) == (count, count, count)
    assert (books.messages.imbalance, books.readings.imbalance) == (0, 0)
    print(f"{count} readings, {books.readings.duplicate} came twice to the engine")


@pytest.mark.parametrize("session", ["bulk", "paho"])
def test_mosquitto_restarted_in_the_middle_loses_and_doubles_nothing(session: str, tmp_path: Path) -> None:
    """Publisher and engine come back by themselves; what the broker had taken it still has."""
    begin_ms, restarts = time_ns() // 1_000_000 - 60_000, 3
    with (
        running_broker("mosquitto", tmp_path / "broker") as broker,
        House(tmp_path / "house", broker, session=session) as house,
    ):
        house.start()
        with Publisher(broker) as publisher:
            for turn in range(restarts):
                reached = publisher.answered + PORTION // 2
                publisher.send(quiet(turn * PORTION, PORTION, begin_ms=begin_ms))
                wait_for(lambda reached=reached: publisher.answered >= reached, "half of the portion")
                broker.stop()
                broker.start()
            publisher.settle()
        house.wait_for_messages(restarts * PORTION)
        assert house.engine.is_alive
        assert_each_once(house, restarts * PORTION)


def test_engine_that_is_killed_while_the_broker_restarts_loses_nothing(tmp_path: Path) -> None:
    begin_ms = time_ns() // 1_000_000 - 60_000
    with running_broker("mosquitto", tmp_path / "broker") as broker, House(tmp_path / "house", broker) as house:
        house.start()
        with Publisher(broker) as publisher:
            publisher.send(quiet(0, PORTION, begin_ms=begin_ms))
            wait_for(lambda: publisher.answered >= PORTION // 2, "half of the portion")
            house.engine.kill()
            publisher.settle()
        broker.stop()
        house.engine.start()  # it finds no broker
        wait_for(lambda: "broker not reached" in house.engine.log, "its word that there is no broker")
        broker.start()
        house.wait_until_ready()
        house.wait_for_messages(PORTION)
        assert_each_once(house, PORTION)


def test_influxdb_that_is_away_delays_neither_alerts_nor_the_ledger_and_gets_everything_once(tmp_path: Path) -> None:
    begin_ms = time_ns() // 1_000_000 - 60_000
    (tmp_path / "influxd").mkdir()
    with (
        influxd_1(tmp_path / "influxd") as influx,
        running_broker("mosquitto", tmp_path / "broker") as broker,
        House(
            tmp_path / "house",
            broker,
            series={
                "kind": "influxdb",
                "influxdb": {"generation": 1, "url": influx.url, "database": "trial", "timeout": "2s"},
                "pump": {"longest_backoff": "1s"},
            },
        ) as house,
    ):
        house.start()
        with Publisher(broker) as publisher:
            publisher.send(quiet(0, PORTION, begin_ms=begin_ms))
            publisher.settle()
            house.wait_for_messages(PORTION)
            influx.kill()
            publisher.send(quiet(PORTION, PORTION, begin_ms=begin_ms))
            publisher.say("MH-001", {"t": time_ns() // 1_000_000, "v": {"cover_open": 1}})
            wait_for(lambda: bool(house.alerts_of("MH-001")), "an alert while the store is away")
            wait_for(lambda: not house.feed["store_ok"], "the wall's word that the store is away")
            wait_for(lambda: house.statistics["readings"]["stored"] == 2 * PORTION + 1, "the ledger to go on")
            house.engine.kill()
            house.start()  # also an engine that starts while the store is away goes on
            publisher.say("MH-002", {"t": time_ns() // 1_000_000, "v": {"cover_open": 1}})
            wait_for(lambda: bool(house.alerts_of("MH-002")), "an alert after the restart")
            influx.start()
        house.wait_until_stored()
        wait_for(lambda: house.feed["store_ok"], "the wall's word that the store is back")
        assert_each_once(house, 2 * PORTION + 2)
