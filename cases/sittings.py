"""What the rules judged in one go: entries of the journal that follow each other, and what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.conditions import Transition
from domain.settlements import Journalled


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """At least one entry. `transitions`: those that readings caused, then those that were due by time."""

    entries: Sequence[Journalled]
    transitions: Sequence[Transition] = ()

    @property
    def first(self) -> int:
        return self.entries[0].sequence

    @property
    def last(self) -> int:
        return self.entries[-1].sequence
