"""The slow twin of `change`: each reading against the one that stood before it, and what is believed for how long."""

from collections.abc import Callable, Sequence

from domain.instants import MICROS_PER_S
from tests.rules import twin
from tests.rules.twins.window import Said, once


def base(said: Sequence[Said], at: int, *, within: int, tolerance: int, room: int) -> Said | None:
    """Of the `room` readings before `at`: the last one up to the begin of the look-back, or else the first after it."""
    known = [row for row in once(said) if row[0] < at][-room:]
    asked = at - within
    stood = [row for row in known if asked - tolerance <= row[0] <= asked]
    came = [row for row in known if asked < row[0] <= asked + tolerance]
    return stood[-1] if stood else came[0] if came else None


def signals(
    said: Sequence[Said],
    judge: Callable[[float], str],
    *,
    within_s: int,
    interval: int,
    hold: int,
    clear: int,
    until: int,
    room: int = 32,
) -> twin.Signals:
    """`judge` gets the new value less the old one."""

    def found(at: int, value: float) -> str:
        old = base(said, at, within=within_s * MICROS_PER_S, tolerance=interval * MICROS_PER_S, room=room)
        return "unknown" if old is None else judge(round(value - old[1], 9))

    return twin.series(
        [(at, value) for at, value, _ in said],
        found,
        validity=3 * interval * MICROS_PER_S,
        hold=hold * MICROS_PER_S,
        clear=clear * MICROS_PER_S,
        until=until,
    )
