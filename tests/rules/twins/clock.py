"""clock, slowly: after every arrival, the nearest reading of each of the last intervals in which anything came."""

from collections.abc import Sequence

from domain.instants import MICROS_PER_S
from tests.rules.twin import Event, HoldAndClear, Signals

Came = tuple[int, int]
"""Event time and arrival."""


def clock(
    readings: Sequence[Came],
    *,
    ahead: int,
    behind: int,
    interval: int,
    intervals: int,
    validity: int,
    hold: int,
    clear: int,
    until: int,
) -> Signals:
    """One device; `readings` in order of arrival."""

    def look(now: int) -> str:
        nearest: dict[int, Came] = {}
        for at, came in readings:
            known = nearest.get(came // interval)
            if came <= now and (known is None or abs(at - came) < abs(known[0] - known[1])):
                nearest[came // interval] = (at, came)
        last = [nearest[number] for number in sorted(nearest)][-intervals:]
        if len(last) < intervals:
            return "unknown"
        errors = [at - came for at, came in last]
        least = min(errors, key=abs)
        if -behind <= least <= ahead:
            return "ok"
        steady = max(errors) - min(errors) <= max((last[-1][1] - last[0][1]) // 10, MICROS_PER_S)
        return "violated" if steady else "between"

    moments = sorted({came for _, came in readings})
    events: list[Event] = []
    for number, came in enumerate(moments):
        events.append((came, look(came)))
        following = moments[number + 1] if number + 1 < len(moments) else until
        if came + validity <= following:
            events.append((came + validity, "unknown"))
    return HoldAndClear(hold, clear).run(events, until)
