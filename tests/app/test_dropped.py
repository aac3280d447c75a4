"""Readings that the journal dropped are counted once, whatever happens between the counting and the dropping."""

from pathlib import Path

from citybrain.engine.dropped import JOURNAL_DROPPED, count_dropped
from domain.readings import Vocabulary, batch_of
from domain.settlements import Journalled, Settlement
from store.records.records import Records
from store.records.settings import RecordsSettings

VOCABULARY = Vocabulary(devices=["NM-1"], metrics=["laeq"])


def entry(sequence: int, readings: int) -> Journalled:
    columns = batch_of(
        VOCABULARY, device=[0] * readings, metric=[0] * readings, at=range(readings), value=[50.0] * readings
    )
    return Journalled(sequence=sequence, settlement=Settlement(now=0, readings=columns))


def test_entries_that_are_told_again_after_a_kill_count_once(tmp_path: Path) -> None:
    records = Records.open(f"sqlite:///{tmp_path / 'records.db'}", settings=RecordsSettings())
    count_dropped(records, [entry(3, 10), entry(4, 5)])
    count_dropped(records, [entry(3, 10), entry(4, 5)])
    count_dropped(records, [entry(4, 5), entry(5, 1)])
    with records.snapshot() as books:
        assert books.cursors.get(JOURNAL_DROPPED) == 16
    records.close()
