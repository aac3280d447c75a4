"""Refused readings: found with few requests, kept in the quarantine once, written again when the store is mended."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import Refused, Temporary, Unusable
from domain.messages import Reason
from domain.readings import COLUMNS, ReadingBatch
from domain.series import ReadingQuery
from runtime.clock import ManualClock
from store.journal import Journal
from store.records.quarantine import EVERYTHING
from store.records.records import Records
from store.records.settings import RecordsSettings
from store.series.influx import InfluxSeriesStore
from store.series.influx_server import InfluxServer
from store.series.memory import MemorySeriesStore
from store.series.pump import SeriesPump
from store.series.refusals import StoreRefusals, readings_of
from store.series.refusing import RefusedReadings, RowsRefused, Sifter
from store.settings import InfluxSettings
from tests.store.series_stores import CATALOGUE, emptied, influx, influx_1, influx_on
from tests.store.settlements import NOON, WORDS, some_readings

NOW = int(NOON.timestamp() * 1_000_000)
Answer = Callable[[list[bytes]], httpx.Response]


class PickyStore(MemorySeriesStore):
    """Refuses chosen values until it is mended."""

    def __init__(self, *bad: float) -> None:
        super().__init__(CATALOGUE)
        self.bad = set(bad)

    def write(self, batch: ReadingBatch, *, through: int | None) -> None:
        if self.bad & set(batch.value.tolist()):
            raise Refused("values like these are not welcome")
        super().write(batch, through=through)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records.open(f"sqlite:///{tmp_path / 'records.db'}", settings=RecordsSettings())
    yield opened
    opened.close()


def kept(records: Records) -> list[ReadingBatch]:
    with records.snapshot() as books:
        entries = books.quarantine.list(limit=1000, reason=Reason.STORE_REFUSED)
    return [readings_of(entry.content) for entry in reversed(entries)]


def refused(*sequences: int, through: int) -> RefusedReadings:
    """One refused reading of each of these journal entries; its value is the number of the entry."""
    batch = some_readings(len(sequences), now=NOW).readings
    batch.value[:] = sequences
    words = ("no",) * len(sequences)
    return RefusedReadings(batch=batch, sequence=np.array(sequences), words=words, through=through)


def values(batches: list[ReadingBatch]) -> list[float]:
    return [value for batch in batches for value in batch.value.tolist()]


def test_the_quarantine_keeps_a_refused_reading_to_the_last_bit(records: Records) -> None:
    batch = some_readings(1, now=NOW + 123_457).readings
    batch.value[0], batch.span[0], batch.quality[0], batch.live[0] = 0.1 + 0.2, 0.3, 1, False
    words, sequence = ("too loud",), np.array([7])
    StoreRefusals(records, store=PickyStore(), target="t").keep(
        RefusedReadings(batch=batch, sequence=sequence, words=words, through=7)
    )
    [again] = kept(records)
    assert {name: getattr(again, name).tolist() for name in COLUMNS} == {
        name: getattr(batch, name).tolist() for name in COLUMNS
    }


def test_after_a_kill_the_same_readings_are_not_kept_twice(records: Records) -> None:
    StoreRefusals(records, store=PickyStore(), target="t").keep(refused(3, 5, through=5))
    StoreRefusals(records, store=PickyStore(), target="t").keep(refused(3, 5, 8, through=9))
    assert values(kept(records)) == [3, 5, 8]


def test_another_store_refuses_for_itself(records: Records) -> None:
    for target in ("here", "there"):
        StoreRefusals(records, store=PickyStore(), target=target).keep(refused(3, through=5))
    assert values(kept(records)) == [3, 3]


def test_many_refused_readings_share_an_entry(records: Records) -> None:
    batch = some_readings(1200, now=NOW).readings
    everything = RefusedReadings(batch=batch, sequence=np.full(1200, 4), words=("no",) * 1200, through=4)
    StoreRefusals(records, store=PickyStore(), target="t").keep(everything)
    assert [len(one) for one in kept(records)] == [500, 500, 200]


def test_a_mended_store_gets_what_somebody_asks_for(records: Records) -> None:
    store = PickyStore(3.0, 5.0)
    refusals = StoreRefusals(records, store=store, target="t")
    refusals.keep(refused(3, 5, through=5))
    store.bad = {5.0}
    with records.transaction() as books:
        books.quarantine.ask(EVERYTHING, now=NOON)
    assert (refusals.write_again(), values(kept(records))) == (1, [5])
    found = store.readings(ReadingQuery(start=NOON - timedelta(hours=1), end=NOON + timedelta(hours=1)))
    assert [one.value for one in found] == [3.0]


def test_what_is_refused_again_stands_in_nobodys_way(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.series.refusals.ENTRIES_AT_ONCE", 2)
    store = PickyStore(1.0, 2.0, 3.0)
    refusals = StoreRefusals(records, store=store, target="t")
    refusals.keep(refused(1, 2, 3, through=5))
    store.bad = {1.0, 2.0}
    with records.transaction() as books:
        books.quarantine.ask(EVERYTHING, now=NOON)
    assert [refusals.write_again() for _ in range(3)] == [0, 1, 0]
    assert values(kept(records)) == [1, 2]
    with records.snapshot() as books:
        assert (books.quarantine.waiting(), books.quarantine.count(EVERYTHING)) == (0, 2)


def test_the_intake_is_not_handed_what_the_store_refused(records: Records) -> None:
    StoreRefusals(records, store=PickyStore(), target="t").keep(refused(3, through=5))
    with records.transaction() as books:
        books.quarantine.ask(EVERYTHING, now=NOON)
        assert (len(books.quarantine.asked(limit=9)), len(books.quarantine.asked_of_store(limit=9))) == (0, 1)


def test_an_entry_that_somebody_changed_is_told(records: Records) -> None:
    StoreRefusals(records, store=PickyStore(), target="t").keep(refused(3, through=5))
    with records.snapshot() as books:
        [entry] = books.quarantine.list(limit=1)
    with pytest.raises(Unusable, match="cannot be read"):
        readings_of(replace(entry.content, payload=b"[1]"))


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(0, 199), max_size=12), st.booleans())
def test_the_sifter_finds_exactly_the_bad_rows(bad: set[int], names_them: bool) -> None:
    batch = some_readings(200, now=NOW).readings
    stored: list[float] = []

    def write(part: ReadingBatch) -> None:
        if wrong := [row for row, value in enumerate(part.value.tolist()) if value in bad]:
            raise RowsRefused("no", suspects=wrong if names_them else ())
        stored.extend(part.value.tolist())

    found = Sifter(write, refusals=1000).sift(batch, Refused("no")) if bad else {}
    assert (set(found), set(stored)) == (bad, set(range(200)) - bad if bad else set())


def test_a_store_that_took_none_is_not_asked_again() -> None:
    def write(_: ReadingBatch) -> None:
        raise AssertionError("it said that it takes none of them")

    found = Sifter(write, refusals=9).sift(some_readings(4).readings, RowsRefused("none", is_every_row=True))
    assert found == dict.fromkeys(range(4), "none")


def test_an_outage_while_sifting_is_an_outage() -> None:
    def write(_: ReadingBatch) -> None:
        raise Temporary("away")

    with pytest.raises(Temporary):
        Sifter(write, refusals=9).sift(some_readings(4).readings, Refused("no"))


class PickyServer:
    """An InfluxDB of generation 1 by httpx's own seam: takes all lines but the bad ones, and says so in some words."""

    def __init__(self, answer: Answer, *, largest: int = 10**9) -> None:
        self.lines: set[bytes] = set()
        self.requests = 0
        self._answer = answer
        self._largest = largest

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        lines = request.content.splitlines()
        if len(request.content) > self._largest:
            return httpx.Response(413, text="Request Entity Too Large")
        answer = self._answer(lines)
        self.lines |= {line for line in lines if answer.is_success or not is_bad(line)}
        return answer


def is_bad(line: bytes) -> bool:
    return b"device=NM-0013 " in line


def as_1_x(lines: list[bytes]) -> httpx.Response:
    dropped = sum(map(is_bad, lines))
    words = f'{{"error":"partial write: points beyond retention policy dropped={dropped}"}}'
    return httpx.Response(400, text=words) if dropped else httpx.Response(204)


def as_2_x(lines: list[bytes]) -> httpx.Response:
    first = next((number for number, line in enumerate(lines, 1) if is_bad(line)), None)
    words = {"code": "invalid", "message": "unable to parse", "line": first}
    return httpx.Response(400, text=json.dumps(words)) if first else httpx.Response(204)


def as_3_x(lines: list[bytes]) -> httpx.Response:
    bad = [{"line_number": n, "error_message": "no"} for n, line in enumerate(lines, 1) if is_bad(line)]
    words = {"error": "partial write of line protocol occurred", "data": bad[:100]}
    return httpx.Response(400, text=json.dumps(words)) if bad else httpx.Response(204)


def as_a_proxy(lines: list[bytes]) -> httpx.Response:
    return httpx.Response(400 if any(map(is_bad, lines)) else 204, text="Bad Request")


def store_on(server: PickyServer, directory: Path) -> InfluxSeriesStore:
    transport = httpx.MockTransport(server)
    influxdb = InfluxServer(InfluxSettings(generation=1, url="http://influx.test:8086"), transport)
    return influx_on(influxdb, directory)


@pytest.mark.parametrize(("answer", "most"), [(as_1_x, 250), (as_2_x, 40), (as_3_x, 10), (as_a_proxy, 250)])
def test_only_bad_lines_are_handed_over_whatever_the_server_says(tmp_path: Path, answer: Answer, most: int) -> None:
    server, handed = PickyServer(answer), list[RefusedReadings]()
    with Journal(tmp_path / "journal", vocabulary=WORDS) as journal:
        for n in range(4):
            journal.append(some_readings(1000, now=NOW + n * 1_000_000))
        store = store_on(server, tmp_path)
        SeriesPump(journal=journal, store=store, clock=ManualClock(NOON), on_refused=handed.append).step()
    [bad] = handed
    assert {bad.batch.vocabulary.devices[n] for n in bad.batch.device} == {"NM-0013"}
    assert (len(bad.batch), len(server.lines), store.stored_through()) == (12, 3988, 4)
    assert bad.sequence.tolist() == sorted([1, 2, 3, 4] * 3)
    assert server.requests <= most


def test_a_request_that_is_too_large_is_halved_and_stays_so(tmp_path: Path) -> None:
    server = PickyServer(lambda _: httpx.Response(204), largest=40_000)
    store = store_on(server, tmp_path)
    store.write(some_readings(2000, now=NOW).readings, through=1)
    first = server.requests
    store.write(some_readings(2000, now=NOW + 10_000_000).readings, through=2)
    assert (len(server.lines), store.stored_through(), server.requests - first) == (4000, 2, first - 3)


def test_one_line_that_is_too_large_by_itself_is_refused(tmp_path: Path) -> None:
    store = store_on(PickyServer(lambda _: httpx.Response(204), largest=10), tmp_path)
    with pytest.raises(Refused, match="413"):
        store.write(some_readings(8, now=NOW).readings, through=1)


@pytest.mark.service
@pytest.mark.parametrize("generation", [1, 2])
def test_a_real_server_keeps_the_good_ones_of_a_partial_write(
    generation: int, request: pytest.FixtureRequest, records: Records, tmp_path: Path
) -> None:
    with (
        Journal(tmp_path / "journal", vocabulary=WORDS) as journal,
        influx(influx_1(request.getfixturevalue("influxd")), tmp_path)
        if generation == 1
        else emptied(request.getfixturevalue("influxdb_2"), tmp_path) as store,
    ):
        stranger = f'temperature,device=NM-0001 value="warm" {NOW}\n'.encode()
        store._server.write(stranger)  # type: ignore[attr-defined]  # a stranger's line: the field has another type now
        for n in range(3):
            journal.append(some_readings(3000, now=NOW + n * 10_000_000))
        refusals = StoreRefusals(records, store=store, target="t")
        pump = SeriesPump(journal=journal, store=store, clock=ManualClock(NOON), on_refused=refusals.keep)
        pump.step()
        whole = ReadingQuery(start=NOON, end=NOON + timedelta(hours=1), metrics=("laeq", "lamp_on"), limit=10**6)
        assert (pump.status().ok, store.stored_through(), len(list(store.readings(whole)))) == (True, 3, 6000)
    bad = kept(records)
    assert {one.vocabulary.metrics for one in bad} == {("temperature",)}
    assert sum(map(len, bad)) == 3000
