"""The journal against kill -9 and a full disk, in processes of their own."""

import os
import signal
import subprocess
import sys
import textwrap
from contextlib import nullcontext
from pathlib import Path

import pytest

from domain.errors import Temporary
from store.journal import Journal
from store.journal_records import encode
from store.journal_segments import FRAME, HEADER
from store.settings import JournalSettings
from tests.store.settlements import WORDS, some_readings

SMALL = JournalSettings(segment_bytes=8192)

WRITER = """
    import sys
    from pathlib import Path
    from store.journal import Journal
    from store.settings import JournalSettings
    from tests.store.settlements import WORDS, some_readings
    journal = Journal(Path(sys.argv[1]), vocabulary=WORDS, settings=JournalSettings(segment_bytes=8192))
    while True:
        count = 1 + journal.last_sequence % 50
        print(journal.append(some_readings(count, now=journal.last_sequence + 1)), flush=True)
"""

FILLER = """
    import resource, sys
    from pathlib import Path
    from domain.errors import Temporary
    from store.journal import Journal
    from tests.store.settlements import WORDS, some_readings
    journal = Journal(Path(sys.argv[1]), vocabulary=WORDS)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))
    try:
        while True:
            journal.append(some_readings(20, now=1))
    except Temporary as full:
        print(full)
    print(Path(sys.argv[1], "000000000001.journal").stat().st_size)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(journal.append(some_readings(20, now=2)))
"""


def python(source: str, directory: Path) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(source), str(directory)]


def killed_after(lines: int, directory: Path) -> list[int]:
    """What a writer told to have appended until it was killed at some point after `lines`."""
    with subprocess.Popen(python(WRITER, directory), stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(lines)]
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read()
    return told + [int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.thorough
def test_everything_told_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    told: list[int] = []
    for round_of_kills in range(3):
        told += killed_after(3 + 17 * round_of_kills, tmp_path)
        with Journal(tmp_path, vocabulary=WORDS, settings=SMALL) as journal:
            entries = journal.read(after=0, limit=100_000)
        assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
        assert set(told) <= {entry.sequence for entry in entries}
        assert all(entry.settlement.now == entry.sequence for entry in entries)
    assert len(told) == len(set(told))


def test_a_full_disk_is_temporary_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    done = subprocess.run(python(FILLER, tmp_path), capture_output=True, text=True, check=True, timeout=240)
    complaint, size, sequence = done.stdout.splitlines()
    assert "cannot be written" in complaint
    assert HEADER.size + (int(sequence) - 1) * (FRAME.size + len(encode(some_readings(20, now=1)))) == int(size)
    with Journal(tmp_path, vocabulary=WORDS) as journal:
        nows = [entry.settlement.now for entry in journal.read(after=0, limit=1000)]
    assert nows == [1] * (int(sequence) - 1) + [2]


def _full(*_: object, **__: object) -> int:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("segment_bytes", [4096, 1_000_000], ids=["rolling", "staying"])
@pytest.mark.parametrize("calls", [("fsync",), ("pwrite",), ("open",), ("pwrite", "ftruncate")], ids="+".join)
def test_after_any_failing_call_the_order_goes_on_without_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: tuple[str, ...], segment_bytes: int
) -> None:
    settings = JournalSettings(segment_bytes=segment_bytes)
    with Journal(tmp_path, vocabulary=WORDS, settings=settings) as journal:
        journal.append(some_readings(300, now=1))
        with monkeypatch.context() as broken:
            for call in calls:
                broken.setattr(os, call, _full)
            with pytest.raises(Temporary) if "pwrite" in calls or segment_bytes == 4096 else nullcontext():
                journal.append(some_readings(300, now=2))
        last = journal.append(some_readings(2, now=3))
    with Journal(tmp_path, vocabulary=WORDS, settings=settings) as journal:
        nows = [entry.settlement.now for entry in journal.read(after=0, limit=9)]
    assert nows == ([1, 3] if last == 2 else [1, 2, 3])


def test_a_disk_with_room_for_records_alone_takes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def narrow(descriptor: int, content: bytes, at: int) -> int:
        return written(descriptor, content, at) if len(content) < 2000 else _full()

    written = os.pwrite
    with Journal(tmp_path, vocabulary=WORDS) as journal:
        monkeypatch.setattr(os, "pwrite", narrow)
        for now in range(1, 10):
            journal.append(some_readings(20, now=now))
        assert next(tmp_path.glob("*.journal")).stat().st_size == journal.size
    with Journal(tmp_path, vocabulary=WORDS) as journal:
        assert [entry.settlement.now for entry in journal.read(after=0, limit=20)] == list(range(1, 10))


def test_the_last_bytes_of_a_disk_are_not_made_room_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(descriptor: int, content: bytes, at: int) -> int:
        return written(descriptor, content if len(content) < 2000 else content[:5000], at)

    written = os.pwrite
    with Journal(tmp_path, vocabulary=WORDS) as journal:
        monkeypatch.setattr(os, "pwrite", half)
        journal.append(some_readings(20, now=1))
        assert next(tmp_path.glob("*.journal")).stat().st_size == journal.size


def test_a_failed_new_segment_is_tried_again_even_for_a_record_that_would_still_fit_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = JournalSettings(segment_bytes=4096)
    with Journal(tmp_path, vocabulary=WORDS, settings=settings) as journal:
        journal.append(some_readings(5, now=1))
        with monkeypatch.context() as broken, pytest.raises(Temporary):
            broken.setattr(os, "open", _full)
            journal.append(some_readings(300, now=2))
        journal.append(some_readings(5, now=3))
    with Journal(tmp_path, vocabulary=WORDS, settings=settings) as journal:
        assert [entry.settlement.now for entry in journal.read(after=0, limit=9)] == [1, 3]
