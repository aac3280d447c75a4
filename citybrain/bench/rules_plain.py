"""The baseline of `citybrain bench rules`: the ordinary loop over readings and rules, with dictionaries.

The same rules to the letter (hold, clear, dead-band, end of evidence, limits by zone and hour), so that it has to come
to the same transitions. It is spared what the engine does besides: late readings, other vocabularies, objects to tell.
"""

import operator
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter

from domain.conditions import Signal
from domain.devices import Registry
from domain.instants import MICROS_PER_S
from domain.places import NoiseZone
from rules.digest import line
from rules.entries import TableName
from rules.kinds.state import StateEntry
from rules.kinds.threshold import ThresholdEntry
from rules.loading import RuleSet
from rules.tables import Timeline

Limit = Callable[[str, int], float | None]
Reading = tuple[str, str, int, float]
"""Device, metric, event time in microseconds, value."""
FAR = 2**62
DAY_US = 86_400 * MICROS_PER_S
COMPLIANT: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">=": operator.ge,
    ">": operator.gt,
    "=": operator.eq,
}


@dataclass(slots=True)
class PlainRule:
    """What the loop needs of a rule. `dead_band` is added to the limit: positive where too low is the violation."""

    id: str
    limit: Limit
    compliant: Callable[[float, float], bool]
    dead_band: float
    hold: int
    clear: int
    evidence_for: float
    validity: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Standing:
    """One rule on one device, while it is not calm."""

    phase: str
    since: int
    good_since: int = FAR
    is_lost: bool = False
    known: bool = True


@dataclass(slots=True)
class PlainLoop:
    """All rules over all devices."""

    rules: dict[str, list[PlainRule]]
    lines: list[str] = field(default_factory=list)
    last: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    open: dict[tuple[str, str, str], tuple[PlainRule, Standing]] = field(default_factory=dict)

    def read(self, reading: Reading) -> None:
        """Judge one reading by every rule on its metric."""
        device, metric, at, value = reading
        before = self.last.get((device, metric))
        if before is not None and at <= before[0]:
            return
        moved: list[tuple[PlainRule, int]] = []
        for rule in self.rules.get(metric, ()):
            found = _found(rule, rule.limit(device, at), value)
            standing = self.open.get((rule.id, device, metric))
            if standing is None:
                if found == 2:
                    moved.append((rule, found))
                continue
            self._pass(standing[0], standing[1], (device, metric), until=at)
            moved.append((rule, found))
        self.last[device, metric] = (at, value)
        for rule, found in moved:
            self._find(rule, (device, metric), at, found)

    def tick(self, frontier: int) -> None:
        """Everything up to `frontier` has arrived."""
        for (_, device, metric), (rule, standing) in list(self.open.items()):
            self._pass(rule, standing, (device, metric), until=frontier)

    def _pass(self, rule: PlainRule, standing: Standing, series: tuple[str, str], *, until: int) -> None:
        """Timers and the end of the evidence, in the order of their times."""
        if not standing.known:
            return
        end = self.last[series][0] + rule.validity[series[0]]
        self._timers(rule, standing, series, until=min(end, until))
        if end <= until and (rule.id, *series) in self.open:
            standing.known, standing.good_since = False, FAR
            if not standing.is_lost:
                self._tell(rule, standing, series, Signal.LOST, (end, end))

    def _timers(self, rule: PlainRule, standing: Standing, series: tuple[str, str], *, until: int) -> None:
        if standing.phase == "pending" and standing.since + rule.hold <= until:
            standing.phase = "held"
            self._tell(rule, standing, series, Signal.HELD, (standing.since + rule.hold, standing.since))
        if standing.phase == "held" and standing.good_since + rule.clear <= until:
            self._tell(rule, standing, series, Signal.CLEARED, (standing.good_since + rule.clear, standing.good_since))
            del self.open[rule.id, series[0], series[1]]

    def _find(self, rule: PlainRule, series: tuple[str, str], at: int, found: int) -> None:
        key = (rule.id, *series)
        pair = self.open.get(key)
        if pair is None:
            if found == 2:
                self._begin(rule, series, at)
            return
        standing = pair[1]
        was_known, standing.known = standing.known, True
        if standing.phase == "held":
            self._find_held(rule, standing, series, at, found)
        elif found == 0 or (found == 1 and not was_known):
            del self.open[key]
            self._tell(rule, standing, series, Signal.CLEARED, (at, at))
        elif not was_known:
            self._begin(rule, series, at)

    def _find_held(self, rule: PlainRule, standing: Standing, series: tuple[str, str], at: int, found: int) -> None:
        if found == 0:
            standing.good_since = min(standing.good_since, at)
            self._timers(rule, standing, series, until=at)
            return
        standing.good_since = FAR
        if standing.is_lost:
            self._tell(rule, standing, series, Signal.VIOLATED, (at, standing.since))

    def _begin(self, rule: PlainRule, series: tuple[str, str], at: int) -> None:
        standing = Standing("pending", at)
        self.open[rule.id, series[0], series[1]] = (rule, standing)
        self._tell(rule, standing, series, Signal.VIOLATED, (at, at))
        self._timers(rule, standing, series, until=at)

    def _tell(
        self, rule: PlainRule, standing: Standing, series: tuple[str, str], signal: Signal, times: tuple[int, int]
    ) -> None:
        standing.is_lost = signal is Signal.LOST
        at, value = self.last[series]
        limit = rule.limit(series[0], at)
        self.lines.append(line(rule.id, f"device:{series[0]}", signal.value, times, (value, limit)))


def _found(rule: PlainRule, limit: float | None, value: float) -> int:
    """0 good, 1 between, 2 violated."""
    if limit is None:
        return 1
    if not rule.compliant(value, limit):
        return 2
    return 0 if rule.compliant(value, limit + rule.dead_band) else 1


def plain_loop(ruleset: RuleSet, registry: Registry, *, around: int) -> PlainLoop:
    """For rules of the kinds threshold and state, and feeds within a day of the instant `around`."""
    loop = PlainLoop(rules={})
    for rule in ruleset.rules:
        entry = rule.entry
        if isinstance(entry, ThresholdEntry | StateEntry):
            loop.rules.setdefault(entry.metric, []).append(_plain(entry, _limit(entry, ruleset, registry, around)))
    for rules in loop.rules.values():
        for plain, device in ((plain, device) for plain in rules for device in registry):
            plain.validity[device.id] = round(device.interval_s * plain.evidence_for * MICROS_PER_S)
    return loop


def _plain(entry: ThresholdEntry | StateEntry, limit: Limit) -> PlainRule:
    compare = entry.compare if isinstance(entry, ThresholdEntry) else "="
    dead_band = entry.dead_band if isinstance(entry, ThresholdEntry) else 0.0
    return PlainRule(
        id=entry.id,
        limit=limit,
        compliant=COMPLIANT[compare],
        dead_band=dead_band if compare.startswith(">") else -dead_band,
        hold=round(entry.hold * MICROS_PER_S),
        clear=round(entry.clear * MICROS_PER_S),
        evidence_for=entry.evidence_for,
    )


def _limit(entry: ThresholdEntry | StateEntry, ruleset: RuleSet, registry: Registry, around: int) -> Limit:
    fixed = entry.normal if isinstance(entry, StateEntry) else entry.limit
    if isinstance(fixed, float):
        return lambda device, at: fixed
    if not isinstance(fixed, TableName):
        raise ValueError(f"the ordinary loop does not know the limit of rule {entry.id}")
    timeline = Timeline(ruleset.tables[fixed.table], registry.city.timezone)
    steps = {zone: timeline.steps(zone, around - DAY_US, around + DAY_US) for zone in NoiseZone}
    zone_of = {device.id: device.zone for device in registry}

    def by_zone(device: str, at: int) -> float | None:
        zone = zone_of[device]
        if zone is None:
            return None
        return steps[zone][bisect_right(steps[zone], at, key=itemgetter(0)) - 1][2]

    return by_zone
