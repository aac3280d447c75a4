"""What a rule can say: three-valued conditions, their evidence, and the transitions between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.readings import Reading


class Condition(StrEnum):
    """Silence is UNKNOWN: it neither fires nor resolves."""

    OK = "ok"
    VIOLATED = "violated"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """Supervision colour (督办): red before yellow before white."""

    RED = "red"
    YELLOW = "yellow"
    WHITE = "white"


class TargetKind(StrEnum):
    DEVICE = "device"
    ROAD = "road"
    GRADE = "grade"
    """All roads of one grade: grade:main."""
    DISTRICT = "district"
    CELL = "cell"
    """A grid cell (单元网格): cell:990103033010021."""
    ZONE = "zone"
    """All areas of one class for noise: zone:2."""
    FEED = "feed"
    CITY = "city"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an alert is about. Spelled `device:NM-0012` outside."""

    kind: TargetKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Target":
        """Raises ValueError for anything but `kind:id`."""
        kind, _, identifier = text.partition(":")
        if kind not in set(TargetKind) or not identifier:
            raise ValueError(f"target {text!r} must read kind:id, such as device:NM-0012")
        return cls(kind=TargetKind(kind), id=identifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """Where a limit comes from, in both languages, precise enough to look it up."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCard:
    """What the rest of the house needs to know of a rule: its name, colour and clause, not how it computes."""

    id: str
    zh: str
    en: str
    severity: Severity
    clause: Clause
    kind: str
    unit: str = ""
    needs_acknowledgement: bool = True
    """False: the alert closes by itself when the condition returns to normal."""
    ladder: str | None = None
    """The ladder of severities that the rule is a rung of: a higher rung makes the lower ones needless."""
    rung: int = 0
    """Which one, from 1 upwards; 0 without a ladder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Numbers that a person can check: value against limit, which clause, and the readings behind it."""

    value: float | None
    limit: float | None
    comparison: str
    """How a compliant value relates to the limit: `<`, `<=`, `>=`, `>` or `=`."""
    unit: str
    clause: Clause
    readings: tuple[Reading, ...] = ()
    figures: Mapping[str, float | str] = field(default_factory=dict)
    """Further numbers by name, such as lit, due, dark, offline for a road; period=night for a noise limit."""


class Signal(StrEnum):
    """What changed for one rule on one target."""

    VIOLATED = "violated"  # the condition became violated; the hold time runs
    HELD = "held"  # ... and stayed so for the hold time
    CLEARED = "cleared"  # ok again, beyond the dead-band, for the clear time
    LOST = "lost"  # unknown: no usable evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One change of one rule's condition on one target, at an event time. Same readings, same transitions."""

    rule: str
    target: Target
    signal: Signal
    at: datetime
    since: datetime
    """When the condition that is now told began."""
    evidence: Evidence
