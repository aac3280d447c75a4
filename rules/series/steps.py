"""Moves single targets through hold and clear: what rules/core/machine.py does to columns, for the few that change.

A batch changes a dozen targets. For so few, plain numbers take a tenth of the time of a dozen operations on columns.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.conditions import Signal
from rules.columns import FOREVER, NEVER, Ints, RuleState
from rules.core.comparing import Finding
from rules.core.machine import NEXT, Phase

_CALM, _PENDING, _HELD, _CLEARING, _PENDING_LOST = map(int, list(Phase)[:5])
_NEXT: tuple[tuple[int, ...], ...] = tuple(map(tuple, NEXT.tolist()))
_UNKNOWN = int(Finding.UNKNOWN)
EARLY_BITS = 20
"""The agenda takes the delay of a clock down to the next 2**20 µs: it looks up to a second too early, and again."""

Tell = Callable[[int, Signal, int, int], None]
"""Of a target: the signal, at, since."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terms:
    """Of each rule, the hold and clear times in µs, and how long a reading of each series is believed.

    The target of rule r on series s stands at s * (number of rules) + r.
    """

    hold: Sequence[int]
    clear: Sequence[int]
    validity: Sequence[memoryview]

    @classmethod
    def of(cls, *, hold: Sequence[int], clear: Sequence[int], validity: Sequence[Ints]) -> "Terms":
        """In the order of the rules."""
        return cls(hold=hold, clear=clear, validity=[column.data for column in validity])


class Steps:
    """The columns of one state, for a moment: made for a batch or a tick, of which it changes some rows in place."""

    __slots__ = (
        *("_terms", "_width", "_tell", "_through"),
        *("_phase", "_lost", "_since", "_clear_since", "_due", "_changed", "_seen_at", "_delay"),
    )

    def __init__(self, state: RuleState, terms: Terms, tell: Tell) -> None:
        self._terms = terms
        self._width = len(terms.hold)
        self._tell = tell
        self._through = max(state.through, NEVER // 2)
        judgements, sightings = state.judgements, state.sightings
        # an item of a view costs half of an item of an array, and is a plain number
        self._phase, self._lost = judgements.phase.data, judgements.lost.data
        self._since, self._clear_since = judgements.since.data, judgements.clear_since.data
        self._due, self._changed = judgements.due.data, judgements.changed.data
        self._seen_at, self._delay = sightings.at.data, sightings.delay.data

    def settle(self, target: int, until: int) -> None:
        """Let the timer run up to and including `until`."""
        due = self._due[target]
        if due > until:
            return
        self._due[target] = FOREVER
        if self._phase[target] == _PENDING:
            self._phase[target] = _HELD
            self._say(target, Signal.HELD, due, self._since[target])
        else:
            self._phase[target] = _CALM
            self._say(target, Signal.CLEARED, due, self._clear_since[target])

    def run_out(self, target: int, until: int) -> None:
        """What came due up to and including `until`: timers, and the end of the evidence."""
        end = self._evidence_ends(target)
        if end <= until:
            self.settle(target, end)
            self.observe(target, end, _UNKNOWN)
        self.settle(target, until)

    def observe(self, target: int, at: int, found: int) -> None:
        """A finding at its event time; earlier timers must be settled.

        One that is older than the last signal counts from that signal on: history does not go back.
        """
        at = max(at, self._changed[target])
        was = self._phase[target]
        phase = _NEXT[was][found]
        if phase != was:
            self._phase[target] = phase
            self._enter(target, at, phase)
        # a hold or clear time of 0 is up at once
        self.settle(target, at)

    def regain(self, target: int, at: int) -> None:
        """Tell that violation is known again where the last thing told was LOST.

        Not by evidence that was too old when it came: it moves the machine, but is not told as knowledge regained.
        """
        if not self._lost[target] or self._phase[target] != _HELD:
            return
        series, rule = divmod(target, self._width)
        if at + self._terms.validity[rule][series] > self._through - self._delay[series]:
            self._say(target, Signal.VIOLATED, max(at, self._changed[target]), self._since[target])

    def next_look(self, target: int) -> int:
        """The frontier by which something happens to the target if no reading comes, or a little before; or FOREVER."""
        first = min(self._evidence_ends(target), self._due[target])
        if first == FOREVER:
            return FOREVER
        return first + (self._delay[target // self._width] >> EARLY_BITS << EARLY_BITS)

    def _enter(self, target: int, at: int, phase: int) -> None:
        """A new phase begins, by a finding."""
        due = FOREVER
        if phase == _PENDING:
            self._since[target], due = at, at + self._terms.hold[target % self._width]
            self._say(target, Signal.VIOLATED, at, at)
        elif phase == _CLEARING:
            self._clear_since[target], due = at, at + self._terms.clear[target % self._width]
        elif phase == _CALM:
            self._say(target, Signal.CLEARED, at, at)
        elif phase >= _PENDING_LOST and not self._lost[target]:
            self._say(target, Signal.LOST, at, at)
        self._due[target] = due

    def _evidence_ends(self, target: int) -> int:
        """When what is known of it ends; FOREVER where nothing is known, or it is calm."""
        if not _CALM < self._phase[target] < _PENDING_LOST:
            return FOREVER
        series, rule = divmod(target, self._width)
        return self._seen_at[series] + self._terms.validity[rule][series]

    def _say(self, target: int, signal: Signal, at: int, since: int) -> None:
        self._changed[target] = at
        self._lost[target] = signal is Signal.LOST
        self._tell(target, signal, at, since)
