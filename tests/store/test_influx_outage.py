"""A real InfluxDB that dies while the pump is moving: nothing lost, nothing twice, in the words of the status."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from domain.errors import Refused
from domain.readings import batch_of
from domain.series import ReadingQuery
from runtime.clock import ManualClock
from store.journal import Journal
from store.series.pump import SeriesPump
from store.settings import PumpSettings
from tests.services import Influxd1, influxd_1
from tests.store.series_stores import influx, influx_1
from tests.store.settlements import NOON, WORDS, some_readings

pytestmark = pytest.mark.service

ENTRIES, EACH = 60, 500
NOW = int(NOON.timestamp() * 1_000_000)


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Influxd1]:
    directory = tmp_path / "influxd"
    directory.mkdir()
    with influxd_1(directory) as server:
        yield server


def test_an_outage_of_the_server_loses_nothing(mortal: Influxd1, tmp_path: Path) -> None:
    quick = PumpSettings(entries=5, linger=0.0, first_backoff=0.02, longest_backoff=0.1)
    with (
        Journal(tmp_path / "journal", vocabulary=WORDS) as journal,
        influx(influx_1(mortal), tmp_path) as store,
    ):
        pump = SeriesPump(journal=journal, store=store, clock=ManualClock(NOON), settings=quick)
        pump.start()
        for n in range(ENTRIES):
            if n == ENTRIES // 3:
                mortal.kill()
            journal.append(some_readings(EACH, now=NOW + n * 1_000_000))
        while pump.status().ok:  # ends, or the test's time-out tells
            journal.wait(after=ENTRIES, timeout_s=0.01)
        assert "does not answer" in pump.status().last_error
        mortal.start()
        while pump.status().behind_entries:
            journal.wait(after=ENTRIES, timeout_s=0.01)
        assert pump.stop() and pump.status().ok
        whole = ReadingQuery(start=NOON, end=NOON + timedelta(hours=1), limit=10**6)
        found = list(store.readings(whole))
    assert len({(one.device, one.metric, one.at) for one in found}) == len(found) == ENTRIES * EACH


def test_readings_that_the_server_cannot_take_are_isolated(mortal: Influxd1, tmp_path: Path) -> None:
    impossible = 2**62  # the year 148,108: outside of what InfluxDB's nanoseconds reach
    refused: list[int] = []
    with (
        Journal(tmp_path / "journal", vocabulary=WORDS) as journal,
        influx(influx_1(mortal), tmp_path) as store,
    ):
        for n in range(3):
            settlement = some_readings(100, now=NOW + n * 1_000_000)
            settlement.readings.at[42] = impossible + n
            journal.append(settlement)
        pump = SeriesPump(
            journal=journal,
            store=store,
            clock=ManualClock(NOON),
            on_refused=lambda bad: refused.extend(bad.batch.at.tolist()),
        )
        pump.step()
        found = list(store.readings(ReadingQuery(start=NOON, end=NOON + timedelta(hours=1), limit=10**6)))
        assert (refused, len(found), store.stored_through()) == ([impossible, impossible + 1, impossible + 2], 297, 3)


def test_a_field_of_another_type_is_refused_in_the_servers_words(mortal: Influxd1, tmp_path: Path) -> None:
    settings = influx_1(mortal)
    with influx(settings, tmp_path) as store:
        store._server.write(b'laeq,device=NM-0000 value="loud" 1\n')  # type: ignore[attr-defined]  # a stranger's line
        batch = batch_of(WORDS, device=[0], metric=[0], at=np.array([2]), value=[50])
        with pytest.raises(Refused, match="field type conflict"):
            store.write(batch, through=1)


def test_answers_longer_than_one_chunk_come_whole(mortal: Influxd1, tmp_path: Path) -> None:
    with influx(influx_1(mortal), tmp_path) as store:
        store.write(some_readings(75_000, now=NOW).readings, through=1)
        whole = ReadingQuery(start=NOON, end=NOON + timedelta(hours=1), limit=10**6)
        assert [one.value for one in store.readings(whole)] == list(range(75_000))
