"""How many series an InfluxDB would have to keep, known before the first reading is written."""

from domain.devices import Registry
from domain.errors import Misconfigured, Problem
from store.series.rollups import Level
from store.settings import SeriesKind, SeriesSettings


def possible_series(registry: Registry, *, with_rollups: bool) -> int:
    """Every device × the metrics of its kind; only these are ever stored. Each level of rollups has as many again."""
    of_readings = sum(len(registry.kinds[device.kind].metrics) for device in registry)
    return of_readings * (1 + len(Level) if with_rollups else 1)


def check_series(settings: SeriesSettings, registry: Registry) -> None:
    """Raises Misconfigured when the registry could bring forth more series than series.influxdb.max_series."""
    influxdb = settings.influxdb
    if settings.kind is not SeriesKind.INFLUXDB or influxdb is None:
        return
    possible = possible_series(registry, with_rollups=settings.rollups.enabled)
    if possible > influxdb.max_series:
        message = (
            f"{len(registry)} devices may come to {possible} series, more than max_series {influxdb.max_series};"
            " let the server take as many (1.x: max-series-per-database) and raise max_series, or switch rollups off"
        )
        raise Misconfigured([Problem(file="series.influxdb", line=None, message=message)])
