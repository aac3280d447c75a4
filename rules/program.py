"""A compiled program: every rule bound to the devices of one registry, ready to judge columns."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from domain.conditions import Evidence, RuleCard, Target, Transition
from domain.devices import Device, Registry
from domain.instants import MICROS_PER_S, from_micros
from domain.readings import Vocabulary
from rules.core.machine import Change, Timing
from rules.state import NEVER, Column, Index, Ints, RuleState, State, blank, own_of, rows_of
from rules.tables import LimitTable

Ordinals = npt.NDArray[np.intp]
DAY_US = 86_400 * MICROS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arrivals:
    """The live readings of a batch, in the program's own ordinals, devices that the program does not know left out.

    A judge with one metric gets the readings of that metric alone. With a lateness they come in order of event time for
    each series, else as they arrived.
    """

    device: Ordinals
    metric: Ordinals
    at: Ints
    received: Ints
    """When we got it."""
    value: npt.NDArray[np.float64]
    span: npt.NDArray[np.float32]
    good: npt.NDArray[np.bool_]
    delay: Ints
    """How far the clock of the reading's series runs behind, as of this reading (rules/core/feeds.py); in µs."""
    once: bool = False
    """Known to hold every device at most once."""

    def __len__(self) -> int:
        return len(self.at)

    def take(self, which: npt.NDArray[np.bool_] | Index) -> "Arrivals":
        return Arrivals(
            device=self.device[which],
            metric=self.metric[which],
            at=self.at[which],
            received=self.received[which],
            value=self.value[which],
            span=self.span[which],
            good=self.good[which],
            delay=self.delay[which],
            once=self.once,
        )

    def known_once(self) -> "Arrivals":
        """The same, of which somebody made sure that no device comes twice."""
        return replace(self, once=True)

    def joined(self, more: "Arrivals") -> "Arrivals":
        columns: dict[str, Any] = {name: np.concatenate([getattr(self, name), getattr(more, name)]) for name in COLUMNS}
        return Arrivals(**columns)


COLUMNS: Mapping[str, npt.DTypeLike] = {
    "device": np.intp,
    "metric": np.intp,
    "at": np.int64,
    "received": np.int64,
    "value": np.float64,
    "span": np.float32,
    "good": np.bool_,
    "delay": np.int64,
}


def nothing_arrived() -> Arrivals:
    """No rows."""
    columns: dict[str, Any] = {name: np.zeros(0, dtype=dtype) for name, dtype in COLUMNS.items()}
    return Arrivals(**columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a rule is compiled against."""

    registry: Registry
    vocabulary: Vocabulary
    tables: Mapping[str, LimitTable]
    units: Mapping[str, str]
    """Unit of every metric of the catalogue."""
    blind_after_us: int
    """A longer pause between two ticks means that nobody listened."""
    lateness_us: int = 0
    """For rules that do not say it themselves: how far the readings of one series may be out of order."""

    def lateness_of(self, lateness_s: float | None) -> int:
        """In µs; `lateness_s` is what the rule says."""
        return self.lateness_us if lateness_s is None else round(lateness_s * MICROS_PER_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """`allowed_s`: for rules that do not say it themselves, how far the readings of one series may be out of order.

    `lag_limit_s`: a feed that is late as a whole is judged by a clock that runs behind as much, but no more than this.
    """

    allowed_s: float = 0.0
    lag_limit_s: float = 86_400.0


class Judge(ABC):
    """One rule on all its targets. Holds what does not change; everything that does is in the RuleState."""

    by_series = False
    """It looks at every series by that series' own clock (`Arrivals.delay`); else all of them go by one."""

    def __init__(
        self, *, card: RuleCard, timing: Timing, devices: tuple[Device, ...], targets: tuple[Target, ...], site: Site
    ) -> None:
        self.card = card
        self.timing = timing
        self.devices = devices
        self.targets = targets
        self.place_of = np.full(len(site.vocabulary.devices), -1, dtype=np.intp)
        """From the program's device ordinal to the place in the columns, -1 for devices out of scope."""
        self.metric_ordinal: int | None = None
        """The only metric that it looks at; None: any."""
        self.own_columns: Mapping[str, Column] = {}
        """What the kind keeps in `RuleState.own`."""
        self.own_rows: Mapping[str, npt.DTypeLike] = {}
        """What the kind keeps in `RuleState.rows`."""
        ordinal = site.vocabulary.device_ordinal
        self.place_of[[ordinal[device.id] for device in devices]] = np.arange(len(devices))

    def initial(self) -> RuleState:
        """Nothing heard, nothing judged."""
        state = blank(
            devices=tuple(device.id for device in self.devices), targets=tuple(str(target) for target in self.targets)
        )
        state.own = own_of(self.own_keys(), self.own_columns)
        state.rows = rows_of(self.own_keys(), self.own_rows)
        return state

    def own_keys(self) -> tuple[str, ...]:
        """What the rows of `own` and `rows` are about; the devices, unless a kind says otherwise."""
        return tuple(device.id for device in self.devices)

    def feeds(self) -> frozenset[int]:
        """The metrics whose feeds set the clock of a judge over several series; none: it looks at the present."""
        return frozenset() if self.metric_ordinal is None else frozenset({self.metric_ordinal})

    def watch(self, state: RuleState, now: int) -> None:
        """Nothing was heard by `now` that its clock could go by: all there is to know is that somebody listens."""
        state.now = now

    @abstractmethod
    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        """Judge what has arrived, in order of event time. `state` changes in place."""

    @abstractmethod
    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        """Time has come to `now`; every reading up to `frontier` has arrived. `state` changes in place."""

    def fellowship(self) -> Hashable | None:
        """Judges that give the same one are judged together, by the `panel` of the first; None: by itself."""
        return None

    def panel(self, judges: "Sequence[Judge]") -> "Panel":
        """What drives these judges, of one fellowship."""
        return Alone(*judges)

    def transition(self, change: Change, evidence: Evidence) -> Transition:
        """The change as the rest of the house reads it."""
        at = from_micros(change.at)
        return Transition(
            rule=self.card.id,
            target=self.targets[change.target],
            signal=change.signal,
            at=at,
            since=at if change.since == change.at else from_micros(change.since),
            evidence=evidence,
        )


class Panel(ABC):
    """Drives the judges of one or several rules over the state of the whole program."""

    metric_ordinal: int | None
    """The only metric that it looks at; None: any."""

    @abstractmethod
    def begin(self, state: State) -> None:
        """Put the fresh memory of its rules into the state."""

    @abstractmethod
    def resume(self, state: State) -> None:
        """The memory of its rules came out of a snapshot."""

    @abstractmethod
    def observe(self, state: State, arrivals: Arrivals) -> list[Transition]:
        """As Judge.observe."""

    @abstractmethod
    def advance(self, state: State, *, frontier: int, now: int) -> list[Transition]:
        """As Judge.advance; neither time goes back behind what was told before."""


class Alone(Panel):
    """One judge by itself."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._rule = judge.card.id
        self.metric_ordinal = judge.metric_ordinal
        self._feeds = frozenset() if judge.by_series else judge.feeds()
        self._heard_from = np.flatnonzero(judge.place_of >= 0)

    def _behind(self, state: State, frontier: int) -> int | None:
        """How far its clock runs behind the frontier; None: there is nothing yet that it could go by.

        As far as the promptest of its feeds that was heard within a day.

        So feeds that are late all together are followed, and one device with a wrong clock holds up nobody.
        """
        if not self._feeds:
            return 0
        feeds = [state.feeds[metric] for metric in self._feeds if metric in state.feeds]
        delays = [feed.delay_within(self._heard_from, since=frontier - DAY_US) for feed in feeds]
        known = [delay for delay in delays if delay is not None]
        if known or state.rules[self._rule].through != NEVER:
            return min(known, default=0)
        return None

    def begin(self, state: State) -> None:
        state.rules[self._rule] = self._judge.initial()

    def resume(self, state: State) -> None:
        """Its memory is the snapshot's."""

    def observe(self, state: State, arrivals: Arrivals) -> list[Transition]:
        return self._judge.observe(state.rules[self._rule], arrivals)

    def advance(self, state: State, *, frontier: int, now: int) -> list[Transition]:
        known = state.rules[self._rule]
        if not self._judge.devices:
            return []
        behind, now = self._behind(state, frontier), max(now, known.now)
        if behind is None:
            self._judge.watch(known, now)
            return []
        return self._judge.advance(known, frontier=max(frontier - behind, known.through), now=now)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lane:
    """The panels of all rules that allow the same lateness, in µs, and all judge `by_series` or not."""

    lateness: int
    by_series: bool
    panels: tuple[Panel, ...]

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
    _translations: WeakKeyDictionary[Vocabulary, tuple[Ordinals, Ordinals]] = field(default_factory=WeakKeyDictionary)

    @cached_property
    def lanes(self) -> tuple[Lane, ...]:
        """The judges by lateness, and in each lane by fellowship, in their order."""
        lanes: dict[tuple[int, bool], dict[Hashable, list[Judge]]] = {}
        for rule, judge in self.judges.items():
            fellowship = judge.fellowship()
            lane = lanes.setdefault((self.lateness.get(rule, 0), judge.by_series), {})
            lane.setdefault(rule if fellowship is None else (fellowship,), []).append(judge)
        return tuple(
            Lane(
                lateness=lateness,
                by_series=by_series,
                panels=tuple(judges[0].panel(judges) for judges in groups.values()),
            )
            for (lateness, by_series), groups in lanes.items()
        )

    @cached_property
    def metrics(self) -> frozenset[int]:
        """Ordinals of the metrics whose feeds are followed."""
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
        return (rule, target) in self._watched

    @cached_property
    def _watched(self) -> frozenset[tuple[str, Target]]:
        return frozenset((rule, target) for rule, judge in self.judges.items() for target in judge.targets)

    def translation(self, vocabulary: Vocabulary) -> tuple[Ordinals, Ordinals]:
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
