"""Deduplication: exact, bounded, and back after a restart."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instants import MICROS_PER_S
from domain.layout import SeriesLayout
from domain.readings import ReadingBatch, Vocabulary, batch_of
from domain.settlements import Settlement
from ingest.deduplication import IdentityMemory, Memory, ReadingMemory, identity_of, identity_of_bytes, translated
from ingest.keys import KeySet
from tests.ingest.fakes import NOW, FakeJournal

HOUR = 3600 * MICROS_PER_S
VOCABULARY = Vocabulary(devices=("d0", "d1", "d2"), metrics=("m0", "m1"))


def layout(vocabulary: Vocabulary = VOCABULARY) -> SeriesLayout:
    """All devices of one kind that reports everything."""
    return SeriesLayout(vocabulary, kind_of=[0] * len(vocabulary.devices), metrics_of=[range(len(vocabulary.metrics))])


SOME = SeriesLayout(VOCABULARY, kind_of=[0, 1, 0], metrics_of=[[1], [0]])
"""The same devices, each of them reporting one of the two."""


def batch(rows: list[tuple[int, int, int]], vocabulary: Vocabulary = VOCABULARY) -> ReadingBatch:
    """Rows of (device, metric, at)."""
    device, metric, at = zip(*rows, strict=True) if rows else ([], [], [])
    return batch_of(vocabulary, device=device, metric=metric, at=at, value=[0.0] * len(rows))


rows = st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(-20, 20).map(lambda step: NOW + step * HOUR // 8))


@pytest.mark.thorough
@settings(max_examples=200)
@given(st.lists(st.lists(rows, max_size=30), max_size=12), st.sampled_from([layout(), SOME]))
def test_readings_are_known_again_as_by_a_plain_set_whatever_their_kinds_report(
    batches: list[list[tuple[int, int, int]]], places: SeriesLayout
) -> None:
    memory, twin = ReadingMemory(places, horizon_s=26 * 3600), set()
    for content in batches:
        expected = []
        for row in content:
            expected.append(row not in twin)
            twin.add(row)
        assert memory.take_new(batch(content), now=NOW).tolist() == expected


@given(st.lists(st.lists(st.integers(0, 50), max_size=40), max_size=10), st.lists(st.integers(0, 60), max_size=20))
def test_key_set_holds_what_a_set_holds(additions: list[list[int]], questions: list[int]) -> None:
    keys, twin = KeySet(), set()
    for addition in additions:
        keys.add(np.array(addition, dtype=np.uint64))
        twin.update(addition)
    assert keys.contains(np.array(questions, dtype=np.uint64)).tolist() == [one in twin for one in questions]


def test_the_first_of_equals_in_one_batch_stands() -> None:
    memory = ReadingMemory(layout(), horizon_s=3600)
    assert memory.take_new(batch([(0, 0, NOW), (0, 0, NOW), (1, 0, NOW)]), now=NOW).tolist() == [True, False, True]


def test_microseconds_apart_are_two_readings() -> None:
    memory = ReadingMemory(layout(), horizon_s=3600)
    assert memory.take_new(batch([(0, 0, NOW), (0, 0, NOW + 1)]), now=NOW).all()


def test_out_of_order_readings_are_no_duplicates() -> None:
    memory = ReadingMemory(layout(), horizon_s=26 * 3600)
    memory.take_new(batch([(0, 0, NOW)]), now=NOW)
    assert memory.take_new(batch([(0, 0, NOW - HOUR), (0, 0, NOW)]), now=NOW).tolist() == [True, False]


def test_hours_beyond_the_horizon_are_forgotten() -> None:
    memory = ReadingMemory(layout(), horizon_s=2 * 3600)
    for hour in range(100):
        memory.take_new(batch([(0, 0, NOW + hour * HOUR + one) for one in range(100)]), now=NOW + hour * HOUR)
    assert len(memory) <= 4 * 100


def test_a_million_readings_take_less_than_forty_bytes_each() -> None:
    devices = Vocabulary(devices=tuple(f"d{number}" for number in range(2000)), metrics=("m0", "m1"))
    memory, number = ReadingMemory(layout(devices), horizon_s=26 * 3600), np.arange(4000)
    for minute in range(250):
        at = np.full(4000, NOW + minute * 60 * MICROS_PER_S)
        minutely = batch_of(devices, device=number // 2, metric=number % 2, at=at, value=np.zeros(4000))
        assert memory.take_new(minutely, now=int(at[0])).all()
    assert len(memory) == 1_000_000
    assert memory.nbytes / len(memory) < 40


def test_batches_of_another_vocabulary_are_refused() -> None:
    other = Vocabulary(devices=("d1", "d0"), metrics=("m0",))
    with pytest.raises(ValueError, match="vocabulary"):
        ReadingMemory(layout(), horizon_s=3600).take_new(batch([(0, 0, NOW)], other), now=NOW)


def test_identities_are_known_within_the_horizon() -> None:
    memory = IdentityMemory(horizon_s=3 * 3600)
    memory.remember([1, 2**64 - 1], now=NOW)
    assert memory.known([1, 2, 2**64 - 1]).tolist() == [True, False, True]


@given(st.integers(0, 10_799))
def test_identities_are_not_forgotten_before_the_horizon(seconds: int) -> None:
    memory = IdentityMemory(horizon_s=10_800)
    memory.remember([1], now=NOW)
    memory.remember([2], now=NOW + seconds * MICROS_PER_S)
    assert memory.known([1]).all()


def test_identities_beyond_the_horizon_take_no_memory() -> None:
    memory = IdentityMemory(horizon_s=3600)
    for hour in range(50):
        memory.remember(range(hour * 100, hour * 100 + 100), now=NOW + hour * HOUR)
    assert len(memory) <= 300


def test_identity_is_the_same_in_every_process() -> None:
    assert identity_of("NM-0001", "abc") == 0xC5BC_AF4D_0768_C99A


def test_identities_by_name_and_by_bytes_do_not_meet() -> None:
    assert identity_of("a", "b") != identity_of_bytes("a", b"b")


def test_device_and_id_do_not_run_into_each_other() -> None:
    assert identity_of("ab", "c") != identity_of("a", "bc")


def remembered_by(journal: FakeJournal, content: list[tuple[int, int, int]], *, now: int) -> None:
    journal.append(Settlement(now=now, readings=batch(content), identities=(now,)))


def test_what_the_journal_holds_is_known_again_after_a_restart() -> None:
    journal, memory = FakeJournal(), Memory(layout(), horizon_s=26 * 3600, future_skew_s=300)
    for minute in range(500):
        now = NOW + minute * 60 * MICROS_PER_S
        remembered_by(journal, [(0, 0, now)], now=now)
    memory.rebuild(journal, now=now)
    again = batch([(0, 0, NOW + minute * 60 * MICROS_PER_S) for minute in range(500)])
    assert not memory.readings.take_new(again, now=now).any()
    assert memory.identities.known([NOW, now]).all()


def test_rebuilding_reads_no_further_back_than_the_horizon_reaches() -> None:
    journal, memory = FakeJournal(), Memory(layout(), horizon_s=3600, future_skew_s=300)
    for hour in range(1000):
        remembered_by(journal, [(0, 0, NOW + hour * HOUR)], now=NOW + hour * HOUR)
    assert memory.rebuild(journal, now=NOW + 999 * HOUR) == 2


def test_rebuilding_goes_by_name_when_the_registry_has_changed() -> None:
    journal = FakeJournal()
    remembered_by(journal, [(0, 0, NOW), (2, 1, NOW)], now=NOW)
    new = Vocabulary(devices=("d9", "d2"), metrics=("m1", "m0"))
    memory = Memory(layout(new), horizon_s=3600, future_skew_s=300)
    memory.rebuild(journal, now=NOW)
    assert memory.readings.take_new(batch([(0, 0, NOW), (1, 0, NOW)], new), now=NOW).tolist() == [True, False]


def test_what_a_kind_no_longer_reports_is_known_again_all_the_same() -> None:
    journal, memory = FakeJournal(), Memory(SOME, horizon_s=3600, future_skew_s=300)
    remembered_by(journal, [(0, 0, NOW), (0, 1, NOW), (1, 1, NOW + 1)], now=NOW)
    memory.rebuild(journal, now=NOW)
    again = batch([(1, 1, NOW + 1), (0, 1, NOW), (0, 0, NOW), (1, 1, NOW), (2, 0, NOW)])
    assert memory.readings.take_new(again, now=NOW).tolist() == [False, False, False, True, True]


def test_memory_has_no_room_for_what_no_kind_reports() -> None:
    many = Vocabulary(devices=tuple(f"d{number}" for number in range(1000)), metrics=tuple(f"m{n}" for n in range(40)))
    places = SeriesLayout(many, kind_of=[0] * 1000, metrics_of=[[3, 7]])
    assert ReadingMemory(places, horizon_s=3600).nbytes < 1000 * 2 * 8 + 100


def test_translation_keeps_values_with_their_names() -> None:
    new = Vocabulary(devices=("d2", "d0"), metrics=("m1",))
    old = batch_of(VOCABULARY, device=[0, 1, 2], metric=[1, 1, 0], at=[NOW] * 3, value=[1.0, 2.0, 3.0])
    assert [(row.device, row.metric, row.value) for row in translated(old, new).rows()] == [("d0", "m1", 1.0)]


def test_horizon_longer_than_the_age_of_a_reading_keeps_it() -> None:
    memory = ReadingMemory(layout(), horizon_s=timedelta(hours=26).total_seconds())
    memory.take_new(batch([(0, 0, NOW)]), now=NOW)
    later = NOW + 26 * HOUR - 1
    assert not memory.take_new(batch([(0, 0, NOW)]), now=later).any()
