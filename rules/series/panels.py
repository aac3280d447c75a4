"""Judges several rules on one metric of the same devices together: each reading is looked at once, for all of them.

The target of rule r on series s stands at s * rules + r, so that what belongs to one series lies side by side.
"""

from collections.abc import Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from domain.conditions import Transition
from rules.columns import FOREVER, Index, Ints, Judgements, RuleState, blank, unjudged
from rules.core import machine
from rules.core.arrivals import Arrivals
from rules.core.comparing import Finding
from rules.core.machine import Phase
from rules.core.rounds import is_once, rounds
from rules.judges import Panel
from rules.limits import SteadyLimits
from rules.series.measured import MeasuredRule
from rules.series.steps import EARLY_BITS, Steps, Terms
from rules.series.telling import Telling
from rules.series.yardsticks import Plain, Together, Yardstick
from rules.state import State

_CALM = int(Phase.CALM)
_MOVES = (np.arange(len(Phase))[:, np.newaxis] != machine.NEXT).ravel()
"""Whether a finding changes the phase, by phase * 4 + finding."""
MOST_REPEATED = 65_536
"""Entries of an agenda beyond two for each target; with more it is made anew, by the next tick."""


T = TypeVar("T", bound=np.generic)
Phases = npt.NDArray[np.int8]
News = Sequence[tuple[int, int, int, bool]]
"""Target, time, finding, and whether a timer or the evidence ran out before it."""


class SeriesPanel(Panel):
    """Every device is a target of every rule. A reading is believed for the rule's `evidence_for` intervals."""

    def __init__(self, judges: Sequence[MeasuredRule]) -> None:
        """All with the same metric and devices; several only if their limits are steady."""
        self._judges = tuple(judges)
        self._rules = tuple(judge.card.id for judge in judges)
        first = judges[0]
        self.metric_ordinal = first.metric_ordinal
        self._devices = len(first.devices)
        self.is_idle = not first.devices
        self._width = len(judges)
        self._bits = (self._devices * self._width).bit_length()
        self._mask = (1 << self._bits) - 1
        self._terms = Terms.of(
            hold=[judge.timing.hold for judge in judges],
            clear=[judge.timing.clear for judge in judges],
            validity=[judge.validity for judge in judges],
        )
        # rules with the same validity share one column
        columns = {judge.validity.tobytes(): judge for judge in judges}
        self._validity = np.stack([judge.validity for judge in columns.values()], axis=1)
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
        joint = replace(
            blank(devices=first.ids, targets=(), sights=first.sights),
            judgements=unjudged((), targets=self._devices * self._width),
        )
        state.panels[self._rules[0]] = joint
        for number, judge in enumerate(self._judges):
            mine = _column(joint.judgements, first.keys, slice(number, None, self._width))
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
        if not len(arrivals):
            return []
        place = self._judges[0].place_of.take(arrivals.device)
        if place.min() < 0 or not arrivals.good.all():
            rows = ((place >= 0) & arrivals.good).nonzero()[0]
            if not len(rows):
                return []
            place, arrivals = place.take(rows), arrivals.take(rows)
        if arrivals.once or is_once(place):
            return self._turn(state, place, arrivals)
        told: list[Transition] = []
        for turn in rounds(place, arrivals.at):
            told += self._turn(state, place.take(turn), arrivals.take(turn))
        return told

    def wait(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        """Time has come to `now`."""
        told: list[Transition] = []
        if state.agenda is None:
            state.agenda = self._agenda(state)
        if state.agenda and state.agenda[0] >> self._bits <= frontier:
            told = self._go_on(state, state.agenda, frontier)
        state.through, state.now = frontier, now
        return told

    def _agenda(self, state: RuleState) -> list[int]:
        """Of all open targets."""
        steps = Steps(state, self._terms, Telling(self._judges, state.sightings))
        targets = machine.open_targets(state.judgements).tolist()
        agenda = [look << self._bits | target for target in targets if (look := steps.next_look(target)) < FOREVER]
        heapify(agenda)
        return agenda

    def _go_on(self, state: RuleState, agenda: list[int], frontier: int) -> list[Transition]:
        """Open targets on which something may have happened by `frontier`."""
        due: set[int] = set()
        while agenda and agenda[0] >> self._bits <= frontier:
            due.add(heappop(agenda) & self._mask)
        telling = Telling(self._judges, state.sightings)
        steps = Steps(state, self._terms, telling)
        delay = state.sightings.delay.data
        targets = sorted(due)
        for target in targets:
            steps.run_out(target, frontier - delay[target // self._width])
        self._watch(state, steps, targets)
        return telling.told

    def _turn(self, state: RuleState, series: Index, arrivals: Arrivals) -> list[Transition]:
        """At most one reading for each of `series`."""
        before = state.sightings.at.take(series)
        fresh = arrivals.at > before
        if not fresh.all():
            np.add.at(state.sightings.late, series[arrivals.at < before], 1)
            rows = fresh.nonzero()[0]
            if not len(rows):
                return []
            series, arrivals = series.take(rows), arrivals.take(rows)
        phase = self._rows(state.judgements.phase, series)
        concerned = np.zeros(len(series), dtype=np.bool_)
        concerned[phase.ravel().nonzero()[0] // self._width] = True
        concerned[self._yardstick.suspects(series, arrivals.at, arrivals.value)] = True
        rows = concerned.nonzero()[0]
        news = self._news(state, series.take(rows), arrivals.take(rows), phase.take(rows, axis=0)) if len(rows) else ()
        return self._move(state, news, seen=(series, arrivals))

    def _news(self, state: RuleState, series: Index, arrivals: Arrivals, phase: Phases) -> News:
        """The targets where a finding changes the phase, something came due before it, or knowledge may be back.

        And those that the ticks must look at earlier, since their clock has caught up.
        """
        judgements, sightings = state.judgements, state.sightings
        at = arrivals.at[:, np.newaxis]
        found = self._yardstick.found(series, arrivals.at, arrivals.value)
        moves = _MOVES.take(phase * np.int8(len(Finding)) + found)
        over = sightings.at.take(series)[:, np.newaxis] + self._valid_for(series) <= at
        changed, due, lost = (
            self._rows(column, series) for column in (judgements.changed, judgements.due, judgements.lost)
        )
        is_due = (phase != _CALM) & (over | (due <= np.maximum(at, changed)))
        sooner = (phase != _CALM) & (arrivals.delay >> EARLY_BITS < sightings.delay.take(series) >> EARLY_BITS)[
            :, np.newaxis
        ]
        busy = (moves | is_due | lost | sooner).ravel().nonzero()[0]
        row, rule = np.divmod(busy, self._width)
        columns = (series.take(row) * self._width + rule, arrivals.at.take(row), found.take(busy), is_due.take(busy))
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def _move(self, state: RuleState, news: News, *, seen: tuple[Index, Arrivals]) -> list[Transition]:
        """`seen` takes the place of what was."""
        if not news:
            _see(state, *seen)
            return []
        telling = Telling(self._judges, state.sightings)
        steps = Steps(state, self._terms, telling)
        for target, at, _, is_due in news:
            if is_due:
                # told with the evidence from before this reading
                steps.run_out(target, at)
        _see(state, *seen)
        telling.turn_over()
        for target, at, found, _ in news:
            steps.observe(target, at, found)
            steps.regain(target, at)
        self._watch(state, steps, [target for target, _, _, _ in news])
        return telling.told

    def _rows(self, column: npt.NDArray[T], series: Index) -> npt.NDArray[T]:
        """Of a column of all targets, a row for each of the series and a column for each rule."""
        return column.reshape(-1, self._width).take(series, axis=0)

    def _valid_for(self, series: Index) -> Ints:
        """As `_rows`, or one column for all rules."""
        valid = self._validity.take(series, axis=0)
        return valid if valid.shape[1] == 1 else valid.take(self._validity_of, axis=1)

    def _watch(self, state: RuleState, steps: Steps, targets: Sequence[int]) -> None:
        """The ticks look at these again when something happens to them if no reading comes."""
        if state.agenda is None:
            return
        for target in targets:
            look = steps.next_look(target)
            if look < FOREVER:
                heappush(state.agenda, look << self._bits | target)
        if len(state.agenda) > MOST_REPEATED + 2 * self._devices * self._width:
            state.agenda = None


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
