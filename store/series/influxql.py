"""Questions in InfluxQL, which InfluxDB 1, 2 and 3 all speak. Every name and text is quoted here and nowhere else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.instants import to_micros
from domain.series import ReadingQuery, TrendQuery
from store.series.rollups import Level

FIELDS = '"value", "span", "quality", "live", "device"'
COLUMNS = '"value", "span", "quality", "live", "received", "device"'


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end) in microseconds; no devices means all."""

    devices: tuple[str, ...]
    start: int
    end: int


def identifier(name: str) -> str:
    return '"' + _escaped(name, '"') + '"'


def text(value: str) -> str:
    return "'" + _escaped(value, "'") + "'"


def readings(query: ReadingQuery, metrics: Iterable[str]) -> str:
    """Up to `limit` rows of each metric, in order of time."""
    order = " DESC" if query.newest_first else ""
    where = _between(query.start, query.end) + _devices(query.devices)
    return f"SELECT {FIELDS} FROM {_measurements(metrics)} WHERE {where} ORDER BY time{order} LIMIT {query.limit}"


def at_moment(at: int, query: ReadingQuery, metric: str) -> str:
    """All rows of one metric at one instant (microseconds)."""
    return f"SELECT {FIELDS} FROM {identifier(metric)} WHERE time = {at}u{_devices(query.devices)}"


def means(query: TrendQuery) -> str:
    where = f'{_between(query.start, query.end)} AND "quality" = 0{_devices(query.devices)}'
    source = f"{identifier(query.metric)} WHERE {where}"
    return f'SELECT mean("value"), count("value") FROM {source} GROUP BY time({query.bucket_s}s) fill(none)'


def rollups(level: Level, metric: str, figures: Iterable[str], where: Span) -> str:
    """One row for each device and window."""
    fields = ", ".join(identifier(figure) for figure in figures)
    source = identifier(measurement_of(metric, level))
    return f'SELECT {fields}, "device" FROM {source} WHERE {_within(where)}{_devices(where.devices)}'


def columns(metric: str, where: Span) -> str:
    """Time, value and device of good readings."""
    condition = f'{_within(where)} AND "quality" = 0{_devices(where.devices)}'
    return f'SELECT "value", "device" FROM {identifier(metric)} WHERE {condition}'


def batch(where: Span, metrics: Iterable[str]) -> str:
    """All that is stored of the readings, by measurement in order of time."""
    return f"SELECT {COLUMNS} FROM {_measurements(metrics)} WHERE {_within(where)}{_devices(where.devices)}"


def counts(where: Span, metrics: Iterable[str], *, step_s: int) -> str:
    """Readings by measurement and step."""
    condition = f"{_within(where)}{_devices(where.devices)}"
    return f'SELECT count("value") FROM {_measurements(metrics)} WHERE {condition} GROUP BY time({step_s}s) fill(none)'


def measurement_of(metric: str, level: Level) -> str:
    return f"{metric}_{level.suffix}"


def deletion(moment: datetime, metrics: Iterable[str]) -> str:
    before = f"time < {to_micros(moment)}u"
    return "; ".join(f"DELETE FROM {identifier(metric)} WHERE {before}" for metric in metrics)


def creation(database: str) -> str:
    return f"CREATE DATABASE {identifier(database)}"


def _measurements(metrics: Iterable[str]) -> str:
    return ", ".join(identifier(metric) for metric in metrics)


def _within(span: Span) -> str:
    return f"time >= {span.start}u AND time < {span.end}u"


def _between(start: datetime, end: datetime) -> str:
    return f"time >= {to_micros(start)}u AND time < {to_micros(end)}u"


def _devices(devices: tuple[str, ...]) -> str:
    if not devices:
        return ""
    return " AND (" + " OR ".join(f'"device" = {text(device)}' for device in devices) + ")"


def _escaped(name: str, quote: str) -> str:
    if "\n" in name or "\r" in name:
        name = name.replace("\n", " ").replace("\r", " ")  # names with line breaks are refused at writing: none exists
    return name.replace("\\", "\\\\").replace(quote, "\\" + quote)
