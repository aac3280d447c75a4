"""Weather over the whole city: season and hour, slow waves around them, and the rain of the scenario."""

from dataclasses import dataclass
from math import cos, exp, pi

from simulators.dice import Dice
from simulators.effects import Effects, RainEffect, swell
from simulators.scenario import BackgroundEntry
from simulators.world.calendar import Calendar, day_wave

HOUR_S, DAY_S = 3600.0, 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """°C, %, hPa, m/s, degrees (where it blows from), mm/h."""

    temperature: float
    humidity: float
    pressure: float
    wind_speed: float
    wind_direction: float
    rain: float


class Weather:
    """One sky for everybody; stations add their own small difference."""

    def __init__(self, background: BackgroundEntry, *, effects: Effects, calendar: Calendar, seed: int) -> None:
        self._background = background
        self._effects = effects
        self._calendar = calendar
        self._air, self._wind = Dice(seed, "weather", "air"), Dice(seed, "weather", "wind")
        self._front = Dice(seed, "weather", "front")

    def rain(self, at_s: float) -> float:
        """mm/h."""
        falling = self._effects.over_the_city(RainEffect, at_s, memory_s=2 * HOUR_S)
        return self._background.rain + sum(e.rate * swell(o, at_s, e.ramp) for e, o in falling)

    def sky(self, at_s: float) -> Sky:
        local = self._calendar.moment(at_s)
        front = self._front.wave(at_s, 2 * DAY_S)
        season = 17.0 - 11.5 * cos(2 * pi * (local.year_share - 0.05))
        warmth = 3.6 * day_wave(local.hour, peak=14.5) + 0.7 * self._air.wave(at_s, 3 * HOUR_S)
        rain = self.rain(at_s)
        gust = 1.0 + 0.22 * self._wind.wave(at_s, 700.0) + 0.15 * day_wave(local.hour, peak=14.0)
        return Sky(
            temperature=season + self._background.warmer_by + warmth + 1.5 * front - 2.0 * (1.0 - exp(-rain)),
            humidity=_within(66.0 - 3.2 * warmth - 5.0 * front + 26.0 * (1.0 - exp(-rain)), 18.0, 99.0),
            pressure=1012.0 + 6.0 * cos(2 * pi * local.year_share) + 3.0 * front - 0.02 * rain,
            wind_speed=max(0.1, self._background.wind_speed * gust + 0.06 * rain),
            wind_direction=(210.0 + 45.0 * self._wind.wave(at_s, 4 * HOUR_S)) % 360.0,
            rain=rain,
        )


def _within(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))
