"""Judges several rules on one metric of the same devices together: each reading is looked at once, for all of them.

The target of rule r on series s stands at s * rules + r, so that what belongs to one series lies side by side.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from domain.conditions import Transition
from rules import machine
from rules.comparing import Finding
from rules.limits import SteadyLimits
from rules.machine import Change, Phase, Timing, Timings
from rules.program import Arrivals, Panel
from rules.rounds import is_once, rounds
from rules.state import FOREVER, NEVER, Index, Ints, Judgements, RuleState, State, blank, unjudged
from rules.yardsticks import Cells, Plain, Together, Yardstick

if TYPE_CHECKING:
    from rules.series import SeriesJudge

_CALM, _PENDING_LOST, _UNKNOWN = int(Phase.CALM), int(Phase.PENDING_LOST), int(Finding.UNKNOWN)
MOST_REPEATED = 65_536
"""Entries of an agenda beyond two for each target; with more it is made anew, by the next tick."""


@dataclass(frozen=True, slots=True, eq=False)
class News:
    """`due`: a timer or the evidence ran out before the reading. `lost`: LOST was told last. `any`: also a change."""

    due: npt.NDArray[np.bool_]
    lost: npt.NDArray[np.bool_]
    any: npt.NDArray[np.bool_]


class SeriesPanel(Panel):
    """Every device is a target of every rule. A reading is believed for the rule's `evidence_for` intervals."""

    def __init__(self, judges: "Sequence[SeriesJudge]") -> None:
        """All with the same metric and devices; several only if their limits are steady."""
        self._judges = tuple(judges)
        self._rules = tuple(judge.card.id for judge in judges)
        first = judges[0]
        self.metric_ordinal = first.metric_ordinal
        self._devices = len(first.devices)
        self._width = len(judges)
        self._timing: Timing | Timings = first.timing
        if self._width > 1:
            self._timing = Timings(
                hold=np.array([judge.timing.hold for judge in judges], dtype=np.int64),
                clear=np.array([judge.timing.clear for judge in judges], dtype=np.int64),
            )
        # rules with the same validity share one column
        columns = {judge.validity.tobytes(): judge.validity for judge in judges}
        self._validity = np.stack(tuple(columns.values()))
        place = {key: number for number, key in enumerate(columns)}
        self._validity_of = np.array([place[judge.validity.tobytes()] for judge in judges], dtype=np.intp)
        steady = [judge.limits for judge in judges if isinstance(judge.limits, SteadyLimits)]
        self._yardstick: Yardstick = (
            Together(judges, steady, series=self._devices) if len(steady) == self._width else Plain(first)
        )

    def begin(self, state: State) -> None:
        if self._width == 1:
            state.rules[self._rules[0]] = self._judges[0].initial()
            return
        first = self._judges[0]
        devices = tuple(device.id for device in first.devices)
        joint = replace(
            blank(devices=devices, targets=()), judgements=unjudged((), targets=self._devices * self._width)
        )
        state.panels[self._rules[0]] = joint
        keys = tuple(str(target) for target in first.targets)
        for number, judge in enumerate(self._judges):
            mine = _column(joint.judgements, keys, slice(number, None, self._width))
            state.rules[judge.card.id] = replace(joint, judgements=mine)

    def resume(self, state: State) -> None:
        joint = self._joint(state)
        joint.through = max(state.rules[rule].through for rule in self._rules)
        joint.now = max(state.rules[rule].now for rule in self._rules)

    def observe(self, state: State, arrivals: Arrivals) -> list[Transition]:
        return self.judge(self._joint(state), arrivals)

    def advance(self, state: State, *, frontier: int, now: int) -> list[Transition]:
        joint = self._joint(state)
        told = self.wait(joint, frontier=max(frontier, joint.through), now=max(now, joint.now))
        for rule in self._rules:
            state.rules[rule].through, state.rules[rule].now = joint.through, joint.now
        return told

    def _joint(self, state: State) -> RuleState:
        return state.rules[self._rules[0]] if self._width == 1 else state.panels[self._rules[0]]

    def judge(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        """What has arrived; `state` is that of all its rules."""
        place = self._judges[0].place_of.take(arrivals.device)
        mine = (arrivals.metric == self.metric_ordinal) & (place >= 0) & arrivals.good
        if not mine.all():
            rows = np.flatnonzero(mine)
            place, arrivals = place[rows], arrivals.take(rows)
        if not len(place):
            return []
        violated = self._yardstick.violated(place, arrivals.at, arrivals.value)
        if arrivals.once or is_once(place):
            return self._turn(state, place, arrivals, violated)
        told: list[Transition] = []
        for turn in rounds(place, arrivals.at):
            told += self._turn(state, place[turn], arrivals.take(turn), violated[turn])
        return told

    def wait(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        """Time has come to `now`."""
        targets = self._due(state, frontier)
        told: list[Transition] = []
        if len(targets):
            until = frontier - state.sightings.delay[targets // self._width]
            told += self._expire(state, targets, until)
            told += self._tell(state, machine.settle(state.judgements, targets, until, self._timing))
            self._watch(state, targets)
        state.through, state.now = frontier, now
        return told

    def _due(self, state: RuleState, frontier: int) -> Index:
        """Open targets on which something may have happened by `frontier`; each once."""
        if state.agenda is None:
            state.agenda = []
            return machine.open_targets(state.judgements)
        due: set[int] = set()
        while state.agenda and state.agenda[0][0] <= frontier:
            due.add(heappop(state.agenda)[1])
        return np.array(sorted(due), dtype=np.intp)

    def _turn(
        self, state: RuleState, series: Index, arrivals: Arrivals, violated: npt.NDArray[np.bool_]
    ) -> list[Transition]:
        """At most one reading for each of `series`."""
        before = state.sightings.at.take(series)
        fresh = arrivals.at > before
        if not fresh.all():
            np.add.at(state.sightings.late, series[arrivals.at < before], 1)
            rows = np.flatnonzero(fresh)
            series, arrivals, violated = series[rows], arrivals.take(rows), violated[rows]
        phase = state.judgements.phase.reshape(-1, self._width).take(series, axis=0)
        moving = np.flatnonzero(violated | (phase != _CALM))
        if not len(moving):
            _see(state, series, arrivals)
            return []
        row, rule = np.divmod(moving, self._width)
        cells = Cells(series=series[row], rule=rule, at=arrivals.at[row], value=arrivals.value[row])
        found = self._yardstick.found(cells, violated.ravel()[moving])
        return self._move(state, cells, found, seen=(series, arrivals))

    def _move(
        self, state: RuleState, cells: Cells, found: npt.NDArray[np.int8], *, seen: tuple[Index, Arrivals]
    ) -> list[Transition]:
        """One finding for each of the cells, of which some change something; `seen` takes the place of what was."""
        judgements = state.judgements
        targets = cells.series * self._width + cells.rule
        news = self._news(state, targets, cells.at, found)
        moved = seen[1].delay != state.sightings.delay[seen[0]]
        is_news = news.any | np.isin(cells.series, seen[0][moved]) if moved.any() else news.any
        busy = np.flatnonzero(is_news)
        if not len(busy):
            _see(state, *seen)
            return []
        targets, at, found = targets[busy], cells.at[busy], found[busy]
        told: list[Transition] = []
        if news.due.any():
            # what came due before this reading is told with the evidence from before it
            told += self._expire(state, targets, at)
            told += self._tell(state, machine.settle(judgements, targets, at, self._timing))
        _see(state, *seen)
        told += self._tell(state, machine.observe(judgements, targets, at, found, self._timing))
        if news.due.any() or news.lost.any():
            # evidence that was too old when it came moves the machine, but it is not told as knowledge regained
            delay = state.sightings.delay[targets // self._width]
            current = at + self._valid_for(targets) > max(state.through, NEVER // 2) - delay
            told += self._tell(state, machine.regain(judgements, targets[current], at[current]))
        self._watch(state, targets)
        return told

    def _news(self, state: RuleState, targets: Index, at: Ints, found: npt.NDArray[np.int8]) -> News:
        """Where a finding changes the phase, or something came due before it, or knowledge may be back."""
        judgements = state.judgements
        phase, lost = judgements.phase[targets], judgements.lost[targets]
        over = state.sightings.at[targets // self._width] + self._valid_for(targets) <= at
        due = over | (judgements.due[targets] <= np.maximum(at, judgements.changed[targets]))
        return News(due=due, lost=lost, any=(machine.NEXT[phase, found] != phase) | due | lost)

    def _expire(self, state: RuleState, targets: Index, until: Ints) -> list[Transition]:
        """What is open becomes unknown where the evidence ran out at or before `until`."""
        end = self._evidence_ends(state, targets)
        over = np.flatnonzero(end <= until)
        if not len(over):
            return []
        targets, end = targets[over], end[over]
        told = self._tell(state, machine.settle(state.judgements, targets, end, self._timing))
        unknown = np.full(len(targets), _UNKNOWN, dtype=np.int8)
        return told + self._tell(state, machine.observe(state.judgements, targets, end, unknown, self._timing))

    def _evidence_ends(self, state: RuleState, targets: Index) -> Ints:
        """When what is known of open targets ends; FOREVER where nothing is known, or nothing is open."""
        phase = state.judgements.phase[targets]
        known = (phase != _CALM) & (phase < _PENDING_LOST)
        return np.where(known, state.sightings.at[targets // self._width] + self._valid_for(targets), FOREVER)

    def _valid_for(self, targets: Index) -> Ints:
        series, rule = np.divmod(targets, self._width)
        return self._validity[self._validity_of[rule], series]

    def _watch(self, state: RuleState, targets: Index) -> None:
        """The ticks look at these again when something happens to them if no reading comes."""
        if state.agenda is None:
            return
        first = np.minimum(self._evidence_ends(state, targets), state.judgements.due[targets])
        waiting = np.flatnonzero(first < FOREVER)
        targets, first = targets[waiting], first[waiting]
        frontier = first + state.sightings.delay[targets // self._width]
        for entry in zip(frontier.tolist(), targets.tolist(), strict=True):
            heappush(state.agenda, entry)
        if len(state.agenda) > MOST_REPEATED + 2 * self._devices * self._width:
            state.agenda = None

    def _tell(self, state: RuleState, changes: list[Change]) -> list[Transition]:
        told: list[Transition] = []
        for change in changes:
            series, rule = divmod(change.target, self._width)
            judge = self._judges[rule]
            mine = Change(target=series, signal=change.signal, at=change.at, since=change.since)
            told.append(judge.transition(mine, judge.evidence(state, series)))
        return told


def _see(state: RuleState, series: Index, arrivals: Arrivals) -> None:
    sightings = state.sightings
    sightings.at[series], sightings.value[series] = arrivals.at, arrivals.value
    sightings.span[series], sightings.delay[series] = arrivals.span, arrivals.delay


def _column(judgements: Judgements, keys: tuple[str, ...], which: slice) -> Judgements:
    """Views of every so many targets."""
    return Judgements(
        keys=keys,
        phase=judgements.phase[which],
        lost=judgements.lost[which],
        since=judgements.since[which],
        clear_since=judgements.clear_since[which],
        due=judgements.due[which],
        changed=judgements.changed[which],
    )
