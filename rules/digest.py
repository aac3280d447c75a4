"""One number for a set of transitions: two runs that judged alike have the same, whatever order they told them in."""

from collections.abc import Iterable
from hashlib import sha256

from domain.conditions import Transition
from domain.instants import to_micros


def line_of(transition: Transition) -> str:
    """What a transition says, spelled so that equal means equal: times in microseconds, numbers to the last bit."""
    evidence = transition.evidence
    return line(
        transition.rule,
        str(transition.target),
        transition.signal.value,
        (to_micros(transition.at), to_micros(transition.since)),
        (evidence.value, evidence.limit),
    )


def line(
    rule: str, target: str, signal: str, times: tuple[int, int], numbers: tuple[float | None, float | None]
) -> str:
    """`times`: at and since, in microseconds. `numbers`: value and limit."""
    value, limit = ("-" if number is None else repr(float(number)) for number in numbers)
    return f"{times[0]} {rule} {target} {signal} {times[1]} {value} {limit}"


def digest(transitions: Iterable[Transition]) -> str:
    """SHA-256 in hexadecimal over the sorted lines."""
    return digest_of_lines(line_of(transition) for transition in transitions)


def digest_of_lines(lines: Iterable[str]) -> str:
    """As `digest`, of lines as `line` makes them."""
    return sha256("\n".join(sorted(lines)).encode()).hexdigest()
