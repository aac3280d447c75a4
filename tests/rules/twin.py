"""The slow twin: what the rules mean, in plain Python, one reading at a time, with the whole story known."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.conditions import Signal

Event = tuple[int, str]
"""When, and what is found: ok, between, violated or unknown."""
Signals = list[tuple[str, int, int]]
"""Signal, at, since."""


@dataclass
class HoldAndClear:
    """One target."""

    hold: int
    clear: int
    told: Signals = field(default_factory=list)
    open: str = ""  # "", pending or held
    since: int = 0
    good_since: int | None = None
    known: bool = True
    lost_told: bool = False

    def run(self, events: Iterable[Event], until: int) -> Signals:
        for when, found in events:
            self.timers(when)
            self.find(when, found)
            self.timers(when)
        self.timers(until)
        return self.told

    def tell(self, signal: Signal, when: int, since: int) -> None:
        self.told.append((signal.value, when, since))
        self.lost_told = signal is Signal.LOST

    def timers(self, when: int) -> None:
        if not self.known:
            return
        if self.open == "pending" and self.since + self.hold <= when:
            self.open = "held"
            self.tell(Signal.HELD, self.since + self.hold, self.since)
        if self.open == "held" and self.good_since is not None and self.good_since + self.clear <= when:
            self.tell(Signal.CLEARED, self.good_since + self.clear, self.good_since)
            self.open, self.good_since = "", None

    def find(self, when: int, found: str) -> None:
        if found == "unknown":
            if self.open and self.known and not self.lost_told:
                self.tell(Signal.LOST, when, when)
            self.known, self.good_since = False, None
            return
        was_known, self.known = self.known, True
        if self.open == "held":
            self.find_held(when, found)
        elif self.open == "pending":
            self.find_pending(when, found, was_known=was_known)
        elif found == "violated":
            self.begin(when)

    def find_pending(self, when: int, found: str, *, was_known: bool) -> None:
        if found == "ok" or (found == "between" and not was_known):
            self.open = ""
            self.tell(Signal.CLEARED, when, when)
        elif not was_known:
            self.begin(when)

    def find_held(self, when: int, found: str) -> None:
        if found == "ok":
            self.good_since = when if self.good_since is None else self.good_since
            return
        self.good_since = None
        if self.lost_told:
            self.tell(Signal.VIOLATED, when, self.since)

    def begin(self, when: int) -> None:
        self.open, self.since = "pending", when
        self.tell(Signal.VIOLATED, when, when)


def newest_first_stands(readings: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    """In order of time; of several at one instant the first to arrive."""
    kept: dict[int, float] = {}
    for when, value in readings:
        kept.setdefault(when, value)
    return sorted(kept.items())


def series(
    readings: Sequence[tuple[int, float]],
    judge: Callable[[int, float], str],
    *,
    validity: int,
    hold: int,
    clear: int,
    until: int,
) -> Signals:
    """threshold and state: one device."""
    events: list[Event] = []
    ordered = newest_first_stands(readings)
    for number, (when, value) in enumerate(ordered):
        events.append((when, judge(when, value)))
        following = ordered[number + 1][0] if number + 1 < len(ordered) else until
        if when + validity <= following:
            events.append((when + validity, "unknown"))
    return HoldAndClear(hold, clear).run(events, until)


def absence(
    heard: Sequence[int], *, patience: int, first_tick: int, until: int, hold: int = 0, clear: int = 0
) -> Signals:
    """absence: one device."""
    events: list[Event] = []
    last = first_tick
    for when in sorted(set(heard)):
        if last + patience <= when:
            events.append((last + patience, "violated"))
        events.append((when, "ok"))
        last = when
    if last + patience <= until:
        events.append((last + patience, "violated"))
    return HoldAndClear(hold, clear).run(events, until)


def ratio(
    lamps: Mapping[str, Sequence[tuple[int, float]]],
    *,
    validity: int,
    goal: float,
    dead_band: float,
    min_known: float,
    nights: Sequence[tuple[int, int]],
    hold: int,
    clear: int,
    until: int,
) -> Signals:
    """ratio: one road, looked at whenever anything can have changed."""
    readings = {lamp: newest_first_stands(rows) for lamp, rows in lamps.items()}
    moments = {when for rows in readings.values() for when, _ in rows}
    moments |= {when + validity for rows in readings.values() for when, _ in rows}
    moments |= {edge for night in nights for edge in night}

    def look(now: int) -> str:
        last = {lamp: [row for row in rows if row[0] <= now][-1:] for lamp, rows in readings.items()}
        known = [rows[0][1] for rows in last.values() if rows and now < rows[0][0] + validity]
        if not any(begin <= now < end for begin, end in nights) or len(known) < min_known * len(lamps) or not known:
            return "unknown"
        rate = 100 * sum(known) / len(known)
        return "violated" if rate < goal else "between" if rate < goal + dead_band else "ok"

    events = [(moment, look(moment)) for moment in sorted(moments) if moment <= until]
    return HoldAndClear(hold, clear).run(events, until)
