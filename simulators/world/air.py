"""What an air station measures: a regional background, the traffic near by, the sun's chemistry, the scenario's clouds.

The pollutants come from the same sources, so they rise and fall together; ozone is eaten by fresh traffic fumes.
"""

from dataclasses import dataclass
from math import exp, pow

from domain.devices import Device
from simulators.dice import Dice
from simulators.effects import Effects, PollutionEffect, swell
from simulators.scenario import BackgroundEntry
from simulators.world.calendar import Calendar, day_wave
from simulators.world.sun import Sun
from simulators.world.traffic import Traffic
from simulators.world.weather import DAY_S, HOUR_S, Weather

_CALM_WIND = 1.8
_MEMORY_S = HOUR_S


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    dice: Dice
    dust: float
    roadside: float


class Air:
    """Concentrations and weather of every station at any time."""

    def __init__(
        self,
        background: BackgroundEntry,
        *,
        weather: Weather,
        traffic: Traffic,
        effects: Effects,
        sky: tuple[Sun, Calendar],
        seed: int,
    ) -> None:
        self._background = background
        self._weather = weather
        self._traffic = traffic
        self._effects = effects
        self._sun, self._calendar = sky
        self._seed = seed
        self._slow = Dice(seed, "haze")
        self._sites: dict[str, _Site] = {}

    def values(self, device: Device, at_s: float) -> dict[str, float]:
        """All that the station reports: µg/m³, CO in mg/m³, and its small weather station."""
        return {**self.pollutants(device, at_s), **self._small_weather(device, at_s)}

    def pollutants(self, device: Device, at_s: float) -> dict[str, float]:
        site, index = self._site(device), round(at_s * 1000)
        flow = self._traffic.through(at_s) * site.roadside
        cloud = sum(
            effect.pm2_5 * swell(occurrence, at_s, effect.ramp)
            for effect, occurrence in self._effects.recent(PollutionEffect, device.id, at_s, memory_s=_MEMORY_S)
        )
        fine = self._haze(at_s) * site.dust + 4.0 * flow + cloud
        fine *= 1.0 + 0.04 * site.dice.wave(at_s, 1800.0) + 0.012 * site.dice.normal(index)
        share = 0.66 + 0.03 * site.dice.wave(at_s, 6 * HOUR_S)
        light = self._sun.light(at_s)
        fumes = 14.0 + 36.0 * flow + 0.12 * fine + 0.25 * cloud
        no2 = fumes * (1.0 - 0.62 * light) + 1.2 * site.dice.normal(index + 1)  # the sun splits it, and lifts the lid
        o3 = 44.0 + 105.0 * light - 0.8 * no2 + 1.5 * site.dice.normal(index + 2)
        return {
            "pm2_5": round(max(1.0, fine)),
            "pm10": round(max(2.0, fine / share + 6.0 * flow)),
            "so2": round(max(1.0, 4.0 + 0.07 * fine + 0.6 * site.dice.normal(index + 3))),
            "no2": round(max(2.0, no2)),
            "o3": round(max(2.0, o3)),
            "co": round(max(0.1, 0.25 + 0.007 * fine + 0.25 * flow), 1),
        }

    def _haze(self, at_s: float) -> float:
        """The city's background of fine particles: thicker under the low lid of the night, thinner in wind and rain."""
        hour = self._calendar.moment(at_s).hour
        weather = self._weather.sky(at_s)
        lid = 1.0 + 0.1 * day_wave(hour, peak=3.0)
        slow = 1.0 + 0.07 * self._slow.wave(at_s, 0.6 * DAY_S) + 0.03 * self._slow.wave(at_s + 5e6, 2 * HOUR_S)
        wind = (_CALM_WIND + 1.0) / (max(weather.wind_speed, 0.3) + 1.0)
        return self._background.pm2_5 * lid * slow * pow(wind, 0.35) * (0.35 + 0.65 * exp(-weather.rain / 12.0))

    def _small_weather(self, device: Device, at_s: float) -> dict[str, float]:
        dice, sky, index = self._site(device).dice, self._weather.sky(at_s), round(at_s * 1000)
        return {
            "temperature": round(sky.temperature + dice.between(-0.6, 0.6, 1) + 0.1 * dice.normal(index + 4), 1),
            "humidity": round(min(100.0, max(5.0, sky.humidity + dice.between(-3.0, 3.0, 2) + dice.normal(index + 5)))),
            "pressure": round(sky.pressure + dice.between(-0.5, 0.5, 3), 1),
            "wind_speed": round(max(0.0, sky.wind_speed + 0.25 * dice.normal(index + 6)), 1),
            "wind_direction": round(sky.wind_direction + 9.0 * dice.normal(index + 7)) % 360,
            "rain": round(sky.rain, 1),
        }

    def _site(self, device: Device) -> _Site:
        if device.id not in self._sites:
            dice = Dice(self._seed, "air", device.id)
            self._sites[device.id] = _Site(dice=dice, dust=dice.between(0.9, 1.1), roadside=dice.between(0.4, 1.1, 1))
        return self._sites[device.id]
