"""The series stores that the contract suite holds to the port, each fresh and empty."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from config.catalogue import load_catalogue
from domain.ports import SeriesStore
from store.series.cursor_file import CursorFile, RolledFile
from store.series.embedded import EmbeddedSeriesStore
from store.series.influx import InfluxSeriesStore
from store.series.influx_server import InfluxServer
from store.series.levels import LeveledStore
from store.series.memory import MemorySeriesStore
from store.series.rollups import Level
from store.settings import InfluxSettings
from tests.services import Influxd1
from tests.store.settlements import NOON

CATALOGUE = load_catalogue()[0]

AFTER_ALL = NOON + timedelta(days=3650)
Opened = Callable[[Path], AbstractContextManager[SeriesStore]]


@contextmanager
def memory(_: Path) -> Iterator[SeriesStore]:
    yield MemorySeriesStore(CATALOGUE)


@contextmanager
def embedded(directory: Path) -> Iterator[LeveledStore]:
    store = EmbeddedSeriesStore(directory / "readings.duckdb", CATALOGUE)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def influx(settings: InfluxSettings, directory: Path) -> Iterator[LeveledStore]:
    store = influx_on(InfluxServer(settings), directory)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def emptied(settings: InfluxSettings, directory: Path) -> Iterator[LeveledStore]:
    """A store in the bucket that all tests of InfluxDB 2 share: nothing of the test before is left in it."""
    with influx(settings, directory) as store:
        store.delete_before(AFTER_ALL)
        for level in Level:
            store.delete_rollups(level, AFTER_ALL)
        yield store


def influx_on(server: InfluxServer, directory: Path) -> InfluxSeriesStore:
    """A store on this server, its cursors in the directory."""
    target = server.settings.target
    cursor = CursorFile(directory / "influxdb.cursor", target=target)
    rolled = RolledFile(directory / "influxdb.rollups", target=target)
    return InfluxSeriesStore(server, CATALOGUE, cursor=cursor, rolled=rolled)


def influx_1(server: Influxd1) -> InfluxSettings:
    """A database of its own on the running server; it does not exist yet."""
    return InfluxSettings(generation=1, url=server.url, database=f"test_{uuid4().hex}")


def named_influx_2(environment: Mapping[str, str]) -> InfluxSettings | None:
    """The server that CITYBRAIN_TEST_INFLUX_URL, _TOKEN, _ORG and _BUCKET name; its bucket is emptied by the tests."""
    url = environment.get("CITYBRAIN_TEST_INFLUX_URL")
    if url is None:
        return None
    bucket = environment.get("CITYBRAIN_TEST_INFLUX_BUCKET", "citybrain_test")
    return InfluxSettings.model_validate(
        {
            "generation": 2,
            "url": url,
            "token": environment["CITYBRAIN_TEST_INFLUX_TOKEN"],
            "org": environment.get("CITYBRAIN_TEST_INFLUX_ORG", "citybrain"),
            "bucket": bucket,
            "database": bucket,
        }
    )
