"""What a noise meter hears: traffic by distance, its neighbourhood, wind, rain, trains and the scenario's sounds.

Levels add as energies. The fluctuation is that of an average over the span: long means are calm, ten seconds are not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log10, sqrt

from domain.devices import Device
from domain.places import NoiseZone
from simulators.dice import Dice
from simulators.effects import Effects, SoundEffect
from simulators.world.calendar import Calendar, bump
from simulators.world.surroundings import Hearing, Surroundings
from simulators.world.traffic import Traffic
from simulators.world.weather import Weather

PEAK_AT_7M = {"expressway": 77.0, "main": 73.0, "secondary": 70.0, "branch": 67.0, "side": 59.0}
"""dB(A) at 7.5 m from the middle of the street in its busiest hour."""
_SHIELD = {
    NoiseZone.ZERO: 9.0,
    NoiseZone.ONE: 7.0,
    NoiseZone.TWO: 4.0,
    NoiseZone.THREE: 3.0,
    NoiseZone.FOUR_A: 1.5,
    NoiseZone.FOUR_B: 3.0,
}
"""Buildings and screens between a street and a meter of the zone, dB."""
_PLANNED_PEAK = {
    NoiseZone.ZERO: 45.0,
    NoiseZone.ONE: 50.5,
    NoiseZone.TWO: 55.5,
    NoiseZone.THREE: 56.0,
    NoiseZone.FOUR_A: 63.8,
    NoiseZone.FOUR_B: 61.0,
}
"""The zone was drawn where traffic stays below this in the busiest hour; noisier sites have got a better screen."""
_NEIGHBOURS = {
    NoiseZone.ZERO: (39.0, 31.0),
    NoiseZone.ONE: (46.5, 36.5),
    NoiseZone.TWO: (52.0, 41.0),
    NoiseZone.THREE: (53.5, 47.0),
    NoiseZone.FOUR_A: (52.0, 43.0),
    NoiseZone.FOUR_B: (51.0, 43.0),
}
"""People and machines around the meter by day and in the dead of night, dB(A)."""
_NIGHT_TRADE = {NoiseZone.ONE: (0.15, 46.3), NoiseZone.FOUR_A: (0.12, 56.3)}
"""Share of the meters with a kitchen or a yard next door that works until late, and what it makes, dB(A)."""
_LONGEST_REPORT_S = 60.0
_TRAIN_DB, _TRAIN_EVERY_S, _TRAIN_LASTS_S = 64.0, 900.0, 18.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """What does not change about one meter."""

    dice: Dice
    zone: NoiseZone
    through_peak: float
    local_peak: float
    has_night_trade: bool
    offset: float


class Noise:
    """The levels of every noise meter of the city at any time."""

    def __init__(
        self,
        *,
        surroundings: Surroundings,
        traffic: Traffic,
        weather: Weather,
        effects: Effects,
        calendar: Calendar,
        seed: int,
    ) -> None:
        self._surroundings = surroundings
        self._traffic = traffic
        self._weather = weather
        self._effects = effects
        self._calendar = calendar
        self._seed = seed
        self._sites: dict[str, _Site] = {}

    def level(self, device: Device, at_s: float, *, span_s: float) -> float:
        """Equivalent level of the span that ends at `at_s`, dB(A)."""
        site = self._site(device)
        middle = at_s - span_s / 2
        level = _sum_of(self._sources(site, middle, span_s))
        fast = 0.7 * site.dice.normal(round(at_s * 1000)) * min(1.0, sqrt(10.0 / max(span_s, 1.0)))
        breath = 0.6 * site.dice.wave(middle, 90.0) if span_s <= _LONGEST_REPORT_S else 0.0
        usual = level + site.offset + fast + breath + 0.6 * site.dice.wave(middle, 1500.0)
        return _sum_of([usual, *(sound + 0.6 * fast for sound in self._sounds(device, at_s, span_s))])

    def values(self, device: Device, at_s: float, *, span_s: float) -> dict[str, float]:
        """All that the meter reports; its percentiles are those of a bell-shaped course around the level."""
        site = self._site(device)
        level = self.level(device, at_s, span_s=span_s)
        index = round(at_s * 1000)
        swing = (3.6 if site.zone in (NoiseZone.FOUR_A, NoiseZone.FOUR_B) else 2.6) * site.dice.between(
            0.8, 1.25, index
        )
        median = level - 0.115 * swing * swing
        loud = median + 1.28 * swing
        sky = self._weather.sky(at_s)
        return {
            "laeq": round(level, 1),
            "lamax": round(loud + 1.0 + 3.0 * abs(site.dice.normal(index + 1)), 1),
            "la10": round(loud, 1),
            "la50": round(median, 1),
            "la90": round(median - 1.28 * swing, 1),
            "wind_speed": round(max(0.0, sky.wind_speed * 0.7 + 0.2 * site.dice.normal(index + 2)), 1),
            "rain": round(sky.rain, 1),
        }

    def _sounds(self, device: Device, at_s: float, span_s: float) -> Iterable[float]:
        """The scenario's sounds at the meter: a report hears one or does not, a long mean counts what it lasted."""
        if span_s <= _LONGEST_REPORT_S:
            return [effect.level for effect, _ in self._effects.on(SoundEffect, device.id, at_s - span_s / 2)]
        shares = self._effects.shares(SoundEffect, device.id, at_s - span_s, at_s)
        return [effect.level + 10 * log10(share) for effect, share in shares]

    def _sources(self, site: _Site, at_s: float, span_s: float) -> Iterable[float]:
        local = self._calendar.moment(at_s)
        yield site.through_peak + 10 * log10(self._traffic.through(at_s))
        yield site.local_peak + 10 * log10(self._traffic.local(at_s))
        busy, dead = _NEIGHBOURS[site.zone]
        awake = min(1.0, bump(local.hour, centre=13.5, width=5.8) * 1.6)
        yield dead + (busy - dead) * awake
        if site.has_night_trade and (local.hour >= 18 or local.hour < 1):
            yield _NIGHT_TRADE[site.zone][1]
        if site.zone is NoiseZone.FOUR_B and span_s > _TRAIN_EVERY_S / 2:
            yield _TRAIN_DB + 10 * log10(_TRAIN_LASTS_S / _TRAIN_EVERY_S)
        elif site.zone is NoiseZone.FOUR_B and _train_passes(site.dice, at_s):
            yield _TRAIN_DB
        rain = self._weather.rain(at_s)
        if rain > 0.1:
            yield 30.0 + 9.0 * log10(1.0 + rain)

    def _site(self, device: Device) -> _Site:
        if device.id not in self._sites:
            self._sites[device.id] = _survey(device, self._surroundings.hear(device.place), self._seed)
        return self._sites[device.id]


def _survey(device: Device, hearings: Iterable[Hearing], seed: int) -> _Site:
    dice = Dice(seed, "noise", device.id)
    zone = device.zone or NoiseZone.TWO
    heard = {hearing.street: hearing.distance_m for hearing in hearings}
    through = _sum_of(_at(street, heard[street]) for street in heard if street not in ("side", "rail"))
    planned = _PLANNED_PEAK[zone] - dice.between(0.0, 3.0)
    share, _ = _NIGHT_TRADE.get(zone, (0.0, 0.0))
    return _Site(
        dice=dice,
        zone=zone,
        through_peak=min(through - _SHIELD[zone], planned),
        local_peak=min(_sum_of([_at("side", heard.get("side", 1000.0))]) - _SHIELD[zone], planned - 4.0),
        has_night_trade=dice.uniform(7) < share,
        offset=dice.between(-0.8, 0.8, 8),
    )


def _at(street: str, distance_m: float) -> float:
    """A line of traffic loses 3 dB with every doubling of the distance, and some more over soft ground."""
    reach = max(distance_m, 7.5) / 7.5
    return PEAK_AT_7M[street] - 10 * log10(reach) - 0.012 * min(distance_m, 600.0)


def _train_passes(dice: Dice, at_s: float) -> bool:
    slot = int(at_s // _TRAIN_EVERY_S)
    begin = dice.between(0.0, _TRAIN_EVERY_S - _TRAIN_LASTS_S, slot)
    return begin <= at_s - slot * _TRAIN_EVERY_S < begin + _TRAIN_LASTS_S


def _sum_of(levels: Iterable[float]) -> float:
    """Energy sum in dB; of nothing it is silence, 0 dB."""
    power = sum(10 ** (level / 10) for level in levels)
    return 10 * log10(power) if power > 1.0 else 0.0
