"""A compiled program: every rule bound to the devices of one registry, ready to judge columns."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from domain.conditions import RuleCard, Target
from domain.instants import MICROS_PER_S
from domain.readings import Vocabulary
from rules.columns import Index
from rules.judges import Judge, Panel
from rules.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """`allowed_s`: for rules that do not say it themselves, how far the readings of one series may be out of order.

    `lag_limit_s`: a feed that is late as a whole is judged by a clock that runs behind as much, but no more than this.
    """

    allowed_s: float = 0.0
    lag_limit_s: float = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lane:
    """The panels of all rules that allow the same lateness, in µs, and all judge `by_series` or not."""

    lateness: int
    by_series: bool
    panels: tuple[Panel, ...]
    awake: tuple[Panel, ...]
    """Those that are not idle: a city without lamps does not ask the rules on lamps at every batch."""

    @property
    def queue(self) -> int:
        """Under which its queue is kept: the lateness, negative where all series go by one clock."""
        return self.lateness if self.by_series else -self.lateness


@dataclass(frozen=True, kw_only=True, eq=False)
class Program:
    """`judges` by rule id, in the order of the files. `settle_us`: how late a reading may come behind the tick.

    `lateness`: by rule, in µs, how far the readings of one series may be out of order; a rule that is not in it judges
    at once. `lag_limit_us`: a feed is followed so far behind the present, and no further.
    """

    vocabulary: Vocabulary
    judges: Mapping[str, Judge]
    settle_us: int
    lateness: Mapping[str, int] = field(default_factory=dict)
    lag_limit_us: int = 86_400 * MICROS_PER_S
    _watched: dict[str, frozenset[Target]] = field(default_factory=dict)
    _translations: WeakKeyDictionary[Vocabulary, tuple[Index, Index]] = field(default_factory=WeakKeyDictionary)

    @cached_property
    def lanes(self) -> tuple[Lane, ...]:
        """The judges by lateness, and in each lane by fellowship, in their order."""
        lanes: dict[tuple[int, bool], dict[Hashable, list[Judge]]] = {}
        for rule, judge in self.judges.items():
            fellowship = judge.fellowship()
            lane = lanes.setdefault((self.lateness.get(rule, 0), judge.by_series), {})
            lane.setdefault(rule if fellowship is None else (fellowship,), []).append(judge)
        return tuple(
            _lane(lateness, by_series, [judges[0].panel(judges) for judges in groups.values()])
            for (lateness, by_series), groups in lanes.items()
        )

    @cached_property
    def metrics(self) -> frozenset[int]:
        """Index of the metrics whose feeds are followed."""
        own = {judge.metric_ordinal for judge in self.judges.values() if judge.metric_ordinal is not None}
        return frozenset(own.union(*(judge.feeds() for judge in self.judges.values())))

    @cached_property
    def slack_us(self) -> int:
        """By how much the readings of one series may be out of step."""
        return max((self.settle_us, *self.lateness.values()))

    def initial(self) -> State:
        """Nothing heard, nothing judged."""
        state = State(rules={}, vocabulary=self.vocabulary)
        for lane in self.lanes:
            for panel in lane.panels:
                panel.begin(state)
        return replace(state, rules={rule: state.rules[rule] for rule in self.judges})

    @cached_property
    def cards(self) -> Mapping[str, RuleCard]:
        """What the rest of the house needs to know of every rule."""
        return {rule: judge.card for rule, judge in self.judges.items()}

    def is_watched(self, rule: str, target: Target) -> bool:
        """Whether the rule is loaded and judges this target."""
        return rule in self.judges and target in self._targets(rule)

    def _targets(self, rule: str) -> frozenset[Target]:
        """Of rules that somebody asked about: seldom more than a few have an open alert."""
        if rule not in self._watched:
            self._watched[rule] = frozenset(self.judges[rule].targets)
        return self._watched[rule]

    def translation(self, vocabulary: Vocabulary) -> tuple[Index, Index]:
        """From another vocabulary's device and metric ordinals to the program's; -1 for what the program does not know.

        Remembered as long as that vocabulary lives.
        """
        found = self._translations.get(vocabulary)
        if found is None:
            devices, metrics = self.vocabulary.device_ordinal, self.vocabulary.metric_ordinal
            found = (
                np.array([devices.get(device, -1) for device in vocabulary.devices], dtype=np.intp),
                np.array([metrics.get(metric, -1) for metric in vocabulary.metrics], dtype=np.intp),
            )
            self._translations[vocabulary] = found
        return found


def _lane(lateness: int, by_series: bool, panels: Sequence[Panel]) -> Lane:
    awake = tuple(panel for panel in panels if not panel.is_idle)
    return Lane(lateness=lateness, by_series=by_series, panels=tuple(panels), awake=awake)
