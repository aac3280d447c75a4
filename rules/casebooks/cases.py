"""A case as it is played: the rules under test, the devices, every reading with its arrival, and what is expected."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.conditions import Signal, Target
from domain.devices import Registry
from domain.readings import Quality
from rules.loading import RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One reading; times in microseconds."""

    device: str
    metric: str
    at: int
    arrival: int
    value: float
    span_s: float = 0.0
    quality: Quality = Quality.GOOD


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One signal; None and what `figures` leave out may be anything. `line`: where the file says so."""

    at: int
    rule: str
    target: Target
    signal: Signal
    since: int | None = None
    value: float | None = None
    limit: float | None = None
    figures: Mapping[str, float | str] = field(default_factory=dict)
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How a rule has to stand on a target at an event time."""

    at: int
    rule: str
    target: Target
    standing: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One story, ready to be played. `lines` in order of arrival."""

    name: str
    file: str
    line: int | None
    ruleset: RuleSet
    registry: Registry
    start: int
    until: int
    tick: int
    step: int
    """Between two columns of its timeline."""
    settle: int
    """How late the readings of the story come at the most."""
    batch: int | None
    lines: tuple[Line, ...]
    expected: tuple[Expected, ...]
    silent: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """Those of which every signal is listed."""
        return tuple(dict.fromkeys((*(one.rule for one in self.expected), *self.silent)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Casebook:
    """All cases of one file."""

    file: str
    cases: tuple[Case, ...]
