"""One rule bound to the devices of one registry, and what drives it over the memory of all."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from domain.conditions import Evidence, RuleCard, Target, Transition
from domain.devices import Device, Registry
from domain.instants import MICROS_PER_S, from_micros
from domain.readings import Vocabulary
from rules.columns import EVERY_SIGHT, NEVER, Column, RuleState, blank, own_of, rows_of
from rules.core.arrivals import Arrivals
from rules.core.comparing import Yardstick
from rules.core.machine import Change, Timing
from rules.rosters import Roster, roster_of
from rules.state import State
from rules.tables import LimitTable

DAY_US = 86_400 * MICROS_PER_S


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
    _rosters: dict[tuple[str, ...], Roster] = field(default_factory=dict)

    def roster_of(self, devices: Sequence[Device]) -> Roster:
        """The same one for all rules on these devices. Raises KeyError for a device that is not in the vocabulary."""
        ids = tuple([device.id for device in devices])
        if ids not in self._rosters:
            self._rosters[ids] = roster_of(devices, self.vocabulary)
        return self._rosters[ids]

    def lateness_of(self, lateness_s: float | None) -> int:
        """In µs; `lateness_s` is what the rule says."""
        return self.lateness_us if lateness_s is None else round(lateness_s * MICROS_PER_S)


class Judge(ABC):
    """One rule on all its targets. Holds what does not change; everything that does is in the RuleState."""

    by_series = False
    """It looks at every series by that series' own clock (`Arrivals.delay`); else all of them go by one."""
    sights: frozenset[str] = EVERY_SIGHT
    """The columns of `RuleState.sightings` that it writes. The others cost no memory and cannot be written."""

    def __init__(
        self,
        *,
        card: RuleCard,
        timing: Timing,
        devices: tuple[Device, ...],
        targets: tuple[Target, ...] | None = None,
        site: Site,
    ) -> None:
        """Without `targets` every device is its own."""
        roster = site.roster_of(devices)
        self.card = card
        self.timing = timing
        self.devices = roster.devices
        self.ids = roster.ids
        self.targets = roster.targets if targets is None else targets
        self.keys = roster.keys if targets is None else tuple(str(target) for target in targets)
        """The targets as a snapshot spells them."""
        self.place_of = roster.place_of
        """From the program's device ordinal to the place in the columns, -1 for devices out of scope."""
        self.metric_ordinal: int | None = None
        """The only metric that it looks at; None: any."""
        self.own_columns: Mapping[str, Column] = {}
        """What the kind keeps in `RuleState.own`."""
        self.own_rows: Mapping[str, npt.DTypeLike] = {}
        """What the kind keeps in `RuleState.rows`."""

    def initial(self) -> RuleState:
        """Nothing heard, nothing judged."""
        state = blank(devices=self.ids, targets=self.keys, sights=self.sights)
        state.own = own_of(self.own_keys(), self.own_columns)
        state.rows = rows_of(self.own_keys(), self.own_rows)
        return state

    def own_keys(self) -> tuple[str, ...]:
        """What the rows of `own` and `rows` are about; the devices, unless a kind says otherwise."""
        return self.ids

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """The places of the devices in the columns, by their ids."""
        return {device: row for row, device in enumerate(self.ids)}

    def feeds(self) -> frozenset[int]:
        """The metrics whose feeds set the clock of a judge over several series; none: it looks at the present."""
        return frozenset() if self.metric_ordinal is None else frozenset({self.metric_ordinal})

    def watch(self, state: RuleState, now: int) -> None:
        """Nothing was heard by `now` that its clock could go by: all there is to know is that somebody listens."""
        state.now = now

    def yardstick(self, device: str, metric: str, at: int) -> Yardstick | None:
        """What a single reading of that time (µs) is held against by itself, other readings left out of account; None:
        the rule makes no such demand on it.
        """
        return None

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
    is_idle: bool
    """Its rules have no device in this city: neither readings nor time do anything to it."""

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
        self.is_idle = not judge.devices
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
        behind, now = self._behind(state, frontier), max(now, known.now)
        if behind is None:
            self._judge.watch(known, now)
            return []
        return self._judge.advance(known, frontier=max(frontier - behind, known.through), now=now)
