"""The slow twin of `correlation`: every moment looked at by itself, from the definition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.rules import twin

Readings = Sequence[tuple[int, float]]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Violated above `limit`; above `limit - dead_band` nothing changes. `members`: by name validity and readings."""

    limit: float
    dead_band: float
    members: Mapping[str, tuple[int, Readings]]
    quorum: int = 1


def stretches(readings: Readings, *, validity: int, limit: float, dead_band: float) -> list[tuple[int, int, str]]:
    """From, until and value of what one member says, with gaps where nothing is known."""
    ordered = twin.newest_first_stands(readings)
    found: list[tuple[int, int, str]] = []
    value = "ok"
    for number, (when, measured) in enumerate(ordered):
        if measured > limit:
            value = "violated"
        elif measured <= limit - dead_band:
            value = "ok"
        following = ordered[number + 1][0] if number + 1 < len(ordered) else when + validity
        found.append((when, min(when + validity, following), value))
    return found


def member_at(said: Sequence[tuple[int, int, str]], now: int, within: int) -> str:
    """Violated at some moment of (now - within, now], else what is known now."""
    if any(value == "violated" and begin <= now and (now < end or now < end + within) for begin, end, value in said):
        return "violated"
    return next((value for begin, end, value in said if begin <= now < end), "unknown")


def correlation(
    conditions: Sequence[Condition], *, need: int, within: int, min_known: float, hold: int, clear: int, until: int
) -> twin.Signals:
    """One group."""
    said = [
        {
            name: stretches(readings, validity=validity, limit=condition.limit, dead_band=condition.dead_band)
            for name, (validity, readings) in condition.members.items()
        }
        for condition in conditions
    ]
    edges = {edge for members in said for found in members.values() for begin, end, _ in found for edge in (begin, end)}
    moments = sorted(edges | {edge + within for edge in edges})

    def look(now: int) -> str:
        holds = possible = 0
        for condition, members in zip(conditions, said, strict=True):
            values = [member_at(found, now, within) for found in members.values()]
            violated, unknown = values.count("violated"), values.count("unknown")
            holds += violated >= condition.quorum
            in_doubt = violated + unknown >= condition.quorum and len(values) - unknown < min_known * len(values)
            possible += violated >= condition.quorum or in_doubt
        return "violated" if holds >= need else "unknown" if possible >= need else "ok"

    events = [(moment, look(moment)) for moment in moments if moment <= until]
    return twin.HoldAndClear(hold, clear).run(events, until)
