"""The rules and their state as the evaluation drives them: entries of the journal, one go after the other."""

from collections.abc import Sequence

from domain.conditions import Transition
from domain.settlements import Journalled, readings_of
from rules.engine import advance, evaluate, initial_state
from rules.program import Program
from rules.snapshots import dump, load
from rules.state import State


class RuleDesk:
    """Holds the one state of a program. Not for two threads at once."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.state: State = initial_state(program)

    def judge(self, entries: Sequence[Journalled]) -> tuple[Sequence[Transition], Sequence[Transition]]:
        """Evaluate the readings of all these entries, then let the city's time come to that of the last.

        What the readings caused, and what was due by time.
        """
        found: list[Transition] = []
        if len(readings := readings_of(entries)):
            self.state, found = evaluate(self.program, self.state, readings)
        self.state, due = advance(self.program, self.state, entries[-1].settlement.now)
        return found, due

    def dump(self) -> bytes:
        return dump(self.state)

    def load(self, snapshot: bytes) -> None:
        """Raises Refused when the snapshot is of another version."""
        self.state = load(snapshot, self.program)
