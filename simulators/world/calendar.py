"""The city's local time as numbers that rhythms are made of."""

from dataclasses import dataclass
from datetime import datetime
from math import cos, exp, pi
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalMoment:
    """`hour` runs from 0 to 24 with its fraction; `weekday` 0 is Monday; `year_share` is 0 at New Year."""

    hour: float
    weekday: int
    year_share: float

    @property
    def is_weekend(self) -> bool:
        return self.weekday >= 5


class Calendar:
    """Tells local time in one zone."""

    def __init__(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)

    def moment(self, at_s: float) -> LocalMoment:
        local = datetime.fromtimestamp(at_s, self.zone)
        return LocalMoment(
            hour=local.hour + local.minute / 60 + (local.second + local.microsecond / 1e6) / 3600,
            weekday=local.weekday(),
            year_share=(local.timetuple().tm_yday - 1) / 365.25,
        )


def bump(hour: float, *, centre: float, width: float) -> float:
    """A bell around an hour of the day, 1 at its centre; it runs on across midnight."""
    distance = abs(hour - centre)
    distance = min(distance, 24.0 - distance)
    return exp(-((distance / width) ** 2))


def day_wave(hour: float, *, peak: float) -> float:
    """-1 to 1 once a day, 1 at the hour of the peak."""
    return cos(2 * pi * (hour - peak) / 24.0)
