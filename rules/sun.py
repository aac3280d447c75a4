"""When street lamps have to be lit: from sunset to sunrise at the city's place, by astronomy."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from astral import Observer
from astral.sun import sunrise, sunset

from domain.instants import EPOCH, MICROS_PER_S, to_micros
from domain.places import Place
from rules.state import Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class LampNights:
    """The stretches in which lamps are judged, one a night: [sunset + after_sunset + grace, sunrise - before_sunrise).

    Durations in seconds. Where the sun does not rise or set on a date (polar day and night), no lamp is judged then.
    """

    place: Place
    timezone: str
    after_sunset_s: float
    before_sunrise_s: float
    grace_s: float

    def between(self, start: int, end: int) -> Ints:
        """Begins and ends (n × 2, microseconds) of the nights that touch [start, end], in order."""
        first = (EPOCH + timedelta(microseconds=start)).date() - timedelta(days=2)
        last = (EPOCH + timedelta(microseconds=end)).date() + timedelta(days=1)
        nights = [_night(self, first + timedelta(days=n)) for n in range((last - first).days + 1)]
        touching = [night for night in nights if night is not None and night[0] <= end and night[1] >= start]
        return np.array(touching, dtype=np.int64).reshape(-1, 2)

    def are_due(self, at: Ints, nights: Ints) -> npt.NDArray[np.bool_]:
        """Whether lamps have to be lit at these instants, which `nights` (from `between`) cover."""
        # begins and ends alternate: an odd place among them lies inside a night
        inside: npt.NDArray[np.bool_] = np.searchsorted(nights.ravel(), at, side="right") % 2 == 1
        return inside


@lru_cache(maxsize=1024)
def _night(nights: LampNights, evening: date) -> tuple[int, int] | None:
    """The night that begins on a local date; None where there is none."""
    observer = Observer(latitude=nights.place.lat, longitude=nights.place.lon)
    zone = ZoneInfo(nights.timezone)
    try:
        dusk = to_micros(sunset(observer, evening, tzinfo=zone))
        dawn = to_micros(sunrise(observer, evening + timedelta(days=1), tzinfo=zone))
    except ValueError:  # astral's word for a sun that stays up or down
        return None
    begin = dusk + round((nights.after_sunset_s + nights.grace_s) * MICROS_PER_S)
    end = dawn - round(nights.before_sunrise_s * MICROS_PER_S)
    return (begin, end) if begin < end else None
