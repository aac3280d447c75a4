"""The cards of the rules that judge now, for those who were built once and outlive a change of rules."""

from collections.abc import Iterator, Mapping

from citybrain.engine.judging import RuleDesk
from domain.conditions import RuleCard


class CurrentCards(Mapping[str, RuleCard]):
    """Always those of the desk's program. From any thread: a program is replaced whole."""

    def __init__(self, desk: RuleDesk) -> None:
        self._desk = desk

    def __getitem__(self, rule: str) -> RuleCard:
        return self._desk.program.cards[rule]

    def __iter__(self) -> Iterator[str]:
        return iter(self._desk.program.cards)

    def __len__(self) -> int:
        return len(self._desk.program.cards)
