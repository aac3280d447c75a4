"""The same alerts from whatever keeps the readings: an engine that runs, or a server."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from citybrain.backtest.columns import ColumnsFile
from citybrain.backtest.pages import engine_pages
from citybrain.backtest.running import Plan, run_rules
from citybrain.backtest.source import Source
from citybrain.backtest.subject import Period, installed
from citybrain.edge.api import reading_json
from domain.instants import to_micros
from domain.readings import Reading, Vocabulary, batch_of
from domain.series import ReadingQuery
from rules.history.episodes import Episode
from store.series.embedded import EmbeddedSeriesStore
from store.series.opening import open_series_store
from tests.app.engine_room import NOON
from tests.app.installation import Site, write_installation
from tests.app.terminal import Terminal
from tests.backtest.test_end_to_end import SPAN, backtest, told
from tests.rules.city import CATALOGUE
from tests.services import influxd_1

EVERYTHING = ReadingQuery(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2027, 1, 1, tzinfo=UTC), limit=1_000_000)


def readings_of(site: Site) -> list[Reading]:
    store = EmbeddedSeriesStore(site.data / "readings.duckdb", CATALOGUE)
    found = list(store.readings(EVERYTHING))
    store.close()
    return found


class Engine:
    """Answers as the internal API does."""

    def __init__(self, readings: list[Reading]) -> None:
        self._readings = readings

    def readings(self, query: ReadingQuery) -> Iterator[Mapping[str, Any]]:
        chosen = [r for r in self._readings if query.start <= r.at < query.end]
        chosen = [r for r in chosen if not query.metrics or r.metric in query.metrics]
        yield from map(reading_json, chosen[: query.limit])


def judged(site: Site, source: Source) -> list[Episode]:
    subject = installed(site.settings())
    start = to_micros(NOON)
    plan = Plan(period=Period(start=start, end=start + 1_200_000_000), gap_s=None)
    return list(run_rules(subject.rules(()), subject.registry, source, plan, lambda _: None).episodes)


@pytest.mark.parametrize("page", [7, 100, 50_000])
def test_page_by_page_from_a_running_engine_the_alerts_are_the_same(lived: Site, page: int) -> None:
    columns = ColumnsFile(lived.data / "readings.duckdb")
    expected = judged(lived, columns)
    columns.close()
    assert len(expected) >= 5
    assert judged(lived, engine_pages(Engine(readings_of(lived)), name="engine", page=page)) == expected


@pytest.mark.service
def test_from_influxdb_the_alerts_are_the_same(lived: Site, terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "influxd").mkdir()
    with influxd_1(tmp_path / "influxd") as server:
        influxdb = {"generation": 1, "url": server.url, "database": "backtest"}
        site = write_installation(tmp_path / "site", series={"kind": "influxdb", "influxdb": influxdb})
        site.data.mkdir()
        readings = readings_of(lived)
        words = Vocabulary(devices=sorted({r.device for r in readings}), metrics=sorted({r.metric for r in readings}))
        store = open_series_store(site.settings().series, site.data, CATALOGUE)
        store.write(
            batch_of(
                words,
                device=[words.device_ordinal[r.device] for r in readings],
                metric=[words.metric_ordinal[r.metric] for r in readings],
                at=[to_micros(r.at) for r in readings],
                value=[r.value for r in readings],
            ),
            through=1,
        )
        store.close()
        report = backtest(terminal, "--config", site.file, *SPAN)
    assert report["readings"]["source"] == "influxdb"
    assert report["readings"]["history"] is None
    assert report["comparison"] is None
    assert told(report) == told(backtest(terminal, "--config", lived.file, *SPAN))
