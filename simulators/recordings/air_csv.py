"""One air station's hours as CSV in the columns of UCI data set 501 (Beijing multi-site air quality).

year, month, day and hour are local and name the begin of the hour: the event time is its end. CO comes in µg/m³.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.errors import Refused
from simulators.messages import UP, Outgoing, encode, report
from simulators.recordings import tables
from simulators.recordings.localtime import LocalTimes
from simulators.recordings.recording import RecordedDevice, RecordingOptions, Skipped

_HOUR_S = 3600
_WHEN = ("year", "month", "day", "hour")
_COLUMNS: dict[str, tuple[str, float]] = {
    "pm2.5": ("pm2_5", 1.0),
    "pm10": ("pm10", 1.0),
    "so2": ("so2", 1.0),
    "no2": ("no2", 1.0),
    "o3": ("o3", 1.0),
    "co": ("co", 0.001),
    "temp": ("temperature", 1.0),
    "pres": ("pressure", 1.0),
    "rain": ("rain", 1.0),
    "wspm": ("wind_speed", 1.0),
}
"""Column, metric, and the factor from the file's unit to the catalogue's. The dew point has no metric: left out."""
_POINTS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")


@dataclass(slots=True)
class AirCsv:
    """Raises Refused when the columns are not there."""

    path: Path
    options: RecordingOptions
    skipped: Skipped = field(default_factory=Skipped)
    _column: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        names = [name.lower() for name in tables.header(self.path)]
        self._column = {name: place for place, name in enumerate(names)}
        missing = [name for name in _WHEN if name not in self._column]
        if missing or not any(name in self._column for name in _COLUMNS):
            raise Refused(
                f"{self.path} has the columns {', '.join(names)}; year, month, day, hour and pollutants are needed"
            )

    def messages(self) -> Iterator[Outgoing]:
        zone, device = ZoneInfo(self.options.timezone), self.devices()[0].id
        times = LocalTimes(self.options.timezone)
        self.skipped = Skipped()
        for line, row in tables.rows(self.path):
            try:
                begin_s = times.epoch_s(self._begin(row))
                values = self._values(row)
            except (ValueError, IndexError) as exc:
                self.skipped.note(line, str(exc))
                continue
            if not values:
                self.skipped.note(line, "no value")
                continue
            end_ms = round(begin_s + _HOUR_S) * 1000
            fields = report(at_ms=end_ms, zone=zone, values=values, span_s=_HOUR_S)
            yield Outgoing(at=end_ms * 1000, topic=f"{UP}/{device}", payload=encode(fields))

    def devices(self) -> tuple[RecordedDevice, ...]:
        station = self._station()
        return (
            RecordedDevice(
                id=self.options.device or (f"AIR-{station}" if station else "AIR-1"),
                kind="air_station",
                zh=f"回放空气站 {station}".strip(),
                en=f"Replayed air station {station}".strip(),
                interval_s=float(_HOUR_S),
            ),
        )

    def _begin(self, row: Sequence[str]) -> datetime:
        year, month, day, hour = (int(float(row[self._column[name]])) for name in _WHEN)
        return datetime(year, month, day, hour)  # noqa: DTZ001 (the zone is the recording's, see LocalTimes)

    def _values(self, row: Sequence[str]) -> dict[str, float]:
        values = {}
        for name, (metric, factor) in _COLUMNS.items():
            value = tables.number(row[self._column[name]]) if name in self._column else None
            if value is not None:
                values[metric] = round(value * factor, 4)
        point = row[self._column["wd"]].strip().upper() if "wd" in self._column else ""
        if point in _POINTS:
            values["wind_direction"] = _POINTS.index(point) * 22.5
        return values

    def _station(self) -> str:
        """The name in the first row, kept to what a topic may hold."""
        if "station" not in self._column:
            return ""
        for _, row in tables.rows(self.path):
            name = row[self._column["station"]] if len(row) > self._column["station"] else ""
            return "".join(c for c in name if c.isascii() and c.isalnum())[:40]
        return ""
