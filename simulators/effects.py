"""What a scenario does to the city: sounds, smoke, rain, water, covers, lamps. Each kind is one entry of the file."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from config.durations import Seconds
from domain.devices import Registry
from simulators.dice import Dice
from simulators.targets import Choice
from simulators.timing import Occurrence, Occurrences, TimedEntry

Ramp = Annotated[Seconds, Field(gt=0)]


class SoundEffect(TimedEntry):
    """A source beside the target noise meters: `level` is what it makes at the meter, dB(A)."""

    effect: Literal["sound"]
    level: Annotated[float, Field(ge=20, le=120)]


class PollutionEffect(TimedEntry):
    """A cloud over the target air stations that adds `pm2_5` µg/m³, and what comes with it; in and out over `ramp`."""

    effect: Literal["pollution"]
    pm2_5: Annotated[float, Field(gt=0, le=800)]
    ramp: Ramp = 60.0


class RainEffect(TimedEntry):
    """Rain over the whole city, mm/h; in and out over `ramp`."""

    effect: Literal["rain"]
    rate: Annotated[float, Field(gt=0, le=200)]
    ramp: Ramp = 300.0


class WaterEffect(TimedEntry):
    """Water under the target covers rises by `rise` metres within `ramp`, and drains as fast when it ends."""

    effect: Literal["water"]
    rise: Annotated[float, Field(gt=0, le=10)]
    ramp: Ramp = 60.0


class OpenEffect(TimedEntry):
    """The target covers report that they are open; `tilt` degrees go with it."""

    effect: Literal["open"]
    tilt: Annotated[float, Field(ge=0, le=180)] = 4.0


class TiltEffect(TimedEntry):
    """The target covers stand tilted by `tilt` degrees but closed."""

    effect: Literal["tilt"]
    tilt: Annotated[float, Field(gt=0, le=180)]


class TripEffect(TimedEntry):
    """The target feeder cabinets lose their output: all their lamps go dark, though they are due."""

    effect: Literal["trip"]


class DarkEffect(TimedEntry):
    """The target lamps fail one by one, with voltage but without light."""

    effect: Literal["dark"]


AnyEffect = SoundEffect | PollutionEffect | RainEffect | WaterEffect | OpenEffect | TiltEffect | TripEffect | DarkEffect
EffectEntry = Annotated[AnyEffect, Field(discriminator="effect")]

KIND_HIT: dict[str, str | None] = {
    "sound": "noise_meter",
    "pollution": "air_station",
    "rain": None,
    "water": "manhole_cover",
    "open": "manhole_cover",
    "tilt": "manhole_cover",
    "trip": "feeder_cabinet",
    "dark": "lamp",
}
"""The kind of device that an effect is about; rain is about the sky."""

HEARD_BEFORE_S = 2 * 3600.0
"""A sound that repeats was heard that long before the begin too: else the charts' past is too quiet."""

Entry = TypeVar("Entry", bound=TimedEntry)


class Effects:
    """All effects of a scenario, asked by type."""

    def __init__(self, entries: Sequence[AnyEffect], *, registry: Registry, seed: int, origin_s: float) -> None:
        self._by_type: dict[type, list[tuple[AnyEffect, Occurrences]]] = {}
        for number, entry in enumerate(entries):
            target = entry.target.model_copy(update={"kind": entry.target.kind or KIND_HIT[entry.effect]})
            choice = Choice(target, registry, Dice(seed, "effect", str(number)))
            before_s = HEARD_BEFORE_S if isinstance(entry, SoundEffect) else 0.0
            occurrences = Occurrences(entry, origin_s=origin_s, choice=choice, before_s=before_s)
            self._by_type.setdefault(type(entry), []).append((entry, occurrences))

    def on(self, kind: type[Entry], device: str, at_s: float) -> Iterator[tuple[Entry, Occurrence]]:
        """Effects of one type that are on for the device at the moment."""
        for entry, occurrences in self._of(kind):
            occurrence = occurrences.hits(device, at_s)
            if occurrence is not None:
                yield entry, occurrence

    def shares(self, kind: type[Entry], device: str, begin_s: float, end_s: float) -> Iterator[tuple[Entry, float]]:
        """Effects of one type that are on for the device within [begin_s, end_s), each with its share of the span."""
        for entry, occurrences in self._of(kind):
            for share in occurrences.shares(device, begin_s, end_s):
                yield entry, share

    def recent(
        self, kind: type[Entry], device: str, at_s: float, *, memory_s: float
    ) -> Iterator[tuple[Entry, Occurrence]]:
        """Also those that ended at most `memory_s` ago: water takes its time to drain."""
        for entry, occurrences in self._of(kind):
            for occurrence in occurrences.recent(at_s, memory_s=memory_s):
                if device in occurrence.devices:
                    yield entry, occurrence

    def over_the_city(self, kind: type[Entry], at_s: float, *, memory_s: float) -> Iterator[tuple[Entry, Occurrence]]:
        """As `recent`, for what has no target."""
        for entry, occurrences in self._of(kind):
            for occurrence in occurrences.recent(at_s, memory_s=memory_s):
                yield entry, occurrence

    def starting_in(self, begin_s: float, end_s: float) -> Iterator[tuple[AnyEffect, Occurrence]]:
        """Everything that begins in [begin_s, end_s); in order for each entry."""
        for entries in self._by_type.values():
            for entry, occurrences in entries:
                for occurrence in occurrences.starting_in(begin_s, end_s):
                    yield entry, occurrence

    def _of(self, kind: type[Entry]) -> list[tuple[Entry, Occurrences]]:
        return self._by_type.get(kind, [])  # type: ignore[return-value]  # keyed by the entry's own type


def swell(occurrence: Occurrence, at_s: float, ramp_s: float) -> float:
    """0 to 1: in over the ramp from the begin, out over the ramp from the end; smooth, without a jump."""
    risen = _smooth((min(at_s, occurrence.end_s) - occurrence.begin_s) / ramp_s)
    return risen * (1.0 - _smooth((at_s - occurrence.end_s) / ramp_s))


def _smooth(share: float) -> float:
    kept = min(1.0, max(0.0, share))
    return kept * kept * (3.0 - 2.0 * kept)
