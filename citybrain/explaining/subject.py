"""Which stored readings an alert is about: devices, metrics, and the stretch of time that its rule looked at."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.alerts import Alert, AlertTransition
from domain.conditions import Target, TargetKind
from domain.devices import Device, Registry
from domain.places import Place
from domain.series import BatchQuery
from rules.entries import RuleEntry
from rules.groups.neighbours import near
from rules.kinds.correlation import CorrelationEntry, Where
from rules.kinds.drift import DriftEntry

LOOKS_BACK = ("hold", "clear", "window", "every", "within", "together", "lasts")
"""Durations of a rule that say how far before an event the readings lie which made it."""
IN_INTERVALS = ("evidence_for", "missed", "intervals")
"""The same, counted in a device's own intervals."""
DAY_BEFORE = timedelta(days=1, hours=1)
"""An hour's index may rest on the mean of the 24 hours before."""
LOOKS_AROUND = frozenset({"drift", "correlation"})
"""Kinds for which what other devices say counts too, or that nothing is known of them. Those are many: of them only the
readings are shown that the alert itself is about.
"""
LONGEST_S = 14 * 86_400.0
MOST_DEVICES = 300
MOST_BEFORE = 250_000
"""So many readings from before the alert, as the devices' intervals let expect them: more are not gone through."""
AROUND_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """`metrics` empty: any. [start, end) in event time. `shown`: the devices whose readings are shown, the others are
    judged along. `is_whole`: no device and no time had to be left out.
    """

    devices: tuple[str, ...]
    shown: frozenset[str]
    metrics: tuple[str, ...]
    start: datetime
    end: datetime
    is_whole: bool = True

    def query(self, *, at_once: int) -> BatchQuery:
        return BatchQuery(start=self.start, end=self.end, devices=self.devices, metrics=self.metrics, at_once=at_once)


def subject_of(
    alert: Alert, transitions: Sequence[AlertTransition], entry: RuleEntry, judged: Sequence[Device], registry: Registry
) -> Subject:
    """`judged`: the devices in the rule's scope, of which those of the alert's target count, and those that the rule
    holds beside them, the nearest first; with those that mask them.
    """
    named = {reading.device for told in transitions for reading in told.evidence.readings}
    grades = {road.id: str(road.grade) for road in registry.city.roads}
    chosen = [device for device in judged if device.id in named or _is_of(device, alert.target, grades)]
    first = named | {alert.target.id}
    chosen.sort(key=lambda device: device.id not in first)
    told = [device.id for device in chosen if device.id in first or entry.kind not in LOOKS_AROUND]
    shown = frozenset(told or [device.id for device in chosen])
    centre = registry.devices.get(alert.target.id)
    if centre is not None:
        theirs = {device.id for device in chosen}
        chosen += [device for device in _beside(entry, centre, judged) if device.id not in theirs]
    kept = chosen[:MOST_DEVICES]
    masks = _masks_of(kept, registry) if _masks(entry) else []
    kept += masks
    off_s = _clock_error_s(entry, transitions)
    metrics = _metrics(entry, transitions)
    asked_s = _back_s(entry, max((device.interval_s for device in kept), default=0.0)) + off_s
    back_s = min(asked_s, LONGEST_S, MOST_BEFORE / _rate(kept, metrics))
    last = max([alert.changed_at, *(told.at for told in transitions)])
    return Subject(
        devices=tuple(device.id for device in kept),
        shown=shown.union(device.id for device in masks),
        metrics=metrics,
        start=alert.opened_at - timedelta(seconds=back_s),
        end=last + timedelta(seconds=AROUND_S + off_s),
        is_whole=len(chosen) <= MOST_DEVICES and back_s == asked_s,
    )


def _beside(entry: RuleEntry, centre: Device, judged: Sequence[Device]) -> Sequence[Device]:
    """Those whose readings the rule holds beside those of the device that the alert is about, the nearest first."""
    match entry:
        case DriftEntry(within_km=float() as km):
            others = _within(1000 * km, centre, judged)
        case DriftEntry(same=str() as field):
            others = [device for device in judged if getattr(device, field) == getattr(centre, field)]
        case CorrelationEntry(where=Where(near=float() as metres)):
            others = _within(metres, centre, judged)
        case _:
            return ()
    if isinstance(entry, DriftEntry):
        others = [device for device in others if device.kind == centre.kind]
    return sorted(others, key=lambda device: _apart(device.place, centre.place))


def _within(metres: float, centre: Device, judged: Sequence[Device]) -> Sequence[Device]:
    _, found = near([centre.place], [device.place for device in judged], metres=metres)
    return [judged[place] for place in found.tolist()]


def _rate(devices: Sequence[Device], metrics: Sequence[str]) -> float:
    """Readings a second to be expected of these devices."""
    return sum((1 / device.interval_s for device in devices), 1e-9) * max(1, len(metrics))


def _apart(one: Place, other: Place) -> float:
    """Enough to order by: degrees of longitude are shorter than those of latitude."""
    return math.hypot((one.lon - other.lon) * math.cos(math.radians(other.lat)), one.lat - other.lat)


def _masks_of(devices: Sequence[Device], registry: Registry) -> Sequence[Device]:
    parents = dict.fromkeys(device.parent or "" for device in devices)
    return [registry.devices[parent] for parent in parents if parent in registry.devices]


def _masks(entry: RuleEntry) -> bool:
    """Whether a parent's readings may mask those of a device."""
    return any(key == "of" and value in ("parent", "either") for key, value in _said(entry))


def _clock_error_s(entry: RuleEntry, transitions: Sequence[AlertTransition]) -> float:
    """How far the event times may lie from the arrivals that the moves of a wrong clock are told at."""
    if entry.kind != "clock":
        return 0.0
    return max((abs(told.evidence.value or 0.0) for told in transitions), default=0.0)


def _is_of(device: Device, target: Target, grades: Mapping[str, str]) -> bool:
    named: Mapping[TargetKind, set[str | None]] = {
        TargetKind.DEVICE: {device.id, device.parent},
        TargetKind.ROAD: {device.road},
        TargetKind.DISTRICT: {device.district},
        TargetKind.CELL: {str(device.grid_cell)},
        TargetKind.ZONE: {str(device.zone)},
        TargetKind.GRADE: {grades.get(device.road or "")},
        TargetKind.CITY: {target.id},
    }
    return target.id in named.get(target.kind, set())


def _back_s(entry: RuleEntry, interval_s: float) -> float:
    """How long before an alert began the first reading may lie that it rests on."""
    lasting, counted = 0.0, 1.0
    for key, value in _said(entry):
        if isinstance(value, int | float):
            lasting += value if key in LOOKS_BACK else 0.0
            counted = max(counted, value if key in IN_INTERVALS else 0.0)
    by_day = DAY_BEFORE.total_seconds() if entry.kind == "index" else 0.0
    return lasting + counted * interval_s + by_day + AROUND_S


def _metrics(entry: RuleEntry, transitions: Sequence[AlertTransition]) -> tuple[str, ...]:
    """Those that the rule's entry names anywhere, and those of the evidence; none where it looks at any reading."""
    named: set[str] = {reading.metric for told in transitions for reading in told.evidence.readings}
    named |= {str(value) for key, value in _said(entry) if key in {"metric", "against"} and value}
    return tuple(sorted(named))


def _said(entry: RuleEntry) -> Iterator[tuple[str, object]]:
    """Every key of the entry, at any depth, with its value."""
    waiting: list[object] = [entry.model_dump(warnings=False)]
    while waiting:
        match waiting.pop():
            case dict() as mapping:
                yield from mapping.items()
                waiting += mapping.values()
            case list() | tuple() as several:
                waiting += several
            case _:
                pass  # a number or a word
