import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import Misconfigured, Refused, Temporary
from domain.messages import Quarantined, Reason
from domain.readings import Vocabulary, concatenate
from domain.settlements import Journalled, Settlement
from store.journal import Journal
from store.journal_records import Decoder, encode
from store.journal_segments import HEADER, Segment
from store.settings import JournalSettings, WhenFull
from tests.store.settlements import WORDS, content, some_readings, tick
from tests.store.strategies import settlements

SMALL = JournalSettings(segment_bytes=4096)


def journal_in(directory: Path, settings: JournalSettings = SMALL, vocabulary: Vocabulary = WORDS) -> Journal:
    return Journal(directory, vocabulary=vocabulary, settings=settings)


def sequences(journal: Journal, *, after: int = 0, limit: int = 10_000) -> list[int]:
    return [entry.sequence for entry in journal.read(after=after, limit=limit)]


@pytest.mark.thorough
@given(settlements)
def test_any_settlement_comes_back_as_it_was(settlement: Settlement) -> None:
    assert content(Decoder(WORDS).decode(encode(settlement))) == content(settlement)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(settlements, min_size=1, max_size=6))
def test_settlements_survive_a_restart_in_order(
    tmp_path_factory: pytest.TempPathFactory, written: list[Settlement]
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    with journal_in(directory) as journal:
        assert [journal.append(settlement) for settlement in written] == list(range(1, len(written) + 1))
    with journal_in(directory) as journal:
        entries = journal.read(after=0, limit=100)
    assert [content(entry.settlement) for entry in entries] == [content(settlement) for settlement in written]


def test_more_names_than_a_byte_can_number_come_back() -> None:
    settlement = some_readings(1000, now=1_700_000_000_000_000)
    assert content(Decoder(WORDS).decode(encode(settlement))) == content(settlement)


def test_a_tick_takes_little_room() -> None:
    assert len(encode(tick(1_700_000_000_000_000))) <= 20


def test_thousand_readings_take_at_most_twenty_six_bytes_each() -> None:
    assert len(encode(some_readings(1000, now=1_700_000_000_000_000))) <= 26 * 1000


def test_known_names_keep_the_very_vocabulary(tmp_path: Path) -> None:
    with journal_in(tmp_path) as journal:
        journal.append(some_readings(5))
        assert journal.read(after=0, limit=1)[0].settlement.readings.vocabulary is WORDS


def test_unknown_names_extend_the_vocabulary_and_move_no_ordinal(tmp_path: Path) -> None:
    with journal_in(tmp_path) as journal:
        journal.append(some_readings(3, words=Vocabulary(devices=["NM-0001", "NEW", "NEWER"], metrics=["laeq"])))
        words = journal.read(after=0, limit=1)[0].settlement.readings.vocabulary
    assert (words.devices, words.metrics) == ((*WORDS.devices, "NEW", "NEWER"), WORDS.metrics)


def test_batches_with_unknown_names_share_one_extended_vocabulary(tmp_path: Path) -> None:
    stranger = Vocabulary(devices=["NEW"], metrics=["laeq"])
    with journal_in(tmp_path) as journal:
        journal.append(some_readings(2, words=stranger))
        journal.append(some_readings(2, words=stranger))
        batches = [entry.settlement.readings for entry in journal.read(after=0, limit=2)]
    assert len(concatenate(batches)) == 4


def test_half_a_surrogate_in_a_quarantined_message_does_not_stop_the_journal(tmp_path: Path) -> None:
    poison = Quarantined(feed="f", topic="a/\ud800", payload=b"\xff", received=1, reason=Reason.NOT_JSON, detail="x")
    with journal_in(tmp_path) as journal:
        journal.append(replace(tick(1), quarantined=(poison,)))
        read = journal.read(after=0, limit=1)[0].settlement.quarantined[0]
    assert (read.topic, read.payload) == ("a/\\ud800", b"\xff")


def test_nul_in_a_quarantined_message_is_spelled_out_because_postgresql_refuses_it(tmp_path: Path) -> None:
    poison = Quarantined(
        feed="f", topic="a\0b", payload=b"\0", received=1, reason=Reason.UNKNOWN_METRIC, detail="no\0se"
    )
    with journal_in(tmp_path) as journal:
        journal.append(replace(tick(1), quarantined=(poison,)))
        read = journal.read(after=0, limit=1)[0].settlement.quarantined[0]
    assert (read.topic, read.payload, read.detail) == ("a\\x00b", b"\0", "no\\x00se")


def test_numbering_goes_on_after_a_restart(tmp_path: Path) -> None:
    for expected in range(1, 6):
        with journal_in(tmp_path) as journal:
            assert journal.append(tick(expected)) == expected


def test_reading_crosses_segments_and_stops_at_the_limit(tmp_path: Path) -> None:
    with journal_in(tmp_path) as journal:
        for n in range(40):
            journal.append(some_readings(40, now=n))
        assert len(list(tmp_path.glob("*.journal"))) > 5
        assert sequences(journal, after=7, limit=20) == list(range(8, 28))


def test_skipping_far_ahead_scans_one_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with journal_in(tmp_path) as journal:
        for n in range(60):
            journal.append(some_readings(40, now=n))
    scanned: list[int] = []
    scan = Segment.scan

    def counting(segment: Segment, *, verified: bool) -> int:
        scanned.append(segment.first)
        return scan(segment, verified=verified)

    monkeypatch.setattr(Segment, "scan", counting)
    with journal_in(tmp_path) as journal:
        opened = len(scanned)
        assert sequences(journal, after=30, limit=1) == [31]
        assert (opened, len(scanned) - opened) == (1, 1)


def test_reading_on_in_an_old_segment_scans_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with journal_in(tmp_path) as journal:
        for n in range(60):
            journal.append(some_readings(40, now=n))
    with journal_in(tmp_path) as journal:
        first = sequences(journal, after=0, limit=1)
        monkeypatch.setattr(Segment, "scan", lambda *_, **__: pytest.fail("scanned again"))
        assert first + sequences(journal, after=1, limit=1) == [1, 2]


def test_waiting_ends_when_something_is_appended(tmp_path: Path) -> None:
    with journal_in(tmp_path) as journal:
        writer = threading.Timer(0.05, lambda: journal.append(tick(1)))
        writer.start()
        assert journal.wait(after=0, timeout_s=10)
        writer.join()


def test_waiting_for_what_does_not_come_times_out(tmp_path: Path) -> None:
    with journal_in(tmp_path) as journal:
        journal.append(tick(1))
        assert not journal.wait(after=1, timeout_s=0.01)


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    with journal_in(tmp_path), pytest.raises(Refused, match="another process"):
        journal_in(tmp_path)


def test_closing_gives_the_directory_free(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    journal.close()
    journal.close()
    with journal_in(tmp_path) as again:
        assert again.last_sequence == 0


def test_pruning_needs_both_the_cursor_and_the_age(tmp_path: Path) -> None:
    with journal_in(tmp_path) as journal:
        for n in range(1, 41):
            journal.append(some_readings(40, now=n))
        assert journal.prune(through=0, received_before=1000) == 0
        assert journal.prune(through=40, received_before=1) == 0
        gone = journal.prune(through=30, received_before=20)
        assert 0 < gone < 20
        assert sequences(journal) == list(range(gone + 1, 41))


def test_pruning_everything_keeps_the_count(tmp_path: Path) -> None:
    with journal_in(tmp_path) as journal:
        for n in range(1, 41):
            journal.append(some_readings(40, now=n))
        journal.prune(through=40, received_before=1000)
        assert len(list(tmp_path.glob("*.journal"))) == 1
    with journal_in(tmp_path) as journal:
        assert journal.first_sequence == sequences(journal)[0] > 30
        assert journal.append(tick(41)) == 41


BOUNDED = JournalSettings(segment_bytes=4096, limit=16384)
DROPPING = JournalSettings(segment_bytes=4096, limit=16384, when_full=WhenFull.DROP)


def fill(journal: Journal) -> int:
    """Append until it takes nothing more, or fifty times; how many it took."""
    for count in range(50):
        try:
            journal.append(some_readings(40, now=count))
        except Temporary as exc:
            assert "journal.limit" in str(exc)
            return count
    return 50


def on_disk(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.glob("*.journal"))


def test_a_journal_at_its_limit_takes_nothing_more_and_says_why(tmp_path: Path) -> None:
    with journal_in(tmp_path, BOUNDED) as journal:
        assert 0 < fill(journal) < 50
        assert journal.size <= on_disk(tmp_path) <= 16384
    assert journal.size == on_disk(tmp_path)


def test_room_is_made_of_what_everybody_has_read_before_its_age(tmp_path: Path) -> None:
    with journal_in(tmp_path, BOUNDED) as journal:
        count = fill(journal)
        journal.make_room(read=0, judged=count)
        assert fill(journal) == 0
        journal.make_room(read=count, judged=count)
        assert fill(journal) > 0
    assert journal.size == on_disk(tmp_path)


def test_a_journal_that_may_drop_tells_what_it_dropped_and_keeps_what_no_rule_has_judged(tmp_path: Path) -> None:
    with journal_in(tmp_path, DROPPING) as journal:
        count = fill(journal)
        dropped: list[Journalled] = []
        journal.make_room(read=0, judged=0, dropping=dropped.extend)
        assert dropped == []
        journal.make_room(read=2, judged=count, dropping=dropped.extend)
        assert [entry.sequence for entry in dropped] == list(range(3, journal.first_sequence))
        assert all(len(entry.settlement.readings) == 40 for entry in dropped)
        assert fill(journal) > 0


def test_what_is_dropped_is_told_before_it_goes(tmp_path: Path) -> None:
    def killed(entries: Sequence[Journalled]) -> None:
        raise KeyboardInterrupt

    with journal_in(tmp_path, DROPPING) as journal:
        count = fill(journal)
        with pytest.raises(KeyboardInterrupt):
            journal.make_room(read=2, judged=count, dropping=killed)
        assert journal.first_sequence == 1


def test_the_size_is_known_again_after_a_restart(tmp_path: Path) -> None:
    with journal_in(tmp_path, BOUNDED) as journal:
        fill(journal)
        size = journal.size
    with journal_in(tmp_path, BOUNDED) as journal:
        assert (journal.size, on_disk(tmp_path)) == (size, size)
        assert fill(journal) == 0


def test_readers_in_other_threads_see_every_entry_once_while_it_grows(tmp_path: Path) -> None:
    total = 300
    seen: dict[int, list[int]] = {}

    def follow(journal: Journal, reader: int) -> None:
        mine = seen[reader] = []
        while len(mine) < total and journal.wait(after=len(mine), timeout_s=30):
            mine += sequences(journal, after=len(mine), limit=7)

    with journal_in(tmp_path) as journal:
        readers = [threading.Thread(target=follow, args=(journal, n)) for n in range(3)]
        for reader in readers:
            reader.start()
        for n in range(total):
            journal.append(some_readings(20, now=n))
        for reader in readers:
            reader.join()
    assert all(mine == list(range(1, total + 1)) for mine in seen.values()) and len(seen) == 3


def test_a_changed_byte_in_an_older_segment_is_named_with_its_place(tmp_path: Path) -> None:
    with journal_in(tmp_path) as journal:
        for n in range(20):
            journal.append(some_readings(40, now=n))
    path = min(tmp_path.glob("*.journal"))
    content = bytearray(path.read_bytes())
    content[HEADER.size + 60] ^= 1
    path.write_bytes(content)
    with journal_in(tmp_path) as journal, pytest.raises(Misconfigured, match=f"{path.name}.*byte {HEADER.size}:"):
        journal.read(after=0, limit=1)


def test_a_changed_byte_before_the_last_record_is_no_torn_tail(tmp_path: Path) -> None:
    with journal_in(tmp_path) as journal:
        for n in range(3):
            journal.append(some_readings(5, now=n))
    path = min(tmp_path.glob("*.journal"))
    content = bytearray(path.read_bytes())
    content[HEADER.size + 40] ^= 1
    path.write_bytes(content)
    with pytest.raises(Misconfigured, match="others follow it"):
        journal_in(tmp_path)


def test_a_segment_cut_short_in_the_middle_of_the_journal_is_damage(tmp_path: Path) -> None:
    with journal_in(tmp_path) as journal:
        for n in range(20):
            journal.append(some_readings(40, now=n))
    path = min(tmp_path.glob("*.journal"))
    path.write_bytes(path.read_bytes()[:-10])
    with journal_in(tmp_path) as journal, pytest.raises(Misconfigured, match=path.name):
        journal.read(after=0, limit=1)


def test_a_strange_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "000000000001.journal").write_bytes(b"this is a letter to my aunt")
    with pytest.raises(Misconfigured, match="no journal segment"):
        journal_in(tmp_path)


@pytest.mark.parametrize("left", [b"", b"CBJRNL01", bytes(HEADER.size)], ids=["empty", "half a header", "zeros"])
def test_a_segment_torn_at_its_birth_is_begun_anew(tmp_path: Path, left: bytes) -> None:
    with journal_in(tmp_path) as journal:
        journal.append(tick(1))
    (tmp_path / "000000000002.journal").write_bytes(left)
    with journal_in(tmp_path) as journal:
        assert journal.append(tick(2)) == 2
    with journal_in(tmp_path) as journal:
        assert sequences(journal) == [1, 2]


@pytest.mark.parametrize("ahead", [b"", bytes(500)], ids=["at the end", "in room made ahead"])
def test_a_tail_torn_at_any_byte_is_cut_and_the_rest_stays(tmp_path: Path, ahead: bytes) -> None:
    with journal_in(tmp_path) as journal:
        journal.append(some_readings(3, now=1))
        journal.append(some_readings(3, now=2))
        kept = journal.size
        journal.append(some_readings(3, now=3))
    path = next(tmp_path.glob("*.journal"))
    whole = path.read_bytes()
    assert kept < len(whole)
    for length in range(kept, len(whole)):
        path.write_bytes(whole[:length] + ahead)
        with journal_in(tmp_path) as journal:
            assert (sequences(journal), journal.size) == ([1, 2], kept)
            assert journal.append(tick(4)) == 3
        assert path.stat().st_size == journal.size


def test_room_that_a_kill_left_is_no_damage_and_used_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with journal_in(tmp_path) as journal:
        journal.append(some_readings(3, now=1))
        path = next(tmp_path.glob("*.journal"))
        killed = path.read_bytes()
    assert len(killed) > path.stat().st_size
    path.write_bytes(killed)
    with journal_in(tmp_path) as journal:
        assert path.stat().st_size == len(killed)
        assert journal.append(tick(2)) == 2
        assert path.stat().st_size == len(killed)
    with journal_in(tmp_path) as journal:
        assert sequences(journal) == [1, 2]
    assert "torn" not in capsys.readouterr().out


def test_room_left_in_an_older_segment_disturbs_no_reader(tmp_path: Path) -> None:
    with journal_in(tmp_path) as journal:
        for n in range(20):
            journal.append(some_readings(40, now=n))
    path = min(tmp_path.glob("*.journal"))
    with path.open("ab") as file:
        file.write(bytes(1000))
    with journal_in(tmp_path) as journal:
        assert sequences(journal) == list(range(1, 21))


@settings(max_examples=30)
@given(st.binary(min_size=1, max_size=200))
def test_any_rubbish_after_the_last_record_is_cut(tmp_path_factory: pytest.TempPathFactory, rubbish: bytes) -> None:
    directory = tmp_path_factory.mktemp("journal")
    with journal_in(directory) as journal:
        journal.append(some_readings(3, now=1))
    path = next(directory.glob("*.journal"))
    with path.open("ab") as file:
        file.write(rubbish)
    with journal_in(directory) as journal:
        assert sequences(journal) == [1]


def test_a_disk_that_does_not_let_it_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file where the folder should be")
    with pytest.raises(Temporary, match="journal cannot be opened: File exists; free space or mend the disk"):
        journal_in(tmp_path / "journal")
