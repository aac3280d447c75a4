"""Readings come in order of event time from every source, all of them, each once."""

import json
import subprocess
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from citybrain.backtest.asked import Asked, newest_in
from citybrain.backtest.census import Census
from citybrain.backtest.columns import ColumnsFile
from citybrain.backtest.listing import read_listing
from citybrain.backtest.scratch import Row, write_scratch
from citybrain.backtest.source import Extent, Source, Wanted
from citybrain.backtest.subject import period_of
from domain.errors import Misconfigured, Refused
from domain.instants import from_micros, to_micros
from domain.readings import ReadingBatch, Vocabulary, batch_of
from store.series.embedded import EmbeddedSeriesStore
from store.series.memory import MemorySeriesStore
from tests.backtest.story import DAY, MINUTE
from tests.rules.city import CATALOGUE, meter, registry_of

ALL = Wanted(metrics=None)
WORDS = Vocabulary(devices=["A", "B"], metrics=["laeq", "battery"])
Plain = tuple[str, str, int, float]


def rows_of(batches: Iterable[ReadingBatch]) -> list[Plain]:
    """And each batch holds its order, and comes after the one before."""
    found: list[Plain] = []
    for batch in batches:
        assert np.all(np.diff(batch.at) >= 0)
        rows = [(r.device, r.metric, to_micros(r.at), r.value) for r in batch.rows()]
        assert not found or rows[0][2] > found[-1][2]
        found += rows
    return found


def some(number: int = 50) -> ReadingBatch:
    at = np.arange(number) // 2 * MINUTE
    return batch_of(
        WORDS, device=np.arange(number) % 2, metric=np.arange(number) // 3 % 2, at=at, value=np.arange(number)
    )


def expected(batch: ReadingBatch) -> set[Plain]:
    return {(r.device, r.metric, to_micros(r.at), r.value) for r in batch.rows()}


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    store = EmbeddedSeriesStore(tmp_path / "readings.duckdb", CATALOGUE)
    store.write(some(), through=1)
    store.close()
    return tmp_path / "readings.duckdb"


def test_the_file_of_the_store_gives_all_readings_in_order(stored: Path) -> None:
    source = ColumnsFile(stored)
    assert source.extent() == Extent(first=0, last=24 * MINUTE)
    assert set(rows_of(source.batches(0, DAY, ALL))) == expected(some())
    source.close()


def test_only_the_time_and_the_metrics_that_are_wanted(stored: Path) -> None:
    source = ColumnsFile(stored)
    found = rows_of(source.batches(2 * MINUTE, 9 * MINUTE, Wanted(metrics=frozenset({"laeq", "never-stored"}))))
    assert {row[1] for row in found} == {"laeq"}
    assert {row[2] // MINUTE for row in found} <= set(range(2, 9))
    assert set(found) == {row for row in expected(some()) if row[1] == "laeq" and 2 * MINUTE <= row[2] < 9 * MINUTE}
    assert not rows_of(source.batches(0, DAY, Wanted(metrics=frozenset({"never-stored"}))))
    source.close()


def test_pieces_are_bounded_however_much_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("citybrain.backtest.columns.ROWS_AT_ONCE", 100)
    rows: list[Row] = [("A", "laeq", n * MINUTE, float(n), 0.0, 0, True) for n in range(3000)]
    write_scratch(tmp_path / "many.duckdb", rows)
    source = ColumnsFile(tmp_path / "many.duckdb")
    sizes = [len(batch) for batch in source.batches(0, 3000 * MINUTE, ALL)]
    assert sum(sizes) == 3000
    assert max(sizes) <= 101
    source.close()


def test_a_file_that_an_engine_has_open_is_refused_by_name(stored: Path) -> None:
    script = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(stored)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        other.stdout.readline()
        try:
            with pytest.raises(Refused, match="is open in another process"):
                ColumnsFile(stored)
        finally:
            other.stdin.close()


def test_a_file_that_is_not_there_or_none_of_ours_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="nothing was ever stored"):
        ColumnsFile(tmp_path / "readings.duckdb")
    (tmp_path / "other.duckdb").write_bytes(b"not a database at all" * 100)
    with pytest.raises(Misconfigured, match="cannot be read"):
        ColumnsFile(tmp_path / "other.duckdb")


def test_whatever_answers_is_asked_for_what_is_wanted_and_no_more() -> None:
    store = MemorySeriesStore(CATALOGUE)
    store.write(some(), through=1)
    source: Source = Asked(store, name="memory")
    assert set(rows_of(source.batches(0, DAY, ALL))) == expected(some())
    few = Wanted(metrics=frozenset({"laeq"}))
    assert {row[1] for row in rows_of(source.batches(0, 9 * MINUTE, few))} == {"laeq"}
    assert not rows_of(source.batches(0, DAY, Wanted(metrics=frozenset())))


@pytest.mark.parametrize("silent_for", [1, MINUTE, DAY, 400 * DAY])
def test_the_last_reading_of_a_store_is_found_however_long_ago_it_was(silent_for: int) -> None:
    store = MemorySeriesStore(CATALOGUE)
    assert newest_in(store, DAY) is None
    store.write(some(), through=1)
    assert newest_in(store, 24 * MINUTE + silent_for) == 24 * MINUTE


def test_what_comes_after_the_moment_that_is_meant_does_not_count() -> None:
    store = MemorySeriesStore(CATALOGUE)
    store.write(some(), through=1)
    assert newest_in(store, 20 * MINUTE) == 19 * MINUTE


def test_a_store_that_nobody_writes_to_ends_with_its_last_reading_and_one_that_an_engine_feeds_now() -> None:
    store = MemorySeriesStore(CATALOGUE)
    store.write(some(), through=1)
    now = from_micros(9 * DAY)
    left = Asked(store, name="left", newest=partial(newest_in, store))
    assert period_of(None, None, source=left, now=now).end == 24 * MINUTE + 1
    assert period_of(None, None, source=Asked(store, name="fed"), now=now).end == 9 * DAY


def test_a_file_in_any_order_comes_out_in_order(tmp_path: Path) -> None:
    lines = [
        {"device": "A", "metric": "laeq", "at": f"2026-11-22T{hour:02d}:00:00+08:00", "value": hour, "quality": "good"}
        for hour in (5, 1, 23, 7)
    ]
    file = tmp_path / "readings.ndjson"
    file.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    assert write_scratch(tmp_path / "scratch.duckdb", read_listing(file)) == 4
    source = ColumnsFile(tmp_path / "scratch.duckdb")
    extent = source.extent()
    assert extent is not None
    assert [row[3] for row in rows_of(source.batches(extent.first, extent.last + 1, ALL))] == [1, 5, 7, 23]
    source.close()


def test_of_two_lines_at_one_instant_the_first_stays_first(tmp_path: Path) -> None:
    rows: list[Row] = [("A", "laeq", n % 3 * MINUTE, float(n), 0.0, 0, True) for n in range(300)]
    write_scratch(tmp_path / "scratch.duckdb", rows)
    source = ColumnsFile(tmp_path / "scratch.duckdb")
    values = [row[3] for row in rows_of(source.batches(0, DAY, ALL))]
    assert values == sorted(values, key=lambda value: (value % 3, value))
    source.close()


def test_a_csv_says_the_same_as_ndjson(tmp_path: Path) -> None:
    table = tmp_path / "readings.csv"
    table.write_text(
        "device,metric,at,value,span_s,quality,live\n"
        "A,laeq,2026-11-22T10:00:00Z,55.5,60,bad,False\n"
        "B,laeq,2026-11-22T18:00:00+08:00,1,,,\n"
    )
    lines = tmp_path / "readings.ndjson"
    lines.write_text(
        '{"device": "A", "metric": "laeq", "at": "2026-11-22T10:00:00Z", "value": 55.5, "span": 60, "quality": "bad", '
        '"live": false}\n'
        '\n{"device": "B", "metric": "laeq", "at": "2026-11-22T10:00:00.000Z", "value": 1}\n'
    )
    assert list(read_listing(table)) == list(read_listing(lines))
    assert [row[4:] for row in read_listing(table)] == [(60.0, 2, False), (0.0, 0, True)]


@pytest.mark.parametrize("above", ["", "sep=;\n", "\ufeffsep=;\r\n", '"sep=;"\n'])
def test_a_csv_of_a_spreadsheet_says_the_same_as_any_other(tmp_path: Path, above: str) -> None:
    plain, exported = tmp_path / "plain.csv", tmp_path / "exported.csv"
    text = "device,metric,at,value,span_s\nA,laeq,2026-11-22T10:00:00Z,55.5,0.5\nB,laeq,2026-11-22T10:01:00Z,-1,\n"
    plain.write_text(text)
    exported.write_text(above + text.replace(",", ";").replace(".5", ",5"), encoding="utf-8")
    assert list(read_listing(exported)) == list(read_listing(plain))
    assert [row[3] for row in read_listing(exported)] == [55.5, -1.0]


def test_tabs_stand_between_the_cells_of_a_pasted_table(tmp_path: Path) -> None:
    file = tmp_path / "pasted.txt"
    file.write_text("device\tmetric\tat\tvalue\nA\tlaeq\t2026-11-22T10:00:00Z\t55.5\n")
    assert [row[3] for row in read_listing(file)] == [55.5]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("sep=;\ndevice;metric;at;value\nA;laeq;2026-11-22T10:00:00Z;1\nA;laeq;now;1\n", 4, "no reading"),
        ("sep=;\ndevice;metric;at;value\n\nA;laeq;2026-11-22T10:00:00Z;1.234,5\n", 4, "'1.234,5'"),
        ("sep=;\ndevice;metric;value\n", 2, "lacks the columns at"),
        ("sep=;\n", 2, "lacks the columns device, metric, at, value"),
        (
            'device,metric,at,value\nA,laeq,2026-11-22T10:00:00Z,1\n"A,laeq,now\n' + "1\n" * 70_000,
            3,
            "no CSV: field larger",
        ),
        ("device,metric,at,value\nA,laeq,2026-11-22T10:00:00,1\n", 2, "has no zone"),
        ("device,metric,at,value\nA,laeq,2026-11-22T10:00:00Z,1\nA,laeq,now,1\n", 3, "no reading"),
        ("device,metric,at,value\nA,laeq,2026-11-22T10:00:00Z,nan\n", 2, "not a number"),
        ("device,metric,at,value\nA,laeq\n", 2, "no reading"),
        ("device,metric,at,value,live\nA,laeq,2026-11-22T10:00:00Z,1,perhaps\n", 2, "'perhaps' is none of true, false"),
        ("device,metric,value\n", 1, "lacks the columns at"),
        ('{"device": "A", "metric": "laeq", "at": "2026-11-22T10:00:00Z"}\n', 1, "value"),
        ('{"device": "A", "metric": "l", "at": "2026-11-22T10:00:00Z", "value": 1, "quality": "odd"}\n', 1, "odd"),
    ],
)
def test_a_line_that_is_no_reading_is_told_with_its_place(tmp_path: Path, text: str, line: int, words: str) -> None:
    file = tmp_path / "readings.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        list(read_listing(file))
    assert caught.value.problems[0].line == line
    assert words in caught.value.problems[0].message


def test_a_file_of_another_kind_is_given_up_after_a_few_lines(tmp_path: Path) -> None:
    file = tmp_path / "readings.ndjson"
    file.write_text("nonsense\n" * 100_000)
    with pytest.raises(Misconfigured) as caught:
        list(read_listing(file))
    assert len(caught.value.problems) == 10


def test_unknown_devices_bad_quality_and_history_are_counted() -> None:
    census = Census()
    batch = batch_of(
        WORDS, device=[0, 1, 1], metric=[0, 0, 0], at=[0, 0, 1], value=[1, 2, 3], quality=[0, 2, 0], live=[1, 1, 0]
    )
    census.count(batch, registry_of(meter("A", "2")))
    census.count(batch, registry_of(meter("A", "2")))
    assert (census.read, census.unknown, census.not_good, census.history) == (6, {"B": 4}, 2, 2)
