"""A compiled program: every rule bound to the devices of one registry, ready to judge columns."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from domain.conditions import Evidence, RuleCard, Target, Transition
from domain.devices import Device, Registry
from domain.instants import from_micros
from domain.readings import Vocabulary
from rules.machine import Change, Timing
from rules.state import Column, Index, Ints, RuleState, blank, own_of, rows_of
from rules.tables import LimitTable

Ordinals = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arrivals:
    """The live readings of a batch, in the program's own ordinals, devices that the program does not know left out."""

    device: Ordinals
    metric: Ordinals
    at: Ints
    value: npt.NDArray[np.float64]
    span: npt.NDArray[np.float32]
    good: npt.NDArray[np.bool_]

    def take(self, which: npt.NDArray[np.bool_] | Index) -> "Arrivals":
        return Arrivals(
            device=self.device[which],
            metric=self.metric[which],
            at=self.at[which],
            value=self.value[which],
            span=self.span[which],
            good=self.good[which],
        )


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


class Judge(ABC):
    """One rule on all its targets. Holds what does not change; everything that does is in the RuleState."""

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

    @abstractmethod
    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        """Judge what has arrived, in order of event time. `state` changes in place."""

    @abstractmethod
    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        """Time has come to `now`; every reading up to `frontier` has arrived. `state` changes in place."""

    def transition(self, change: Change, evidence: Evidence) -> Transition:
        """The change as the rest of the house reads it."""
        return Transition(
            rule=self.card.id,
            target=self.targets[change.target],
            signal=change.signal,
            at=from_micros(change.at),
            since=from_micros(change.since),
            evidence=evidence,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Program:
    """`judges` by rule id, in the order of the files. `settle_us`: how late a reading may come behind the tick."""

    vocabulary: Vocabulary
    judges: Mapping[str, Judge]
    settle_us: int
    _translations: WeakKeyDictionary[Vocabulary, tuple[Ordinals, Ordinals]] = field(default_factory=WeakKeyDictionary)

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
