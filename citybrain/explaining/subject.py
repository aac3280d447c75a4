"""Which stored readings an alert is about: devices, metrics, and the stretch of time that its rule looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.alerts import Alert, AlertTransition
from domain.conditions import Target, TargetKind
from domain.devices import Device, Registry
from domain.series import ReadingQuery
from rules.entries import RuleEntry

LOOKS_BACK = ("hold", "clear", "window", "every", "within", "together", "lasts")
"""Durations of a rule that say how far before an event the readings lie which made it."""
LONGEST_S = 14 * 86_400.0
MOST_DEVICES = 300
AROUND_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """`metrics` empty: any. [start, end) in event time."""

    devices: tuple[str, ...]
    metrics: tuple[str, ...]
    start: datetime
    end: datetime

    def query(self, *, limit: int) -> ReadingQuery:
        return ReadingQuery(start=self.start, end=self.end, devices=self.devices, metrics=self.metrics, limit=limit)


def subject_of(
    alert: Alert, transitions: Sequence[AlertTransition], entry: RuleEntry, judged: Sequence[Device], registry: Registry
) -> Subject:
    """`judged`: the devices in the rule's scope, of which those of the alert's target count."""
    named = {reading.device for told in transitions for reading in told.evidence.readings}
    grades = {road.id: str(road.grade) for road in registry.city.roads}
    chosen = [device for device in judged if device.id in named or _is_of(device, alert.target, grades)]
    believed_s = getattr(entry, "evidence_for", 1.0) * max((device.interval_s for device in chosen), default=0.0)
    back_s = believed_s + sum(getattr(entry, name, None) or 0.0 for name in LOOKS_BACK) + AROUND_S
    last = max([alert.changed_at, *(told.at for told in transitions)])
    return Subject(
        devices=tuple(device.id for device in chosen[:MOST_DEVICES]),
        metrics=_metrics(entry, transitions),
        start=alert.opened_at - timedelta(seconds=min(back_s, LONGEST_S)),
        end=last + timedelta(seconds=AROUND_S),
    )


def _is_of(device: Device, target: Target, grades: Mapping[str, str]) -> bool:
    named: Mapping[TargetKind, set[str | None]] = {
        TargetKind.DEVICE: {device.id, device.parent},
        TargetKind.ROAD: {device.road},
        TargetKind.DISTRICT: {device.district},
        TargetKind.GRADE: {grades.get(device.road or "")},
        TargetKind.CITY: {target.id},
    }
    return target.id in named.get(target.kind, set())


def _metrics(entry: RuleEntry, transitions: Sequence[AlertTransition]) -> tuple[str, ...]:
    """Those that the rule's entry names anywhere, and those of the evidence; none where it looks at any reading."""
    named: set[str] = {reading.metric for told in transitions for reading in told.evidence.readings}
    waiting: list[object] = [entry.model_dump(warnings=False)]
    while waiting:
        match waiting.pop():
            case dict() as mapping:
                named |= {str(value) for key, value in mapping.items() if key in {"metric", "against"} and value}
                waiting += mapping.values()
            case list() | tuple() as several:
                waiting += several
            case _:
                pass  # a number or a word
    return tuple(sorted(named))
