"""Holds what was told against what was expected, and says every difference in a line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from domain.conditions import Signal, Target, Transition
from domain.instants import from_micros, to_micros
from rules.casebooks.cases import Case, Check, Expected

MIN_DECIMALS = 2
_AFTER = {Signal.VIOLATED: "violated", Signal.HELD: "held", Signal.CLEARED: "ok", Signal.LOST: "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One sentence; where the file says otherwise, and the moment and target that it is about."""

    message: str
    line: int | None = None
    at: int | None = None
    rule: str = ""
    target: Target | None = None


def differences(case: Case, told: Sequence[Transition]) -> list[Difference]:
    """What is missing, what came unasked, what came with other figures, and what stood otherwise at a moment."""
    zone = ZoneInfo(case.registry.city.timezone)
    unasked = [one for one in told if one.rule in case.rules]
    found: list[Difference] = []
    missing: list[Expected] = []
    for expected in sorted(case.expected, key=lambda one: one.at):
        match = next((one for one in unasked if _is_it(expected, one)), None)
        if match is None:
            missing.append(expected)
            continue
        unasked.remove(match)
        found += [_difference(expected, text) for text in _other_figures(expected, match, zone)]
    found += _missing(missing, unasked, zone)
    found += [
        Difference(
            message=f"not expected: {clock(to_micros(one.at), zone)} {one.rule} {one.target} {one.signal.value}",
            at=to_micros(one.at),
            rule=one.rule,
            target=one.target,
        )
        for one in unasked
    ]
    found += [difference for check in case.checks for difference in _otherwise(check, told, zone)]
    return found


def standing(told: Sequence[Transition], rule: str, target: Target, at: int) -> str:
    """ok, violated (the hold time runs), held or unknown at an event time, as the signals have it."""
    now = "ok"
    held = False
    for one in told:
        if one.rule == rule and one.target == target and to_micros(one.at) <= at:
            held = _AFTER[one.signal] == "held" or (held and one.signal is not Signal.CLEARED)
            # evidence that is back after LOST goes on with what was held
            now = "held" if one.signal is Signal.VIOLATED and held else _AFTER[one.signal]
    return now


def clock(at: int, zone: tzinfo) -> str:
    """Local time, with fractions of a second only where there are any."""
    return from_micros(at).astimezone(zone).replace(tzinfo=None).isoformat(" ")


def _is_it(expected: Expected, told: Transition) -> bool:
    return (expected.rule, expected.target, expected.signal, expected.at) == (
        told.rule,
        told.target,
        told.signal,
        to_micros(told.at),
    )


def _missing(missing: Sequence[Expected], unasked: list[Transition], zone: tzinfo) -> Iterator[Difference]:
    for expected in missing:
        same = (expected.rule, expected.target, expected.signal)
        near = [one for one in unasked if (one.rule, one.target, one.signal) == same]
        if near:
            other = min(near, key=lambda one: abs(to_micros(one.at) - expected.at))
            unasked.remove(other)
            yield _difference(expected, f"came at {clock(to_micros(other.at), zone)}, not {clock(expected.at, zone)}")
        else:
            yield _difference(expected, f"did not come at {clock(expected.at, zone)}")


def _difference(expected: Expected, text: str) -> Difference:
    message = f"{expected.rule} {expected.target} {expected.signal.value} {text}"
    return Difference(message=message, line=expected.line, at=expected.at, rule=expected.rule, target=expected.target)


def _other_figures(expected: Expected, told: Transition, zone: tzinfo) -> Iterator[str]:
    if expected.since is not None and expected.since != to_micros(told.since):
        yield f"has since {clock(to_micros(told.since), zone)}, not {clock(expected.since, zone)}"
    evidence = told.evidence
    for name, wanted, got in (("value", expected.value, evidence.value), ("limit", expected.limit, evidence.limit)):
        if wanted is not None and not _agrees(wanted, got):
            yield f"has {name} {got!r}, not {wanted!r}"
    for name, figure in expected.figures.items():
        if not _agrees(figure, evidence.figures.get(name)):
            yield f"has {name} {evidence.figures.get(name)!r}, not {figure!r}"


def _agrees(wanted: float | str, got: Any) -> bool:
    """Numbers to the digits that were written, at least two behind the point."""
    if isinstance(wanted, str) or not isinstance(got, int | float):
        return bool(str(wanted) == str(got))
    decimals = max(MIN_DECIMALS, len(repr(wanted).partition(".")[2]))
    return bool(abs(wanted - got) <= 0.5 * 10.0**-decimals)


def _otherwise(check: Check, told: Sequence[Transition], zone: tzinfo) -> Iterator[Difference]:
    found = standing(told, check.rule, check.target, check.at)
    if found != check.standing:
        message = f"{check.rule} {check.target} is {found} at {clock(check.at, zone)}, not {check.standing}"
        yield Difference(message=message, line=check.line, at=check.at, rule=check.rule, target=check.target)
