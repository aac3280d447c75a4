"""The baseline of the backtest: one reading after the other, a dictionary of states, as anyone would write it first."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from domain.devices import Registry
from domain.instants import to_micros
from domain.readings import Reading, Vocabulary
from rules.engine import compile_rules
from rules.kinds.state import StateEntry
from rules.kinds.threshold import ThresholdEntry
from rules.loading import RuleSet
from rules.series.judge import SeriesJudge

_OVER: dict[str, Callable[[float, float], bool]] = {
    "<": lambda value, limit: value >= limit,
    "<=": lambda value, limit: value > limit,
    ">=": lambda value, limit: value < limit,
    ">": lambda value, limit: value <= limit,
}


@dataclass(slots=True)
class _Watch:
    """One rule on one device."""

    rule: str
    compare: str
    band: float
    hold: int
    clear: int
    starts: list[int]
    limits: list[float]
    phase: int = 0
    since: int = 0
    good_since: int | None = None

    def take(self, at: int, value: float) -> bool:
        """Whether an alert was told between the reading before and this one, or by it."""
        told = self.finish(at)
        limit = self.limits[bisect_right(self.starts, at) - 1]
        if self._is_over(value, limit):
            self.good_since = None
            if self.phase == 0:
                self.phase, self.since = 1, at
        elif self._is_well(value, limit):
            if self.phase == 1:
                self.phase = 0
            elif self.phase == 2 and self.good_since is None:
                self.good_since = at
        else:
            self.good_since = None
        return self.finish(at) or told

    def finish(self, at: int) -> bool:
        """Whether an alert was told by the time alone."""
        if self.phase == 1 and self.since + self.hold <= at:
            self.phase = 2
            return True
        if self.phase == 2 and self.good_since is not None and self.good_since + self.clear <= at:
            self.phase, self.good_since = 0, None
        return False

    def _is_over(self, value: float, limit: float) -> bool:
        if self.compare == "=":
            return value != limit
        return _OVER[self.compare](value, limit)

    def _is_well(self, value: float, limit: float) -> bool:
        if self.compare == "=":
            return True
        return not self._is_over(value, limit - self.band if self.compare[0] == "<" else limit + self.band)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """[begin, end) in microseconds."""

    begin: int
    end: int


def naive_activations(
    readings: Iterable[Reading], ruleset: RuleSet, registry: Registry, stretch: Stretch
) -> tuple[Counter[str], int]:
    """Alerts by rule of the kinds `threshold` and `state`, and how many readings, in order of time without a pause."""
    watches = _watches(ruleset, registry, stretch)
    counts = Counter({watch.rule: 0 for several in watches.values() for watch in several})
    number = 0
    for reading in readings:
        number += 1
        at = to_micros(reading.at)
        for watch in watches.get((reading.device, reading.metric), ()):
            counts[watch.rule] += watch.take(at, reading.value)
    for several in watches.values():
        for watch in several:
            counts[watch.rule] += watch.finish(stretch.end - 1)
    return counts, number


def _watches(ruleset: RuleSet, registry: Registry, stretch: Stretch) -> dict[tuple[str, str], list[_Watch]]:
    words = Vocabulary(devices=tuple(registry.devices), metrics=ruleset.catalogue.codes)
    program = compile_rules(ruleset, registry, words)
    found: dict[tuple[str, str], list[_Watch]] = defaultdict(list)
    for rule in ruleset.rules:
        entry, judge = rule.entry, program.judges[rule.entry.id]
        if not isinstance(entry, ThresholdEntry | StateEntry) or not isinstance(judge, SeriesJudge):
            continue
        for device in judge.devices:
            steps = judge.limits.steps(device.zone, stretch.begin, stretch.end)
            found[device.id, entry.metric].append(
                _Watch(
                    rule=entry.id,
                    compare=entry.compare if isinstance(entry, ThresholdEntry) else "=",
                    band=entry.dead_band if isinstance(entry, ThresholdEntry) else 0.0,
                    hold=judge.timing.hold,
                    clear=judge.timing.clear,
                    starts=[start for start, _, _ in steps],
                    limits=[limit for _, _, limit in steps],
                )
            )
    return found
