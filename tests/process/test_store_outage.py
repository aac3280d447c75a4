"""InfluxDB is away for as many readings as a city sends in ten minutes: alerts do not wait, it all arrives, once."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from time import monotonic, time_ns

import pytest

from tests.ingest.running import wait_for
from tests.process.city import COVERS, METERS
from tests.process.flood import Flood
from tests.process.house import House, running_broker
from tests.services import influxd_1

pytestmark = [pytest.mark.process, pytest.mark.service]

MESSAGES = 30_000
VALUES = 5
READINGS = MESSAGES * VALUES
"""1,610 devices, each about once in half a minute: ten minutes, sent as fast as the broker takes it."""
SMALL_STEPS = {"entries": 1, "readings": 1_000, "longest_backoff": "1s"}
"""So that the backlog takes many writes, and a kill falls between or into them."""
ALERT_WITHIN_S = 60.0
"""Far less than the outage lasts: a minute is for a machine that is busy elsewhere."""


def report(number: int, *, begin_ms: int) -> tuple[str, bytes]:
    level = 40 + number % 30
    values = {"laeq": level, "lamax": level + 9, "la10": level + 4, "la50": level - 1, "la90": level - 5}
    content = {"t": begin_ms + number, "span": 1, "v": values}
    return f"citybrain/v1/up/{METERS[number % len(METERS)]}", json.dumps(content).encode()


class Covers:
    """One after the other opens: how long until there is an alert."""

    def __init__(self, house: House, flood: Flood) -> None:
        self._house = house
        self._flood = flood
        self._left = list(COVERS)
        self.opened: list[str] = []

    def delay_s(self) -> float:
        """From the publication until the engine shows the alert, in seconds."""
        cover = self._left.pop()
        self.opened.append(cover)
        began = monotonic()
        content = {"t": time_ns() // 1_000_000, "v": {"cover_open": 1}}
        self._flood.send([(f"citybrain/v1/up/{cover}", json.dumps(content).encode())])
        wait_for(lambda: cover in self._alarmed(), f"the alert of {cover}", within_s=ALERT_WITHIN_S)
        return monotonic() - began

    def delays_s(self, most: int, *, while_: Callable[[], bool]) -> Sequence[float]:
        delays: list[float] = []
        while while_() and len(delays) < most:
            delays.append(self.delay_s())
        return delays

    def _alarmed(self) -> set[str]:
        found = self._house.get("/internal/alerts?state=all&limit=1000")["alerts"]
        return {str(alert["target"]).removeprefix("device:") for alert in found}


@pytest.mark.timeout(900)
def test_an_outage_of_ten_minutes_delays_no_alert_and_is_made_up_in_order_across_a_kill(tmp_path: Path) -> None:
    begin_ms = time_ns() // 1_000_000 - 600_000
    (tmp_path / "influxd").mkdir()
    with (
        influxd_1(tmp_path / "influxd") as influx,
        running_broker("mosquitto", tmp_path / "broker") as broker,
        House(
            tmp_path / "house",
            broker,
            ingest={"batch_size": 200},
            series={
                "kind": "influxdb",
                "influxdb": {"generation": 1, "url": influx.url, "database": "trial", "timeout": "2s"},
                "pump": SMALL_STEPS,
            },
        ) as house,
        Flood(broker) as flood,
    ):
        covers = Covers(house, flood)
        house.start()
        before = covers.delays_s(3, while_=lambda: True)
        house.wait_until_stored()
        influx.kill()
        flood.send([report(number, begin_ms=begin_ms) for number in range(MESSAGES)])
        away = covers.delays_s(3, while_=lambda: True)
        wait_for(lambda: house.statistics["readings"]["stored"] >= READINGS, "the ledger to go on", within_s=120)
        backlog = house.statistics["series"]["behind_entries"]
        influx.start()

        def has_begun() -> bool:
            return bool(house.statistics["series"]["behind_entries"] < backlog - 5)

        wait_for(has_begun, "the begin of the backlog in the store", within_s=120)
        house.engine.kill()
        stored_at_the_kill = numbers_in(house, begin_ms=begin_ms)
        house.start()
        draining = covers.delays_s(8, while_=lambda: house.statistics["series"]["behind_entries"] > 10)
        house.wait_until_stored()
        books = house.books()
    print(
        f"{READINGS} readings in {backlog} entries; publish to alert: {spelled(before)} before, {spelled(away)} while"
        f" away, {spelled(draining)} while drained; {len(stored_at_the_kill)} messages stored at the kill"
    )
    assert 0 < len(stored_at_the_kill) < MESSAGES
    assert stored_at_the_kill == list(range(len(stored_at_the_kill)))  # in order: nothing later without all before
    expected = READINGS + len(covers.opened)
    assert (len(books.keys), len(set(books.keys)), books.readings.stored) == (expected,) * 3
    assert (books.messages.imbalance, books.readings.imbalance) == (0, 0)


def numbers_in(house: House, *, begin_ms: int) -> list[int]:
    """Which of the messages the store holds."""
    rows = house.query("readings", "--metric", "laeq", "--limit", str(READINGS))
    return sorted(round(_ms(row["at"]) - begin_ms) for row in rows)


def _ms(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


def spelled(delays_s: Sequence[float]) -> str:
    return " ".join(f"{delay:.2f}" for delay in delays_s) + " s" if delays_s else "not measured"
