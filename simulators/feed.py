"""The city's feed: every device reports at its own interval, and covers and cabinets at once when something happens."""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

from domain.devices import Registry
from simulators.dice import Dice
from simulators.distortion import Distortion, Draft
from simulators.effects import AnyEffect, OpenEffect, TiltEffect, TripEffect, WaterEffect
from simulators.messages import UP, Outgoing, encode, report
from simulators.poison import poisoned
from simulators.scenario import Scenario
from simulators.timing import Occurrence
from simulators.world.calendar import Calendar
from simulators.world.world import KINDS, World, span_of

_LOOK_AHEAD_MS = 10_000
_WAKE_MS = 900
"""A sleeping device needs so long from the event to its message."""
_ALARM_EVERY_MS = 10_000
"""While its alarm stands, a device reports so often."""
_ALARM_LONGEST_MS = 30 * 60_000


class Feed:
    """Messages in the order in which they go out. One seed and one begin give one stream of bytes."""

    def __init__(self, registry: Registry, scenario: Scenario, *, world: World, seed: int, origin_s: float) -> None:
        self._devices = tuple(device for device in registry if device.kind in KINDS)
        self._index = {device.id: index for index, device in enumerate(self._devices)}
        self._zone = Calendar(registry.city.timezone).zone
        self._world = world
        self._distortion = Distortion(
            scenario.faults, registry=registry, measure=world.values, seed=seed, origin_s=origin_s
        )
        self._phases = [round(Dice(seed, "phase", device.id).uniform() * 1e6) / 1e6 for device in self._devices]
        self.by_fault = self._distortion.by_fault

    def messages(self, begin_ms: int) -> Iterator[Outgoing]:
        """From `begin_ms` (milliseconds since the epoch) on, without end."""
        due = [(self._first(index, begin_ms), index, True) for index in range(len(self._devices))]
        sequence, latest = [0] * len(self._devices), [-1] * len(self._devices)
        ready: list[tuple[int, int, Outgoing]] = []
        self._call_alarms(due, begin_ms - _ALARM_LONGEST_MS, begin_ms)  # what stands already when we begin
        due = [entry for entry in due if entry[0] >= begin_ms]
        heapify(due)
        seen_ms, number = begin_ms, 0
        while due:
            while due[0][0] + _LOOK_AHEAD_MS > seen_ms:
                self._call_alarms(due, seen_ms, seen_ms + _LOOK_AHEAD_MS)
                seen_ms += _LOOK_AHEAD_MS
            at_ms, index, is_regular = heappop(due)
            while ready and ready[0][0] <= at_ms:
                yield heappop(ready)[2]
            if is_regular:
                heappush(due, (at_ms + self._interval_ms(index), index, True))
            if at_ms <= latest[index]:
                continue  # its alarm has just said the same
            for outgoing in self._reports(index, at_ms, sequence[index]):
                number += 1
                heappush(ready, (outgoing.at // 1000, number, outgoing))
            sequence[index] += 1
            latest[index] = at_ms

    def _reports(self, index: int, at_ms: int, seq: int) -> Iterator[Outgoing]:
        device = self._devices[index]
        values = self._world.values(device, at_ms / 1000)
        draft = Draft(device=device, event_ms=at_ms, send_ms=at_ms, values=values, seq=seq)
        for out in self._distortion.apply(draft):
            yield self._encoded(out)

    def _encoded(self, draft: Draft) -> Outgoing:
        device = draft.device
        fields = report(
            at_ms=draft.event_ms, zone=self._zone, values=draft.values, span_s=span_of(device), seq=draft.seq
        )
        if draft.poison is not None:
            topic, payload = poisoned(draft.poison, device.id, fields)
            return Outgoing(at=draft.send_ms * 1000, topic=topic, payload=payload, is_object=False)
        return Outgoing(at=draft.send_ms * 1000, topic=f"{UP}/{device.id}", payload=encode(fields))

    def _call_alarms(self, due: list[tuple[int, int, bool]], begin_ms: int, end_ms: int) -> None:
        """Devices that speak up at once: what begins in [begin, end) puts its reports among those due."""
        starting = self._world.effects.starting_in(begin_ms / 1000, end_ms / 1000)
        for effect, occurrence in starting:
            for at_ms in _alarm_times(effect, occurrence):
                for device in occurrence.devices & self._index.keys():
                    heappush(due, (at_ms, self._index[device], False))

    def _interval_ms(self, index: int) -> int:
        return round(self._devices[index].interval_s * 1000)

    def _first(self, index: int, begin_ms: int) -> int:
        """The first report at or after the begin; each device has a phase, or the whole city would speak at once."""
        interval_ms = self._interval_ms(index)
        phase_ms = int(self._phases[index] * interval_ms)
        return begin_ms + (phase_ms - begin_ms) % interval_ms


def _alarm_times(effect: AnyEffect, occurrence: Occurrence) -> Iterator[int]:
    """At the begin, every few seconds while it lasts, and at the end; nothing for what waits for the usual report."""
    begin_ms = round(occurrence.begin_s * 1000) + _WAKE_MS
    match effect:
        case TripEffect():
            yield begin_ms
            if occurrence.end_s < float("inf"):
                yield round(occurrence.end_s * 1000) + _WAKE_MS
        case OpenEffect() | TiltEffect() | WaterEffect():
            after_s = effect.ramp if isinstance(effect, WaterEffect) else 0.0
            end_ms = round(min(occurrence.end_s + after_s, occurrence.begin_s + _ALARM_LONGEST_MS / 1000) * 1000)
            yield from range(begin_ms, end_ms, _ALARM_EVERY_MS)
            yield end_ms + _WAKE_MS
        case _:
            return
