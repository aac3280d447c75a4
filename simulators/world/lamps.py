"""What lamp controllers and feeder cabinets report: light by the sun, electricity that adds up, failed lamps."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.devices import Device, Registry
from domain.places import RoadGrade
from simulators.dice import Dice
from simulators.effects import DarkEffect, Effects, TripEffect
from simulators.world.sun import Sun
from simulators.world.weather import HOUR_S, Weather

RATED_W = {RoadGrade.MAIN: 150.0, RoadGrade.SECONDARY: 100.0, RoadGrade.BRANCH: 60.0}
STANDBY_W = 1.1
"""What the controller itself takes while its lamp is dark."""
_KEPT_SHARE = {RoadGrade.MAIN: 0.98, RoadGrade.SECONDARY: 0.96, RoadGrade.BRANCH: 0.96}
_ROADS_WITH_A_DARK_LAMP = 0.55
_DARKNESS_MEMORY_S = 3 * HOUR_S
"""For so long a counter leaves out the energy that was not burnt in an outage; then it catches up."""
_METERING_EVERY = 10
"""Status goes with every report, the electrical values with every tenth: that is how such controllers save airtime."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lamp:
    dice: Dice
    rated_w: float
    feeder: Dice
    is_broken_by_chance: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LampState:
    is_due: bool
    is_lit: bool
    dim_share: float
    voltage: float
    power_w: float

    @property
    def power_factor(self) -> float:
        return 0.0 if self.voltage == 0 else (0.96 if self.dim_share == 1 else 0.93) if self.is_lit else 0.42

    @property
    def current(self) -> float:
        return self.power_w / (self.voltage * self.power_factor) if self.voltage else 0.0


class Lamps:
    """Every lamp and every cabinet of the city at any time."""

    def __init__(self, registry: Registry, *, sun: Sun, weather: Weather, effects: Effects, seed: int) -> None:
        self._sun = sun
        self._weather = weather
        self._effects = effects
        grades = {road.id: road.grade for road in registry.city.roads}
        broken = _broken_by_chance(registry, grades, seed)
        self._lamps = {
            lamp.id: _Lamp(
                dice=Dice(seed, "lamp", lamp.id),
                rated_w=RATED_W[grades.get(str(lamp.road), RoadGrade.SECONDARY)],
                feeder=Dice(seed, "feeder", str(lamp.parent)),
                is_broken_by_chance=lamp.id in broken,
            )
            for lamp in registry.of_kind("lamp")
        }
        self._hanging: dict[str, tuple[Device, ...]] = {
            cabinet.id: registry.children(cabinet.id) for cabinet in registry.of_kind("feeder_cabinet")
        }
        self._cabinet_dice = {cabinet: Dice(seed, "feeder", cabinet) for cabinet in self._hanging}

    def state(self, device: Device, at_s: float) -> LampState:
        lamp = self._lamps[device.id]
        sooner, longer = lamp.feeder.between(30.0, 180.0, 1), lamp.feeder.between(30.0, 180.0, 2)
        is_due = self._sun.is_night(at_s, sooner_s=sooner, longer_s=longer)
        has_tripped = self._has_tripped(device.parent, at_s)
        is_broken = lamp.is_broken_by_chance or any(True for _ in self._effects.on(DarkEffect, device.id, at_s))
        is_lit = is_due and not has_tripped and not is_broken
        dim_share = self._sun.dim_share(at_s) if is_due else 0.0
        return LampState(
            is_due=is_due,
            is_lit=is_lit,
            dim_share=dim_share,
            voltage=0.0 if has_tripped else self._voltage(lamp, at_s),
            power_w=0.0 if has_tripped else STANDBY_W + (lamp.rated_w * dim_share if is_lit else 0.0),
        )

    def energy_kwh(self, device: Device, at_s: float) -> float:
        """Counter since Sun's COUNTING_SINCE: what has burnt, less the time in the dark; never falls."""
        lamp = self._lamps[device.id]
        standby = STANDBY_W * max(0.0, at_s - self._sun.counting_since_s)
        if lamp.is_broken_by_chance:
            return standby / 3.6e6
        dark = sum(
            self._sun.burnt_s(min(at_s, occurrence.end_s)) - self._sun.burnt_s(occurrence.begin_s)
            for kind, id_ in ((TripEffect, device.parent or ""), (DarkEffect, device.id))
            for _, occurrence in self._effects.recent(kind, id_, at_s, memory_s=_DARKNESS_MEMORY_S)
        )
        return (standby + lamp.rated_w * max(0.0, self._sun.burnt_s(at_s) - dark)) / 3.6e6

    def lamp_values(self, device: Device, at_s: float, *, report: int) -> dict[str, float]:
        """`report` counts the lamp's reports; a lamp that should burn and does not always sends everything."""
        state, dice = self.state(device, at_s), self._lamps[device.id].dice
        index = round(at_s * 1000)
        status = {"lamp_on": float(state.is_lit), "dim_level": round(state.dim_share * 100.0)}
        if (report + dice.pick(_METERING_EVERY, 9)) % _METERING_EVERY and state.is_lit == state.is_due:
            return {**status, "active_power": round(state.power_w, 1)}
        ambient = self._weather.sky(at_s).temperature
        return {
            **status,
            "voltage": round(state.voltage, 1),
            "current": round(state.current, 3),
            "active_power": round(state.power_w, 1),
            "power_factor": round(state.power_factor, 2),
            "energy": round(self.energy_kwh(device, at_s), 2),
            "leak_current": round(0.8 + 2.0 * dice.uniform(3) + 0.15 * self._weather.rain(at_s), 1),
            "lamp_temperature": round(
                ambient + (26.0 * state.dim_share if state.is_lit else 1.0) + dice.normal(index), 1
            ),
            "rssi": round(-78.0 - 20.0 * dice.uniform(4) + 2.0 * dice.normal(index + 1)),
        }

    def cabinet_values(self, device: Device, at_s: float) -> dict[str, float]:
        """The sums of the lamps behind the cabinet, as its own meter sees them; voltage is that of the supply side."""
        hanging = self._hanging[device.id]
        states = [self.state(lamp, at_s) for lamp in hanging]
        dice, index = self._cabinet_dice[device.id], round(at_s * 1000)
        power = sum(state.power_w for state in states)
        current = sum(state.current for state in states)
        voltage = 224.0 + 1.6 * dice.wave(at_s, 1800.0)
        return {
            "voltage": round(voltage, 1),
            "current": round(current, 2),
            "active_power": round(power, 1),
            "power_factor": round(min(1.0, power / (voltage * current)), 2) if current else 0.0,
            "energy": round(sum(self.energy_kwh(lamp, at_s) for lamp in hanging), 1),
            "leak_current": round(6.0 + 3.0 * dice.uniform(3) + 0.6 * self._weather.rain(at_s), 1),
            "temperature": round(self._weather.sky(at_s).temperature + 4.0 + 0.4 * dice.normal(index), 1),
        }

    def _voltage(self, lamp: _Lamp, at_s: float) -> float:
        """The feeder's voltage, less the drop on the cable to this lamp."""
        return 224.0 + 1.6 * lamp.feeder.wave(at_s, 1800.0) - lamp.dice.between(0.5, 5.0, 5)

    def _has_tripped(self, cabinet: str | None, at_s: float) -> bool:
        return cabinet is not None and any(True for _ in self._effects.on(TripEffect, cabinet, at_s))


def _broken_by_chance(registry: Registry, grades: dict[str, RoadGrade], seed: int) -> frozenset[str]:
    """At most one dead lamp on a road, and none where one alone would break the road's target."""
    by_road: dict[str, list[Device]] = {}
    for lamp in registry.of_kind("lamp"):
        by_road.setdefault(str(lamp.road), []).append(lamp)
    dice = Dice(seed, "dead lamps")
    broken = set()
    for number, (road, lamps) in enumerate(by_road.items()):
        is_kept = 1 - 1 / len(lamps) >= _KEPT_SHARE[grades.get(road, RoadGrade.MAIN)]
        if is_kept and dice.uniform(2 * number) < _ROADS_WITH_A_DARK_LAMP:
            broken.add(_chosen(lamps, dice, 2 * number + 1))
    return frozenset(broken)


def _chosen(lamps: Sequence[Device], dice: Dice, index: int) -> str:
    return lamps[dice.pick(len(lamps), index)].id
