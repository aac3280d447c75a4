"""The same alerts from whatever keeps the readings: an engine that runs, or a server."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from citybrain.backtest.asked import Asked
from citybrain.backtest.columns import ColumnsFile
from citybrain.backtest.running import Plan, run_rules
from citybrain.backtest.source import Source
from citybrain.backtest.subject import Period, installed
from citybrain.edge.batches import batches_of, frame_of
from domain.errors import Temporary
from domain.instants import from_micros, iso, to_micros
from domain.readings import ReadingBatch, concatenate
from domain.series import BatchQuery
from rules.history.episodes import Episode
from store.series.embedded import EmbeddedSeriesStore
from store.series.memory import MemorySeriesStore
from store.series.opening import open_series_store
from tests.app.engine_room import NOON
from tests.app.installation import Site, write_installation
from tests.app.terminal import Terminal
from tests.backtest.test_end_to_end import SPAN, backtest, told
from tests.rules.city import CATALOGUE
from tests.services import influxd_1

EVERYTHING = BatchQuery(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2027, 1, 1, tzinfo=UTC))


def stored(site: Site) -> ReadingBatch:
    """All that the installation has stored, in one batch."""
    store = EmbeddedSeriesStore(site.data / "readings.duckdb", CATALOGUE)
    found = list(store.batches(EVERYTHING))
    store.close()
    return concatenate([replace(batch, vocabulary=found[0].vocabulary) for batch in found])


class Engine:
    """Answers as the internal API does: in frames, of which the network makes pieces."""

    def __init__(self, batch: ReadingBatch, *, at_once: int, piece: int) -> None:
        self._store = MemorySeriesStore(CATALOGUE)
        self._store.write(batch, through=1)
        self._at_once = at_once
        self._piece = piece

    def batches(self, query: BatchQuery) -> Iterator[ReadingBatch]:
        frames = map(frame_of, self._store.batches(replace(query, at_once=self._at_once)))
        sent = b"".join(frames)
        return batches_of(sent[begin : begin + self._piece] for begin in range(0, len(sent), self._piece))


def judged(site: Site, source: Source) -> list[Episode]:
    subject = installed(site.settings())
    start = to_micros(NOON)
    plan = Plan(period=Period(start=start, end=start + 1_200_000_000), gap_s=None)
    return list(run_rules(subject.rules(()), subject.registry, source, plan, lambda _: None).episodes)


@pytest.mark.parametrize("piece", [7, 1000, 1_000_000])
def test_from_a_running_engine_the_alerts_are_the_same(lived: Site, piece: int) -> None:
    columns = ColumnsFile(lived.data / "readings.duckdb")
    expected = judged(lived, columns)
    columns.close()
    assert len(expected) >= 5
    engine = Engine(stored(lived), at_once=100, piece=piece)
    assert judged(lived, Asked(engine, name="engine")) == expected


def test_an_answer_that_breaks_off_is_no_answer(lived: Site) -> None:
    whole = frame_of(stored(lived))
    with pytest.raises(Temporary, match="broke off"):
        list(batches_of([whole, whole[:-1]]))
    with pytest.raises(Temporary, match="same version"):
        list(batches_of([b"\0\0\0\2no"]))


@pytest.mark.service
def test_from_influxdb_the_alerts_are_the_same(lived: Site, terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "influxd").mkdir()
    with influxd_1(tmp_path / "influxd") as server:
        influxdb = {"generation": 1, "url": server.url, "database": "backtest"}
        site = write_installation(tmp_path / "site", series={"kind": "influxdb", "influxdb": influxdb})
        site.data.mkdir()
        store = open_series_store(site.settings().series, site.data, CATALOGUE)
        store.write(stored(lived), through=1)
        store.close()
        report = backtest(terminal, "--config", site.file, *SPAN)
        open_ended = backtest(terminal, "--config", site.file, "--since", "1h")
    assert report["readings"]["source"] == "influxdb"
    assert open_ended["until"] == iso(from_micros(int(stored(lived).at.max()) + 1))
    assert report["readings"]["history"] == 0
    assert report["comparison"] is None
    assert told(report) == told(backtest(terminal, "--config", lived.file, *SPAN))
