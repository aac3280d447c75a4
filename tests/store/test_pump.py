"""The pump between journal and store: in order, through outages, around what is refused."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import CitybrainError, Misconfigured, Refused, Temporary
from domain.readings import Reading, ReadingBatch, Vocabulary
from domain.series import ReadingQuery
from runtime.clock import ManualClock
from store.journal import Journal
from store.series.memory import MemorySeriesStore
from store.series.pump import SeriesPump
from store.settings import JournalSettings, PumpSettings
from tests.store.series_stores import CATALOGUE
from tests.store.settlements import NOON, WORDS, some_readings, tick

QUICK = PumpSettings(linger=0.0, first_backoff=0.01, longest_backoff=0.05)
START = 1_000_000


class FaultyStore(MemorySeriesStore):
    """Refuses chosen values; fails as often as told, before or after having stored what it was given."""

    def __init__(
        self, *, refuses: frozenset[float] = frozenset(), failures: list[CitybrainError] | None = None
    ) -> None:
        super().__init__(CATALOGUE)
        self._refuses = refuses
        self.failures = failures or []
        self.fails_after_storing = False
        self.writes: list[tuple[int, int | None]] = []
        self.given_back = 0

    def give_back(self) -> None:
        self.given_back += 1

    def write(self, batch: ReadingBatch, *, through: int | None) -> None:
        self.writes.append((len(batch), through))
        bad = sorted(self._refuses & set(batch.value.tolist()))
        if bad:
            raise Refused(f"values {bad} are not welcome")
        if self.failures and not self.fails_after_storing:
            raise self.failures.pop(0)
        super().write(batch, through=through)
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path, vocabulary=WORDS, settings=JournalSettings(segment_bytes=4096)) as journal:
        yield journal


def values_in(store: MemorySeriesStore) -> list[float]:
    return [one.value for one in everything(store)]


def everything(store: MemorySeriesStore) -> list[Reading]:
    whole = ReadingQuery(start=NOON - timedelta(days=36_500 // 2 * 2), end=NOON + timedelta(days=9), limit=10**9)
    return list(store.readings(whole))


def numbered(journal: Journal, count: int, *, each: int = 3) -> list[float]:
    """`count` entries of `each` readings, every value its own; returns the values."""
    values: list[float] = []
    for n in range(count):
        settlement = some_readings(each, now=START * (n + 1))
        settlement.readings.value[:] = np.arange(each) + n * each
        values += settlement.readings.value.tolist()
        journal.append(settlement)
    return values


def pump_of(journal: Journal, store: MemorySeriesStore, **more: object) -> SeriesPump:
    return SeriesPump(journal=journal, store=store, **({"settings": QUICK, "clock": ManualClock(NOON)} | more))  # type: ignore[arg-type]  # the tests name real parameters


def test_one_step_moves_many_entries_in_one_write(journal: Journal) -> None:
    values, store = numbered(journal, 30), FaultyStore()
    pump_of(journal, store).step()
    assert (values_in(store), store.writes, store.stored_through()) == (values, [(90, 30)], 30)


def test_a_write_takes_no_more_readings_than_set(journal: Journal) -> None:
    numbered(journal, 10, each=30)
    store = FaultyStore()
    pump = pump_of(journal, store, settings=PumpSettings(readings=100))
    for _ in range(4):
        pump.step()
    assert store.writes == [(90, 3), (90, 6), (90, 9), (30, 10)]


def test_an_entry_larger_than_a_write_still_goes(journal: Journal) -> None:
    numbered(journal, 1, each=300)
    store = FaultyStore()
    pump_of(journal, store, settings=PumpSettings(readings=100)).step()
    assert store.writes == [(300, 1)]


def test_ticks_alone_are_not_written_one_by_one(journal: Journal) -> None:
    for n in range(25):
        journal.append(tick(n))
    store = FaultyStore()
    pump = pump_of(journal, store, settings=PumpSettings(entries=10))
    for _ in range(3):
        pump.step()
    assert (pump.status().behind_entries, store.writes) == (0, [(0, 10), (0, 20)])


def test_a_store_that_is_away_gets_everything_in_order_when_it_is_back(journal: Journal) -> None:
    values = numbered(journal, 5)
    store = FaultyStore(failures=[Temporary("away"), Temporary("away")])
    pump = pump_of(journal, store)
    waits = [pump.step() for _ in range(3)]
    assert (values_in(store), waits) == (values, [0.01, 0.02, 0.0])


def test_ten_minutes_without_the_store_are_made_up_in_order_while_new_readings_go_on(journal: Journal) -> None:
    seconds, each = 60, 50  # ten times as much in each, ten times as few
    store = FaultyStore(failures=[Temporary("away") for _ in range(seconds)])
    pump = pump_of(journal, store)
    sent: list[float] = []

    def next_second() -> None:
        settlement = some_readings(each, now=START * (len(sent) // each + 1))
        settlement.readings.value[:] = np.arange(each) + len(sent)
        sent.extend(settlement.readings.value.tolist())
        journal.append(settlement)
        pump.step()

    for _ in range(seconds):
        next_second()
    assert (pump.status().behind_entries, values_in(store)) == (seconds, [])
    store.writes.clear()
    for _ in range(3):
        next_second()
    assert (pump.status().behind_entries, values_in(store)) == (0, sent)
    assert store.writes == [((seconds + 1) * each, seconds + 1), (each, seconds + 2), (each, seconds + 3)]


def test_a_write_whose_answer_got_lost_is_stored_once(journal: Journal) -> None:
    values = numbered(journal, 5)
    store = FaultyStore(failures=[Temporary("connection reset")])
    store.fails_after_storing = True
    pump = pump_of(journal, store)
    pump.step()
    pump.step()
    assert values_in(store) == values


def test_the_servers_own_hint_is_honoured(journal: Journal) -> None:
    numbered(journal, 1)
    pump = pump_of(journal, FaultyStore(failures=[Temporary("busy", retry_after_s=17)]))
    assert pump.step() == 17


def test_back_off_grows_to_its_longest(journal: Journal) -> None:
    numbered(journal, 1)
    pump = pump_of(journal, FaultyStore(failures=[Temporary("away") for _ in range(6)]))
    assert [pump.step() for _ in range(6)] == [0.01, 0.02, 0.04, 0.05, 0.05, 0.05]


def test_bad_settings_wait_for_the_operator_and_lose_nothing(journal: Journal) -> None:
    values = numbered(journal, 2)
    store = FaultyStore(failures=[Misconfigured([])])
    pump = pump_of(journal, store)
    pump.step()
    assert not pump.status().ok
    pump.step()
    assert (values_in(store), pump.status().ok) == (values, True)


def test_the_status_tells_how_far_behind_and_why(journal: Journal) -> None:
    journal.append(some_readings(1, now=int(NOON.timestamp() * 1e6) - 90_000_000))
    journal.append(some_readings(1, now=int(NOON.timestamp() * 1e6)))
    pump = pump_of(journal, FaultyStore(failures=[Temporary("out to lunch")]))
    pump.step()
    status = pump.status()
    assert (status.ok, status.behind_s, status.behind_entries, status.last_error) == (False, 90.0, 2, "out to lunch")
    pump.step()
    assert (pump.status().ok, pump.status().behind_s, pump.status().behind_entries) == (True, 0.0, 0)


@settings(max_examples=20, deadline=None)
@given(st.sets(st.integers(0, 59), max_size=8), st.integers(1, 20))
def test_only_refused_readings_are_handed_over_wherever_they_stand(
    tmp_path_factory: pytest.TempPathFactory, bad: set[int], each: int
) -> None:
    refused: list[float] = []
    store = FaultyStore(refuses=frozenset(map(float, bad)))
    with Journal(tmp_path_factory.mktemp("journal"), vocabulary=WORDS) as journal:
        values = numbered(journal, 60 // each, each=each)
        pump = pump_of(journal, store, on_refused=lambda bad: refused.extend(bad.batch.value.tolist()))
        pump.step()
        assert (pump.status().behind_entries, pump.status().ok) == (0, True)
    expected = [value for value in values if value in bad]
    assert (sorted(refused), values_in(store)) == (expected, [value for value in values if value not in bad])
    assert store.stored_through() == 60 // each


def test_a_store_that_refuses_everything_costs_a_bounded_number_of_writes(journal: Journal) -> None:
    values = numbered(journal, 10, each=100)
    refused: list[float] = []
    store = FaultyStore(refuses=frozenset(values))
    few = PumpSettings(refusals=20)
    pump_of(journal, store, settings=few, on_refused=lambda bad: refused.extend(bad.batch.value.tolist())).step()
    assert (sorted(refused), store.stored_through()) == (values, 10)
    assert len(store.writes) < 80


def test_an_outage_in_the_middle_of_the_isolation_loses_nothing(journal: Journal) -> None:
    values = numbered(journal, 8)
    store = FaultyStore(refuses=frozenset({10.0}), failures=[Temporary("away")])
    refused: list[float] = []
    pump = pump_of(journal, store, on_refused=lambda bad: refused.extend(bad.batch.value.tolist()))
    pump.step()
    pump.step()
    assert (values_in(store), set(refused)) == ([value for value in values if value != 10.0], {10.0})


def test_new_names_in_the_journal_do_not_stop_it(journal: Journal) -> None:
    journal.append(some_readings(2, now=START))
    journal.append(some_readings(2, now=2 * START, words=Vocabulary(devices=["A", "B"], metrics=["laeq"])))
    journal.append(some_readings(2, now=3 * START, words=Vocabulary(devices=["C", "NM-0001"], metrics=["o3"])))
    store = FaultyStore()
    pump_of(journal, store).step()
    devices = [one.device for one in everything(store)]
    assert devices == ["NM-0000", "NM-0001", "A", "B", "C", "NM-0001"]


def test_entries_that_were_pruned_before_they_were_stored_are_told(journal: Journal) -> None:
    numbered(journal, 40, each=60)
    gone = journal.prune(through=20, received_before=2**60)
    store = FaultyStore()
    pump = pump_of(journal, store)
    pump.step()
    assert (gone > 0, pump.status().missed_entries, len(everything(store))) == (True, gone, (40 - gone) * 60)


def test_a_store_ahead_of_the_journal_is_refused(journal: Journal) -> None:
    store = FaultyStore()
    store.write(some_readings(1).readings, through=5)
    with pytest.raises(Misconfigured, match=r"through entry 5.*ends at 0"):
        pump_of(journal, store)


def test_the_store_is_asked_to_let_go_of_memory_every_five_seconds(journal: Journal) -> None:
    store, clock = FaultyStore(), ManualClock(NOON)
    pump = pump_of(journal, store, clock=clock)
    for _ in range(8):
        clock.advance(timedelta(seconds=2.5))
        pump.give_back()
    assert store.given_back == 4


def test_the_thread_follows_the_journal_and_stops_when_asked(journal: Journal) -> None:
    store = FaultyStore(failures=[Temporary("away")])
    pump = pump_of(journal, store)
    pump.start()
    values = numbered(journal, 50)
    while pump.status().behind_entries:  # ends, or the test's time-out tells
        journal.wait(after=50, timeout_s=0.01)
    assert pump.stop(timeout_s=60.0)
    assert values_in(store) == values


def test_the_thread_stops_while_it_backs_off(journal: Journal) -> None:
    numbered(journal, 1)
    store = FaultyStore(failures=[Temporary("come back tomorrow", retry_after_s=86_400)])
    pump = pump_of(journal, store)
    pump.start()
    while pump.status().ok:
        journal.wait(after=1, timeout_s=0.01)
    assert pump.stop(timeout_s=60.0)


def test_a_fault_of_ours_does_not_end_the_thread(journal: Journal) -> None:
    store = FaultyStore(failures=[ZeroDivisionError("whoops")])  # type: ignore[list-item]  # a fault is no CitybrainError
    pump = pump_of(journal, store)
    pump.start()
    values = numbered(journal, 5)
    while values_in(store) != values:
        journal.wait(after=5, timeout_s=0.01)
    assert pump.stop(timeout_s=60.0)
