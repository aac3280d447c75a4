"""What the journal still holds in memory is what stands in its file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.messages import Quarantined, Reason
from domain.readings import Vocabulary
from domain.settlements import Journalled, Settlement
from store.journal import Journal
from store.journal_recent import MOST_BYTES, MOST_ENTRIES, MOST_READINGS, Recent
from tests.store.settlements import WORDS, content, some_readings, tick
from tests.store.strategies import settlements


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(settlements, min_size=1, max_size=5), st.integers(0, 5))
def test_who_keeps_up_reads_what_a_restart_reads(
    tmp_path_factory: pytest.TempPathFactory, written: list[Settlement], after: int
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    with Journal(directory, vocabulary=WORDS) as journal:
        for settlement in written:
            journal.append(settlement)
        fresh = [(entry.sequence, content(entry.settlement)) for entry in journal.read(after=after, limit=100)]
    with Journal(directory, vocabulary=WORDS) as journal:
        again = [(entry.sequence, content(entry.settlement)) for entry in journal.read(after=after, limit=100)]
    assert fresh == again
    assert len(fresh) == max(0, len(written) - after)


def test_who_keeps_up_is_given_the_very_columns(tmp_path: Path) -> None:
    with Journal(tmp_path, vocabulary=WORDS) as journal:
        settlement = some_readings(5)
        journal.append(settlement)
        [entry] = journal.read(after=0, limit=10)
    assert entry.settlement.readings.value is settlement.readings.value


def test_nobody_changes_what_others_will_read(tmp_path: Path) -> None:
    with Journal(tmp_path, vocabulary=WORDS) as journal:
        journal.append(some_readings(5))
        [entry] = journal.read(after=0, limit=10)
    with pytest.raises(ValueError, match="read-only"):
        entry.settlement.readings.value[0] = 1.0


def test_readings_of_a_foreign_vocabulary_come_back_in_the_journals_own(tmp_path: Path) -> None:
    foreign = Vocabulary(devices=["NM-0003"], metrics=["laeq"])
    with Journal(tmp_path, vocabulary=WORDS) as journal:
        journal.append(some_readings(2))
        journal.append(some_readings(2, words=foreign))
        journal.append(some_readings(2))
        after = 0
        found: list[Journalled] = []
        while entries := journal.read(after=after, limit=10):
            found += entries
            after = entries[-1].sequence
    assert [entry.sequence for entry in found] == [1, 2, 3]
    assert all(entry.settlement.readings.vocabulary is WORDS for entry in found)
    assert found[1].settlement.readings.device.tolist() == [3, 3]


def held(recent: Recent, *, last: int) -> list[int]:
    """The entries that can be asked for."""
    return [number for number in range(1, last + 1) if recent.from_on(number, limit=1)]


def test_it_holds_no_more_readings_than_it_may() -> None:
    recent, each = Recent(WORDS), MOST_READINGS // 4
    for number in range(1, 8):
        recent.remember(Journalled(sequence=number, settlement=some_readings(each)), size=1)
    assert held(recent, last=7) == [4, 5, 6, 7]


def test_it_holds_no_more_bytes_than_it_may() -> None:
    bad = Quarantined(feed="f", topic="t", payload=b"", received=1, reason=Reason.NOT_JSON, detail="x")
    recent, each = Recent(WORDS), MOST_BYTES // 2
    for number in range(1, 5):
        recent.remember(Journalled(sequence=number, settlement=replace(tick(1), quarantined=(bad,))), size=each)
    assert held(recent, last=4) == [3, 4]


def test_ticks_do_not_pile_up() -> None:
    recent = Recent(WORDS)
    for number in range(1, MOST_ENTRIES + 3):
        recent.remember(Journalled(sequence=number, settlement=tick(number)), size=20)
    assert held(recent, last=MOST_ENTRIES + 2) == list(np.arange(3, MOST_ENTRIES + 3))


def test_an_entry_larger_than_all_bounds_is_read_from_the_file(tmp_path: Path) -> None:
    with Journal(tmp_path, vocabulary=WORDS) as journal:
        journal.append(some_readings(MOST_READINGS + 1))
        [entry] = journal.read(after=0, limit=1)
    assert len(entry.settlement.readings) == MOST_READINGS + 1
