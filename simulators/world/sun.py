"""Sunrise and sunset at the city's place, the strength of daylight, and how long lamps have burnt."""

from collections import OrderedDict
from datetime import date, datetime, time, timedelta
from math import inf, pi, sin
from zoneinfo import ZoneInfo

from astral import Observer
from astral.sun import sunrise, sunset

from domain.places import Place

DIMMED_FROM, DIMMED_UNTIL = time(23, 30), time(5, 0)
"""In the small hours lamps burn at part of their power."""
DIMMED_TO = 0.6
COUNTING_SINCE = date(2026, 1, 1)
"""Energy counters of lamps stood at zero on this evening."""
_REMEMBERED = 64


class Sun:
    """All questions by seconds since the epoch; days where the sun does not rise or set have no night for lamps."""

    def __init__(self, place: Place, zone: ZoneInfo) -> None:
        self._observer = Observer(latitude=place.lat, longitude=place.lon)
        self._zone = zone
        self._nights: OrderedDict[date, tuple[float, float]] = OrderedDict()
        self._burnt = [0.0]
        self.counting_since_s = datetime.combine(COUNTING_SINCE, time(12), tzinfo=zone).timestamp()

    def night(self, evening: date) -> tuple[float, float]:
        """Sunset of the local date and the sunrise after it; an empty stretch where there is none."""
        if evening not in self._nights:
            self._nights[evening] = self._compute_night(evening)
            if len(self._nights) > _REMEMBERED:
                self._nights.popitem(last=False)
        return self._nights[evening]

    def is_night(self, at_s: float, *, sooner_s: float = 0.0, longer_s: float = 0.0) -> bool:
        """Between sunset - sooner_s and sunrise + longer_s."""
        today = self._date(at_s)
        for evening in (today, today - timedelta(days=1)):
            begin, end = self.night(evening)
            if begin - sooner_s <= at_s < end + longer_s:
                return True
        return False

    def light(self, at_s: float) -> float:
        """Daylight: 0 from sunset to sunrise, 1 at noon."""
        today = self._date(at_s)
        dawn, dusk = self.night(today - timedelta(days=1))[1], self.night(today)[0]
        if not dawn < at_s < dusk:
            return 0.0
        return sin(pi * (at_s - dawn) / (dusk - dawn))

    def dim_share(self, at_s: float) -> float:
        """The power that lamps are told to burn at, 0 to 1, were it night."""
        local = datetime.fromtimestamp(at_s, self._zone).time()
        return DIMMED_TO if local >= DIMMED_FROM or local < DIMMED_UNTIL else 1.0

    def burnt_s(self, at_s: float) -> float:
        """Seconds at full power that a lamp has burnt since COUNTING_SINCE; dimmed ones count by their share."""
        today = self._date(at_s)
        nights = (today - COUNTING_SINCE).days - 1
        if nights < 0:
            return 0.0
        while len(self._burnt) <= nights:
            evening = COUNTING_SINCE + timedelta(days=len(self._burnt) - 1)
            self._burnt.append(self._burnt[-1] + self._burnt_in(evening, inf))
        recent = self._burnt_in(today - timedelta(days=1), at_s) + self._burnt_in(today, at_s)
        return self._burnt[nights] + recent

    def _burnt_in(self, evening: date, until_s: float) -> float:
        begin, end = self.night(evening)
        dimmed_from = datetime.combine(evening, DIMMED_FROM, tzinfo=self._zone).timestamp()
        dimmed_until = datetime.combine(evening + timedelta(days=1), DIMMED_UNTIL, tzinfo=self._zone).timestamp()
        burning = max(0.0, min(end, until_s) - begin)
        dimmed = max(0.0, min(end, until_s, dimmed_until) - max(begin, dimmed_from))
        return burning - (1.0 - DIMMED_TO) * dimmed

    def _date(self, at_s: float) -> date:
        return datetime.fromtimestamp(at_s, self._zone).date()

    def _compute_night(self, evening: date) -> tuple[float, float]:
        try:
            dusk = sunset(self._observer, evening, tzinfo=self._zone).timestamp()
            dawn = sunrise(self._observer, evening + timedelta(days=1), tzinfo=self._zone).timestamp()
        except ValueError:  # astral's word for a sun that stays up or down
            noon = datetime.combine(evening, time(23, 59), tzinfo=self._zone).timestamp()
            return noon, noon
        return dusk, dawn
