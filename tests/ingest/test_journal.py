"""The intake's memory out of the real journal."""

from pathlib import Path

from domain.ledger import Tally
from store.journal import Journal
from tests.ingest.fakes import NOW, NOW_MS, message, noise, pipeline_of, small_city


def test_redelivery_after_a_restart_is_known_again_also_with_another_registry(tmp_path: Path) -> None:
    arrivals = [
        message(noise(61.2)),
        message(noise(id="a"), device="NM-0002"),
        message(noise(t=None, seq=3), device="NM-0003"),
        message(b"garbage"),
        message(noise(t=NOW_MS - 1000), device="NM-0004"),
    ]
    before = pipeline_of()
    with Journal(tmp_path, vocabulary=before.vocabulary) as journal:
        journal.append(before.settle(arrivals, NOW))
    after = pipeline_of(small_city(("NM-0009", "NM-0004", "NM-0003", "NM-0002", "NM-0001")))
    with Journal(tmp_path, vocabulary=after.vocabulary) as journal:
        after.rebuild(journal, now=NOW)
        (line,) = after.settle(arrivals, NOW).ledger
    assert line.messages == Tally(received=5, duplicate=5)


def test_settlement_comes_out_of_the_journal_as_it_went_in(tmp_path: Path) -> None:
    pipeline = pipeline_of()
    settled = pipeline.settle([message(noise(id="a")), message(b"\xff", topic="x/\ud800")], NOW)
    with Journal(tmp_path, vocabulary=pipeline.vocabulary) as journal:
        journal.append(settled)
        (entry,) = journal.read(after=0, limit=10)
    assert (entry.settlement.identities, entry.settlement.ledger) == (settled.identities, settled.ledger)
    assert list(entry.settlement.readings.rows()) == list(settled.readings.rows())
