"""Opens the series store that the settings ask for."""

from pathlib import Path

from domain.metrics import Catalogue
from store.series.cursor_file import CursorFile, RolledFile
from store.series.levels import LeveledStore
from store.settings import InfluxSettings, SeriesKind, SeriesSettings


def target_of(settings: SeriesSettings) -> str:
    """What tells the store that these settings mean from another that may stand in its place later."""
    if settings.kind is SeriesKind.EMBEDDED or settings.influxdb is None:
        return str(settings.kind)
    return settings.influxdb.target


def open_series_store(settings: SeriesSettings, directory: Path, catalogue: Catalogue) -> LeveledStore:
    """Files go into `directory`: the readings themselves, or only the cursor of a server.

    A server need not answer yet. Raises Refused when another process holds the file, Misconfigured for bad settings.
    """
    match settings.kind:
        case SeriesKind.EMBEDDED:
            from store.series.embedded import EmbeddedSeriesStore

            return EmbeddedSeriesStore(directory / "readings.duckdb", catalogue, settings.embedded)
        case SeriesKind.INFLUXDB:
            from store.series.influx import InfluxSeriesStore
            from store.series.influx_server import InfluxServer

            server = InfluxServer(settings.influxdb or InfluxSettings(generation=1))
            cursor = CursorFile(directory / "influxdb.cursor", target=server.settings.target)
            rolled = RolledFile(directory / "influxdb.rollups", target=server.settings.target)
            return InfluxSeriesStore(server, catalogue, cursor=cursor, rolled=rolled)
