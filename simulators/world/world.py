"""The whole simulated city: what any device would measure at any time. No state: ask for the past as well."""

from collections.abc import Mapping
from math import floor

from domain.devices import Device, Registry
from simulators.effects import Effects
from simulators.scenario import Scenario
from simulators.world.air import Air
from simulators.world.calendar import Calendar
from simulators.world.covers import Covers
from simulators.world.lamps import Lamps
from simulators.world.noise import Noise
from simulators.world.sun import Sun
from simulators.world.surroundings import Surroundings
from simulators.world.traffic import Traffic
from simulators.world.weather import Weather

KINDS = frozenset({"noise_meter", "air_station", "lamp", "feeder_cabinet", "manhole_cover"})
"""Kinds of device that the world can speak for; others in the registry stay silent."""


class World:
    """A function of seed, scenario, device and time."""

    def __init__(
        self, registry: Registry, scenario: Scenario, *, surroundings: Surroundings, seed: int, origin_s: float
    ) -> None:
        self.effects = Effects(scenario.effects, registry=registry, seed=seed, origin_s=origin_s)
        calendar = Calendar(registry.city.timezone)
        sun = Sun(registry.city.centre, calendar.zone)
        traffic = Traffic(calendar, seed)
        weather = Weather(scenario.background, effects=self.effects, calendar=calendar, seed=seed)
        self._noise = Noise(
            surroundings=surroundings,
            traffic=traffic,
            weather=weather,
            effects=self.effects,
            calendar=calendar,
            seed=seed,
        )
        self._air = Air(
            scenario.background, weather=weather, traffic=traffic, effects=self.effects, sky=(sun, calendar), seed=seed
        )
        self._lamps = Lamps(registry, sun=sun, weather=weather, effects=self.effects, seed=seed)
        self._covers = Covers(scenario.background, weather=weather, effects=self.effects, seed=seed)

    def values(self, device: Device, at_s: float) -> Mapping[str, float]:
        """Metric codes and values of one report; time in seconds since the epoch. Raises ValueError for other kinds."""
        match device.kind:
            case "noise_meter":
                return self._noise.values(device, at_s, span_s=span_of(device))
            case "air_station":
                return self._air.values(device, at_s)
            case "lamp":
                return self._lamps.lamp_values(device, at_s, report=floor(at_s / device.interval_s))
            case "feeder_cabinet":
                return self._lamps.cabinet_values(device, at_s)
            case "manhole_cover":
                return self._covers.values(device, at_s)
            case _:
                raise ValueError(f"device {device.id}: the world knows nothing about kind {device.kind!r}")

    def mean_level(self, device: Device, at_s: float, *, span_s: float) -> float:
        """Equivalent level of a noise meter over a longer span, dB(A)."""
        return round(self._noise.level(device, at_s, span_s=span_s), 1)

    def pollutants(self, device: Device, at_s: float) -> Mapping[str, float]:
        """What an air station measures, without its weather."""
        return self._air.pollutants(device, at_s)


def span_of(device: Device) -> float:
    """Seconds that one report of the device stands for: a level is a mean over the interval, the rest are instants."""
    return device.interval_s if device.kind == "noise_meter" else 0.0
