"""What a manhole cover's sensor reports: tilt under passing wheels, water that follows the rain, gas, its battery."""

from math import exp

from domain.devices import Device
from simulators.dice import Dice
from simulators.effects import Effects, OpenEffect, RainEffect, TiltEffect, WaterEffect, swell
from simulators.scenario import BackgroundEntry
from simulators.world.weather import DAY_S, HOUR_S, Weather

_DRAIN_S = 1500.0
"""Time constant with which a well fills in rain and empties after it."""
_RISE_PER_RATE = 0.022
"""Metres of water at equilibrium for every mm/h, for a well of average catchment."""
_BATTERY_LIFE_S = 5 * 365 * DAY_S


class Covers:
    """Every cover of the city at any time."""

    def __init__(self, background: BackgroundEntry, *, weather: Weather, effects: Effects, seed: int) -> None:
        self._background = background
        self._weather = weather
        self._effects = effects
        self._seed = seed
        self._dice: dict[str, Dice] = {}

    def values(self, device: Device, at_s: float) -> dict[str, float]:
        dice, index = self._of(device), round(at_s * 1000)
        is_open, tilt = self._attitude(device, dice, at_s)
        water = self.water(device, at_s)
        return {
            "tilt": round(tilt, 1),
            "cover_open": float(is_open),
            "water_level": round(water, 2),
            "ch4_lel": round(max(0.0, 1.2 * dice.uniform(3) + 0.3 * dice.wave(at_s, 2 * HOUR_S)), 1),
            "h2s": round(max(0.0, 0.9 * dice.uniform(4) ** 2 + 0.1 * dice.wave(at_s, 2 * HOUR_S)), 1),
            "o2": round(20.8 - 0.3 * dice.uniform(5) + 0.05 * dice.normal(index), 1),
            "temperature": round(14.0 + 0.25 * (self._weather.sky(at_s).temperature - 14.0) + dice.uniform(6), 1),
            "battery": round(
                100.0 - 55.0 * ((dice.uniform(7) * _BATTERY_LIFE_S + at_s) % _BATTERY_LIFE_S) / _BATTERY_LIFE_S
            ),
            "rssi": round(
                -96.0 - 12.0 * dice.uniform(8) + 2.0 * dice.normal(index + 1) - (4.0 if water > 1.0 else 0.0)
            ),
            "snr": round(6.0 + 1.5 * dice.normal(index + 2), 1),
        }

    def water(self, device: Device, at_s: float) -> float:
        """Metres above the floor of the well: its usual flow, the rain of the last hours, the scenario's flood."""
        dice = self._of(device)
        catchment = dice.between(0.5, 1.5, 1)
        rain = self._background.rain + sum(
            effect.rate * _filled(at_s - occurrence.begin_s, at_s - occurrence.end_s)
            for effect, occurrence in self._effects.over_the_city(RainEffect, at_s, memory_s=6 * _DRAIN_S)
        )
        flood = sum(
            effect.rise * swell(occurrence, at_s, effect.ramp)
            for effect, occurrence in self._effects.recent(WaterEffect, device.id, at_s, memory_s=2 * HOUR_S)
        )
        usual = dice.between(0.12, 0.42, 2) + 0.03 * dice.wave(at_s, 1.5 * HOUR_S)
        return max(0.0, usual + _RISE_PER_RATE * catchment * rain + flood)

    def _attitude(self, device: Device, dice: Dice, at_s: float) -> tuple[bool, float]:
        """Whether the cover is open, and its tilt; a lorry now and then shakes it for one report."""
        index = round(at_s * 1000) + 3
        shaken = 3.0 * dice.uniform(index) if dice.uniform(index + 1) < 0.02 else 0.0
        resting = dice.between(0.2, 1.6, 10) + 0.1 * dice.normal(index + 2)
        tilts = [effect.tilt for effect, _ in self._effects.on(TiltEffect, device.id, at_s)]
        openings = [effect.tilt for effect, _ in self._effects.on(OpenEffect, device.id, at_s)]
        return bool(openings), max(0.0, resting + max([shaken, *tilts, *openings]))

    def _of(self, device: Device) -> Dice:
        if device.id not in self._dice:
            self._dice[device.id] = Dice(self._seed, "cover", device.id)
        return self._dice[device.id]


def _filled(since_begin_s: float, since_end_s: float) -> float:
    """0 to 1: how full a well is that began to fill and, maybe, began to drain; never exactly empty again."""
    if since_end_s <= 0:
        return 1.0 - exp(-since_begin_s / _DRAIN_S)
    return (1.0 - exp(-(since_begin_s - since_end_s) / _DRAIN_S)) * exp(-since_end_s / _DRAIN_S)
