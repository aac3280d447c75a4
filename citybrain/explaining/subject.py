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

LOOKS_BACK = ("hold", "clear", "window", "every", "within", "together", "lasts")
"""Durations of a rule that say how far before an event the readings lie which made it."""
IN_INTERVALS = ("evidence_for", "missed", "intervals")
"""The same, counted in a device's own intervals."""
DAY_BEFORE = timedelta(days=1, hours=1)
"""An hour's index may rest on the mean of the 24 hours before."""
LOOKS_AROUND = frozenset({"drift", "correlation"})
"""Kinds for which what other devices say counts too, or that nothing is known of them."""
LONGEST_S = 14 * 86_400.0
MOST_DEVICES = 300
AROUND_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """`metrics` empty: any. [start, end) in event time. `is_whole`: no device had to be left out."""

    devices: tuple[str, ...]
    metrics: tuple[str, ...]
    start: datetime
    end: datetime
    is_whole: bool = True

    def query(self, *, at_once: int) -> BatchQuery:
        return BatchQuery(start=self.start, end=self.end, devices=self.devices, metrics=self.metrics, at_once=at_once)


def subject_of(
    alert: Alert, transitions: Sequence[AlertTransition], entry: RuleEntry, judged: Sequence[Device], registry: Registry
) -> Subject:
    """`judged`: the devices in the rule's scope, of which those of the alert's target count, and for rules that look at
    several together all of them, the nearest first; with those that mask them.
    """
    named = {reading.device for told in transitions for reading in told.evidence.readings}
    grades = {road.id: str(road.grade) for road in registry.city.roads}
    chosen = [device for device in judged if device.id in named or _is_of(device, alert.target, grades)]
    if entry.kind in LOOKS_AROUND:
        theirs = {device.id for device in chosen}
        chosen += _nearest([device for device in judged if device.id not in theirs], chosen)
    kept = chosen[:MOST_DEVICES]
    if _masks(entry):
        parents = dict.fromkeys(device.parent or "" for device in kept)
        kept += [registry.devices[parent] for parent in parents if parent in registry.devices]
    off_s = _clock_error_s(entry, transitions)
    back_s = _back_s(entry, max((device.interval_s for device in kept), default=0.0)) + off_s
    last = max([alert.changed_at, *(told.at for told in transitions)])
    return Subject(
        devices=tuple(device.id for device in kept),
        metrics=_metrics(entry, transitions),
        start=alert.opened_at - timedelta(seconds=min(back_s, LONGEST_S)),
        end=last + timedelta(seconds=AROUND_S + off_s),
        is_whole=len(chosen) <= MOST_DEVICES,
    )


def _nearest(others: Sequence[Device], chosen: Sequence[Device]) -> Sequence[Device]:
    """Those first that stand nearest to the first one chosen."""
    if not chosen:
        return others
    return sorted(others, key=lambda device: _apart(device.place, chosen[0].place))


def _apart(one: Place, other: Place) -> float:
    """Enough to order by: degrees of longitude are shorter than those of latitude."""
    return math.hypot((one.lon - other.lon) * math.cos(math.radians(other.lat)), one.lat - other.lat)


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
