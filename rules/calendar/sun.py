"""Nights by astronomy: from a sunset to the sunrise after it."""

from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from astral import Observer
from astral.sun import sunrise, sunset

from domain.instants import to_micros
from domain.places import Place


@lru_cache(maxsize=4096)
def sun_night(place: Place, timezone: str, evening: date) -> tuple[int, int] | None:
    """Sunset on a local date and the sunrise after it, in microseconds; None where the sun does not set or rise."""
    observer = Observer(latitude=place.lat, longitude=place.lon)
    zone = ZoneInfo(timezone)
    try:
        dusk = to_micros(sunset(observer, evening, tzinfo=zone))
        dawn = to_micros(sunrise(observer, evening + timedelta(days=1), tzinfo=zone))
    except ValueError:  # astral's word for a sun that stays up or down
        return None
    return dusk, dawn
