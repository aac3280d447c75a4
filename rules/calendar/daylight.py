"""When the sun is above the horizon of a place, also where it does not rise or set for weeks."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from astral import Observer
from astral.julian import julianday, julianday_to_juliancentury
from astral.sun import elevation, eq_of_time

from domain.instants import MICROS_PER_S, from_micros
from domain.places import Place
from rules.columns import FOREVER, NEVER, Ints

HORIZON_DEG = -0.833
"""Height of the sun's centre at sunrise and sunset: half its diameter and the usual refraction (NOAA)."""
DAY_US = 86_400 * MICROS_PER_S
HALF_DAY_US = DAY_US // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Daylight:
    """The sun over one place."""

    place: Place

    def up(self, start: int, end: int) -> Ints:
        """Stretches (n × 2, microseconds) of [sunrise, sunset) that touch [start, end], in order.

        Where the sun stays up at the begin or the end of what is looked at, the stretch begins at NEVER or ends at
        FOREVER.
        """
        first, last = start // DAY_US - 1, end // DAY_US + 1
        crossings = np.array([moment for day in range(first, last + 1) for moment in _crossings(self.place, day)])
        moments = crossings.astype(np.int64)
        if _is_up(self.place, _turns(self.place, first)[0]):
            moments = np.concatenate([[NEVER], moments])
        if len(moments) % 2:
            moments = np.append(moments, FOREVER)
        stretches = moments.astype(np.int64).reshape(-1, 2)
        return stretches[(stretches[:, 0] <= end) & (stretches[:, 1] >= start)]


@lru_cache(maxsize=4096)
def _crossings(place: Place, day: int) -> tuple[int, ...]:
    """Sunrise and sunset between the solar midnights around the solar noon of a UTC day number, as far as there are."""
    midnight, noon, following = _turns(place, day)
    return tuple(
        _crossing(place, low, high)
        for low, high in ((midnight, noon), (noon, following))
        if _is_up(place, low) != _is_up(place, high)
    )


@lru_cache(maxsize=4096)
def _turns(place: Place, day: int) -> tuple[int, int, int]:
    """The solar midnight before, the solar noon, and the midnight after it."""
    return _midnight(place, day), _midnight(place, day) + HALF_DAY_US, _midnight(place, day + 1)


def _midnight(place: Place, day: int) -> int:
    mean = day * DAY_US - round(place.lon / 360.0 * DAY_US)
    century = julianday_to_juliancentury(julianday(from_micros(mean)))
    return mean - round(eq_of_time(century) * 60 * MICROS_PER_S)


def _crossing(place: Place, low: int, high: int) -> int:
    """The full second at which it has happened: between solar midnight and noon the sun only rises or only falls."""
    was_up = _is_up(place, low)
    first, last = low // MICROS_PER_S, -(-high // MICROS_PER_S)
    while last - first > 1:
        middle = (first + last) // 2
        if _is_up(place, middle * MICROS_PER_S) == was_up:
            first = middle
        else:
            last = middle
    return last * MICROS_PER_S


def _is_up(place: Place, at: int) -> bool:
    observer = Observer(latitude=place.lat, longitude=place.lon)
    return bool(elevation(observer, from_micros(at), with_refraction=False) > HORIZON_DEG)
