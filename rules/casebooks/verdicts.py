"""Tries a case in every manner, and tells what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from domain.conditions import Transition
from domain.instants import to_micros
from rules.casebooks.cases import Case
from rules.casebooks.comparing import Difference, clock, differences
from rules.casebooks.running import Manner, play

EVERY_MANNER = tuple(Manner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A case with all that was told, and how that differs: from its expectations, and from manner to manner."""

    case: Case
    told: Sequence[Transition]
    differences: Sequence[Difference]

    @property
    def is_passed(self) -> bool:
        return not self.differences


def try_case(case: Case, manners: Sequence[Manner] = EVERY_MANNER) -> Verdict:
    """The first manner is held against what the file expects, the others against the first.

    Raises Misconfigured when the rules do not fit the case's city.
    """
    first, *others = manners
    told = play(case, first)
    found = differences(case, told)
    for manner in others:
        found += _unlike(case, told, play(case, manner), manner)
    return Verdict(case=case, told=told, differences=found)


def _unlike(case: Case, told: Sequence[Transition], again: Sequence[Transition], manner: Manner) -> list[Difference]:
    """The first signal that another manner tells otherwise, evidence and all."""
    if told == again:
        return []
    pairs = zip([*told, None], [*again, None], strict=False)
    one, other = next((one, other) for one, other in pairs if one != other)
    about = one or other
    assert about is not None, "two unequal rows differ somewhere"
    zone = ZoneInfo(case.registry.city.timezone)
    message = f"{manner.value}: {_said(other, zone)}; {Manner.AS_WRITTEN.value}: {_said(one, zone)}"
    return [Difference(message=message, at=to_micros(about.at), rule=about.rule, target=about.target)]


def _said(told: Transition | None, zone: ZoneInfo) -> str:
    if told is None:
        return "nothing more"
    return f"{clock(to_micros(told.at), zone)} {told.rule} {told.target} {told.signal.value} ({told.evidence.value})"
