"""Applies the faults of a scenario to a report on its way out: one report becomes none, another one, or several."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.devices import Device, Registry
from simulators.dice import Dice
from simulators.faults import (
    AnyFault,
    BurstFault,
    DriftFault,
    DropoutFault,
    DuplicateFault,
    LateFault,
    OutOfOrderFault,
    PoisonFault,
    SkewFault,
    StuckFault,
)
from simulators.targets import Choice
from simulators.timing import Occurrence, Occurrences

_BURST_STEP_MS = 20
Measure = Callable[[Device, float], Mapping[str, float]]
"""What a device measures at a time (seconds since the epoch)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A report before it is bytes. `event_ms` is the time that it claims, `send_ms` the one at which it goes out."""

    device: Device
    event_ms: int
    send_ms: int
    values: Mapping[str, float]
    seq: int | None
    poison: int | None = None


_ORDER: tuple[type[AnyFault], ...] = (
    StuckFault,
    DriftFault,
    SkewFault,
    DropoutFault,
    BurstFault,
    PoisonFault,
    LateFault,
    DuplicateFault,
    OutOfOrderFault,
)
"""From the sensor to the line: a stuck value can be sent twice, a lost message cannot."""


class Distortion:
    """All faults of one scenario. `by_fault` counts what they did."""

    def __init__(
        self, faults: Sequence[AnyFault], *, registry: Registry, measure: Measure, seed: int, origin_s: float
    ) -> None:
        self.by_fault: Counter[str] = Counter()
        self._measure = measure
        self._number = {device.id: number for number, device in enumerate(registry)}
        self._faults: list[tuple[AnyFault, Occurrences, Dice]] = []
        for number, fault in sorted(enumerate(faults), key=lambda pair: _ORDER.index(type(pair[1]))):
            dice = Dice(seed, "fault", str(number))
            choice = Choice(fault.target, registry, dice)
            self._faults.append((fault, Occurrences(fault, origin_s=origin_s, choice=choice), dice))

    def apply(self, draft: Draft) -> Iterable[Draft]:
        """What really goes out in place of the draft; never before the draft itself was due."""
        drafts = [draft]
        for fault, occurrences, dice in self._faults:
            occurrence = occurrences.hits(draft.device.id, draft.send_ms / 1000)
            if occurrence is None:
                continue
            throw = draft.send_ms * 4099 + self._number[draft.device.id]
            if dice.uniform(throw) < getattr(fault, "share", 1.0):
                drafts = [changed for one in drafts for changed in self._changed(fault, occurrence, one)]
                self.by_fault[fault.fault] += 1
        return drafts

    def _changed(self, fault: AnyFault, occurrence: Occurrence, draft: Draft) -> Iterator[Draft]:
        match fault:
            case DropoutFault():
                pass
            case StuckFault():
                yield replace(draft, values=self._measure(draft.device, occurrence.begin_s))
            case DriftFault():
                hours = (draft.send_ms / 1000 - occurrence.begin_s) / 3600
                yield replace(draft, values=_shifted(draft.values, fault.metric, fault.per_hour * hours))
            case SkewFault():
                ahead_ms = round(fault.by * 1000) * (-1 if fault.behind else 1)
                yield replace(draft, event_ms=draft.event_ms + ahead_ms)
            case PoisonFault():
                yield replace(draft, poison=draft.send_ms // 10)
            case OutOfOrderFault():
                yield replace(draft, send_ms=draft.send_ms + round(fault.by * 1000))
            case BurstFault() | DuplicateFault() | LateFault():
                yield draft
                yield from self._more(fault, draft)

    def _more(self, fault: BurstFault | DuplicateFault | LateFault, draft: Draft) -> Iterator[Draft]:
        """What goes out besides the draft."""
        match fault:
            case BurstFault():
                for step in range(1, fault.count + 1):
                    later_ms = step * _BURST_STEP_MS
                    yield replace(draft, event_ms=draft.event_ms + later_ms, send_ms=draft.send_ms + later_ms, seq=None)
            case DuplicateFault():
                yield replace(draft, send_ms=draft.send_ms + 150)
            case LateFault():
                past_ms = draft.event_ms - round(fault.by * 1000)
                yield replace(draft, event_ms=past_ms, values=self._measure(draft.device, past_ms / 1000), seq=None)


def _shifted(values: Mapping[str, float], metric: str, by: float) -> Mapping[str, float]:
    return {**values, metric: round(values[metric] + by, 2)} if metric in values else values
