"""The embedded file: crashes, a full disk, two processes, its own words for what goes wrong."""

import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from domain.errors import CitybrainError, Misconfigured, Refused, Temporary
from domain.instants import EPOCH
from domain.readings import batch_of
from domain.series import ReadingQuery
from store.series.embedded import EmbeddedSeriesStore, _translated
from store.series.embedded_memory import KEPT, Held
from store.settings import EmbeddedSettings
from tests.store.series_stores import CATALOGUE
from tests.store.settlements import NOON, WORDS, some_readings

ROWS = 200

WRITER = """
    import sys
    from pathlib import Path
    from domain.metrics import Catalogue
    from store.series.embedded import EmbeddedSeriesStore
    from tests.store.settlements import some_readings
    store = EmbeddedSeriesStore(Path(sys.argv[1]), Catalogue({}))
    while True:
        through = store.stored_through() + 1
        store.write(some_readings(200, now=through * 1_000_000).readings, through=through)
        print(through, flush=True)
"""

FILLER = """
    import resource, sys
    from pathlib import Path
    from domain.errors import Temporary
    from domain.metrics import Catalogue
    from store.series.embedded import EmbeddedSeriesStore
    from tests.store.settlements import some_readings
    store = EmbeddedSeriesStore(Path(sys.argv[1]), Catalogue({}))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
    def write_next():
        through = store.stored_through() + 1
        store.write(some_readings(5000, now=through * 10_000_000).readings, through=through)
    try:
        while store.stored_through() < 2000:
            write_next()
    except Temporary as full:
        print(str(full).replace(chr(10), " "))
    full_at = store.stored_through()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    write_next()
    print(full_at, store.stored_through())
    store.close()
"""

HOLDER = """
    import sys
    from pathlib import Path
    from domain.metrics import Catalogue
    from store.series.embedded import EmbeddedSeriesStore
    store = EmbeddedSeriesStore(Path(sys.argv[1]), Catalogue({}))
    print("open", flush=True)
    sys.stdin.read()
"""


def python(source: str, path: Path) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(source), str(path)]


def rows_in(store: EmbeddedSeriesStore) -> int:
    whole = ReadingQuery(start=EPOCH, end=NOON + timedelta(days=1), limit=10**9)
    return sum(1 for _ in store.readings(whole))


@pytest.mark.thorough
def test_after_a_kill_rows_and_cursor_agree(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    told = 0
    for lines in (2, 25):
        with subprocess.Popen(python(WRITER, path), stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            told = max(int(writer.stdout.readline()) for _ in range(lines))
            writer.send_signal(signal.SIGKILL)
        store = EmbeddedSeriesStore(path, CATALOGUE)
        assert store.stored_through() >= told
        assert rows_in(store) == store.stored_through() * ROWS
        store.close()


def test_a_full_disk_is_temporary_and_the_next_write_works_when_there_is_room(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    done = subprocess.run(python(FILLER, path), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    complaint, counts = done.stdout.splitlines()
    full_at, afterwards = map(int, counts.split())
    assert "cannot be used now" in complaint and afterwards == full_at + 1
    store = EmbeddedSeriesStore(path, CATALOGUE)
    assert rows_in(store) == afterwards * 5000
    store.close()


def test_a_file_open_elsewhere_is_refused_with_the_holder(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    with subprocess.Popen(python(HOLDER, path), stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "open\n"
        with pytest.raises(Refused, match=f"PID {holder.pid}.*internal-api.md"):
            EmbeddedSeriesStore(path, CATALOGUE)
        holder.kill()


def test_a_strange_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    path.write_text("these are my memoirs " * 500)
    with pytest.raises(Misconfigured, match="not a DuckDB file"):
        EmbeddedSeriesStore(path, CATALOGUE)
    assert path.read_text().startswith("these are my memoirs")


def test_a_file_of_a_later_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    EmbeddedSeriesStore(path, CATALOGUE).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE state SET format = 2")
    with pytest.raises(Misconfigured, match="format 2"):
        EmbeddedSeriesStore(path, CATALOGUE)


def test_cursor_and_readings_survive_closing(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    store = EmbeddedSeriesStore(path, CATALOGUE)
    store.write(some_readings(10).readings, through=3)
    store.close()
    again = EmbeddedSeriesStore(path, CATALOGUE)
    assert (again.stored_through(), rows_in(again)) == (3, 10)
    again.close()


def test_memory_and_threads_are_bounded_as_set(tmp_path: Path) -> None:
    settings = EmbeddedSettings(memory_limit="200MB", threads=1)
    store = EmbeddedSeriesStore(tmp_path / "readings.duckdb", CATALOGUE, settings)
    asked = "SELECT current_setting('memory_limit'), current_setting('threads')"
    assert store._root.execute(asked).fetchall() == [("190.7 MiB", 1)]
    store.close()


def megabytes_of_blocks(store: EmbeddedSeriesStore) -> float:
    asked = "SELECT memory_usage_bytes / 1e6 FROM duckdb_memory() WHERE tag = 'BASE_TABLE'"
    ((held,),) = store._root.execute(asked).fetchall()
    return float(held)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedSeriesStore]:
    store = EmbeddedSeriesStore(tmp_path_factory.mktemp("large") / "readings.duckdb", CATALOGUE)
    for hour in range(6):
        noise = some_readings(200_000, now=hour * 3_600_000_000).readings
        chance = np.random.default_rng(hour)  # what is like noise is not compressed
        noise.value[:], noise.at[:] = chance.random(len(noise)), chance.integers(2**62, size=len(noise))
        store.write(noise, through=hour + 1)
    store._root.execute("CHECKPOINT")
    yield store
    store.close()


@pytest.fixture
def large(filled: EmbeddedSeriesStore) -> EmbeddedSeriesStore:
    """A store with more blocks in memory than it keeps when nobody asks."""
    filled._root.execute('SELECT sum(value), sum("at"), sum(received), sum(device) FROM readings').fetchall()
    return filled


def test_blocks_that_nobody_needs_are_given_back(large: EmbeddedSeriesStore) -> None:
    before = megabytes_of_blocks(large)
    large.give_back()
    assert (before > 18.0, megabytes_of_blocks(large) < 17.0) == (True, True)


def test_limit_after_giving_back_is_the_one_that_was_set(large: EmbeddedSeriesStore) -> None:
    large.give_back()
    ((limit,),) = large._root.execute("SELECT current_setting('memory_limit')").fetchall()
    assert limit == "488.2 MiB"


def test_nothing_is_taken_from_a_question_under_way(large: EmbeddedSeriesStore) -> None:
    question = large.readings(ReadingQuery(start=EPOCH, end=NOON, limit=3000))
    next(question)
    before = megabytes_of_blocks(large)
    large.give_back()
    assert megabytes_of_blocks(large) == before
    assert list(question)
    large.give_back()
    assert megabytes_of_blocks(large) < before


def test_what_is_in_use_beyond_that_is_no_failure() -> None:
    class Full:
        """A connection whose database cannot go below what it holds."""

        def __init__(self) -> None:
            self.said: list[str] = []

        def execute(self, text: str) -> None:
            self.said.append(text)
            if KEPT in text:
                raise duckdb.OutOfMemoryException("could not free up enough memory for the new limit")

    full = Full()
    Held("512MB").give_back(full)
    assert full.said == ["SET memory_limit = '16MB'", "SET memory_limit = '512MB'"]


def test_deleting_gives_the_room_back(tmp_path: Path) -> None:
    path = tmp_path / "readings.duckdb"
    store = EmbeddedSeriesStore(path, CATALOGUE)
    sizes = []
    for day in range(6):
        start = day * 86_400_000_000
        store.write(some_readings(200_000, now=start).readings, through=day + 1)
        store.delete_before(NOON.fromtimestamp(start / 1e6, tz=NOON.tzinfo))
        sizes.append(path.stat().st_size)
    assert sizes[-1] <= 2 * sizes[1]
    store.close()


def test_every_exception_of_duckdb_becomes_ours(tmp_path: Path) -> None:
    theirs = [kind for kind in vars(duckdb).values() if isinstance(kind, type) and issubclass(kind, duckdb.Error)]
    assert len(theirs) > 25
    for kind in theirs:
        with pytest.raises(CitybrainError), _translated(tmp_path):
            raise kind("as it may say")


def test_a_lamp_more_than_the_vocabulary_knew_is_only_added_when_the_write_holds(tmp_path: Path) -> None:
    store = EmbeddedSeriesStore(tmp_path / "readings.duckdb", CATALOGUE)
    store._writer.execute("DROP TABLE readings")
    with pytest.raises(Refused):
        store.write(batch_of(WORDS, device=[3], metric=[0], at=[1], value=[1]), through=1)
    assert (store._devices._ordinals, store.stored_through()) == ({}, 0)
    store.close()


class Dying:
    """A connection whose database DuckDB has given up, as after an I/O error in the middle of a commit."""

    def begin(self) -> None:
        raise duckdb.FatalException("database has been invalidated because of a previous fatal error")

    def rollback(self) -> None:
        raise duckdb.FatalException("database has been invalidated because of a previous fatal error")

    def close(self) -> None:
        """Nothing left to close."""


def test_after_a_fatal_error_the_next_write_opens_the_file_again(tmp_path: Path) -> None:
    store = EmbeddedSeriesStore(tmp_path / "readings.duckdb", CATALOGUE)
    store.write(some_readings(10, now=0).readings, through=1)
    store._writer.close()
    store._writer = Dying()  # type: ignore[assignment]  # stands in for what only a broken disk brings about
    with pytest.raises(Temporary):
        store.write(some_readings(10, now=1_000_000).readings, through=2)
    store.write(some_readings(10, now=1_000_000).readings, through=2)
    assert (store.stored_through(), rows_in(store)) == (2, 20)
    store.close()
