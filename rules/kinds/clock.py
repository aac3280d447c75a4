"""`clock`: a device whose clock is wrong: the event times that it gives against the times at which they arrive.

The one kind that goes by arrival: its signals are told at our time, because the device's is what is in doubt.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from config.durations import Seconds
from domain.conditions import Evidence, Transition
from domain.devices import Device
from domain.instants import MICROS_PER_S, from_micros, iso
from rules.columns import NEVER, Column, Index, Ints, RuleState
from rules.core import machine
from rules.core.arrivals import Arrivals
from rules.core.comparing import Comparison, Finding
from rules.core.machine import Change, Phase, Timing
from rules.core.rounds import rounds
from rules.entries import RuleEntry
from rules.judges import Judge, Site

FARTHEST = 30 * 86_400 * MICROS_PER_S
"""An error counts for no more than this."""
STEADY_SHARE = 10
"""A wrong clock is wrong by the same, a backlog melts: of the time that passes, the error may change by this part."""
STEADY_AT_LEAST = MICROS_PER_S
"""... or by as much as deliveries differ anyway."""


class ClockEntry(RuleEntry):
    """Its clock may be `ahead` or `behind` by no more than this. Judged is the smallest error of the last `intervals`
    of the device in which anything came; what came late or again shows that much of an error, and so does not count.
    """

    kind: Literal["clock"]
    ahead: Annotated[Seconds, Field(ge=0)] = 10.0
    behind: Annotated[Seconds, Field(ge=0)] = 300.0
    intervals: Annotated[int, Field(ge=2, le=100)] = 3
    hold: Seconds = 0.0
    clear: Seconds = 0.0
    evidence_for: Annotated[float, Field(ge=1)] = 3.0
    lateness: Annotated[Seconds, Field(le=0)] = 0.0
    """None other: what waits to be put in order says nothing about its arrival."""


def compile_clock(entry: ClockEntry, site: Site) -> "ClockJudge":
    return ClockJudge(entry, site, devices=entry.scope.devices(site.registry))


class ClockJudge(Judge):
    """Any live reading tells its device's time, of whatever metric and quality. `sightings.at` is when we last got one.

    Each row of `own` is a ring of the device's intervals, newest last: the smallest error in each (event time minus
    arrival, so that ahead is positive), and the event time of that reading. `owed`: an arrival not judged yet.
    """

    sights = frozenset({"at"})

    def __init__(self, entry: ClockEntry, site: Site, *, devices: tuple[Device, ...]) -> None:
        super().__init__(
            card=entry.card(unit="s"),
            timing=Timing(hold=round(entry.hold * MICROS_PER_S), clear=round(entry.clear * MICROS_PER_S)),
            devices=devices,
            site=site,
        )
        self._ahead, self._behind = round(entry.ahead * MICROS_PER_S), round(entry.behind * MICROS_PER_S)
        self._interval = np.array([round(device.interval_s * MICROS_PER_S) for device in devices], dtype=np.int64)
        self._validity = np.round(self._interval * entry.evidence_for).astype(np.int64)
        ring = Column(dtype=np.int64, fill=NEVER, width=entry.intervals)
        self.own_columns = {"error": ring, "at": ring, "owed": Column(dtype=np.int64, fill=NEVER)}

    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        place = self.place_of[arrivals.device]
        rows = np.flatnonzero(place >= 0)
        place, at, came = place[rows], arrivals.at[rows], arrivals.received[rows]
        came = np.maximum(came, state.sightings.at[place])  # two ways into the city may overtake each other
        at = np.clip(at, came - FARTHEST, came + FARTHEST)
        told: list[Transition] = []
        for news in self._news(place, at, came):
            told += self._take(state, *news)
        return told

    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        owed = state.own["owed"]
        told = self._judge(state, np.flatnonzero((owed != NEVER) & (owed <= frontier)))
        targets = machine.open_targets(state.judgements)
        told += self._expire(state, targets, np.full(len(targets), frontier, dtype=np.int64))
        told += self._tell(state, machine.settle(state.judgements, targets, frontier, self.timing))
        state.through, state.now = frontier, now
        return told

    def _news(self, place: Index, at: Ints, came: Ints) -> Iterator[tuple[Index, Ints, Ints, Ints]]:
        """In rounds: devices, event times, arrivals, and when each was last heard before the next of these.

        A reading that is no nearer to its arrival than one of the same interval before it changes nothing, so that a
        backlog of thousands is a few rounds.
        """
        error = np.abs(at - came)
        order = np.lexsort((error, came, place))
        place, at, came, error = place[order], at[order], came[order], error[order]
        interval = came // self._interval[place]
        new = np.ones(len(place), dtype=np.bool_)
        new[1:] = (place[1:] != place[:-1]) | (interval[1:] != interval[:-1])
        # every group lies below the ones before it, so that its running minimum is its own
        level = error - np.cumsum(new) * (FARTHEST + 1)
        new[1:] |= level[1:] < np.minimum.accumulate(level)[:-1]
        rows = np.flatnonzero(new)
        last = np.append(rows[1:], len(place)) - 1
        for turn in rounds(place[rows], came[rows]):
            yield place[rows[turn]], at[rows[turn]], came[rows[turn]], came[last[turn]]

    def _take(self, state: RuleState, devices: Index, at: Ints, came: Ints, heard: Ints) -> list[Transition]:
        """At most one reading for each of `devices`. It is judged when time has gone on: of several that come in one
        message the nearest counts.
        """
        owed = state.own["owed"]
        told = self._judge(state, devices[(owed[devices] != NEVER) & (owed[devices] < came)])
        told += self._expire(state, devices, came)
        told += self._tell(state, machine.settle(state.judgements, devices, came, self.timing))
        self._remember(state, devices, at, came)
        state.sightings.at[devices], owed[devices] = heard, came
        return told

    def _judge(self, state: RuleState, devices: Index) -> list[Transition]:
        """Up to the arrival that is owed a finding."""
        came = state.own["owed"][devices]
        state.own["owed"][devices] = NEVER
        changes = machine.observe(state.judgements, devices, came, self._findings(state, devices), self.timing)
        return self._tell(state, changes + machine.regain(state.judgements, devices, came))

    def _remember(self, state: RuleState, devices: Index, at: Ints, came: Ints) -> None:
        """Into the newest interval of the ring, where it is nearer to its arrival, or into a new one."""
        interval = came // self._interval[devices]
        newest_at, newest_error = state.own["at"][devices, -1], state.own["error"][devices, -1]
        opens = (newest_at == NEVER) | ((newest_at - newest_error) // self._interval[devices] != interval)
        nearer = opens | (np.abs(at - came) < np.abs(newest_error))
        turning = devices[opens]
        for name, value in (("error", at - came), ("at", at)):
            ring = state.own[name]
            for place in range(ring.shape[1] - 1):
                ring[turning, place] = ring[turning, place + 1]
            ring[devices[nearer], -1] = value[nearer]

    def _findings(self, state: RuleState, devices: Index) -> npt.NDArray[np.int8]:
        error, came, least = self._errors(state, devices)
        off = (least > self._ahead) | (least < -self._behind)
        allowed = np.maximum((came[:, -1] - came[:, 0]) // STEADY_SHARE, STEADY_AT_LEAST)
        steady = error.max(axis=1) - error.min(axis=1) <= allowed
        found = np.where(off, np.where(steady, Finding.VIOLATED, Finding.BETWEEN), Finding.OK)
        found[state.own["at"][devices, 0] == NEVER] = Finding.UNKNOWN
        return found.astype(np.int8)

    def _errors(self, state: RuleState, devices: Index) -> tuple[Ints, Ints, Ints]:
        """The ring of errors, the arrivals that they were seen at, and the smallest error."""
        error, at = state.own["error"][devices], state.own["at"][devices]
        known = at != NEVER
        error = np.where(known, error, error[:, -1:])
        least = np.abs(error).argmin(axis=1)
        return error, np.where(known, at, at[:, -1:]) - error, error[np.arange(len(devices)), least]

    def _expire(self, state: RuleState, devices: Index, until: Ints) -> list[Transition]:
        """What is open becomes unknown where nothing has come for too long by `until`."""
        phase, heard = state.judgements.phase[devices], state.sightings.at[devices]
        end = heard + self._validity[devices]
        over = np.flatnonzero((phase != Phase.CALM) & (phase < Phase.PENDING_LOST) & (end <= until))
        devices, end = devices[over], end[over]
        told = self._tell(state, machine.settle(state.judgements, devices, end, self.timing))
        unknown = np.full(len(devices), Finding.UNKNOWN, dtype=np.int8)
        return told + self._tell(state, machine.observe(state.judgements, devices, end, unknown, self.timing))

    def _tell(self, state: RuleState, changes: list[Change]) -> list[Transition]:
        return [self.transition(change, self._evidence(state, change.target)) for change in changes]

    def _evidence(self, state: RuleState, device: int) -> Evidence:
        """Seconds ahead (above 0) or behind, with the reading that came nearest to its own time."""
        errors, came, least = self._errors(state, np.array([device], dtype=np.intp))
        error = int(least[0])
        arrived = int(came[0, int(np.flatnonzero(errors[0] == error)[0])])
        return Evidence(
            value=error / MICROS_PER_S,
            limit=(self._ahead if error > 0 else -self._behind) / MICROS_PER_S,
            comparison=Comparison.AT_MOST if error > 0 else Comparison.AT_LEAST,
            unit=self.card.unit,
            clause=self.card.clause,
            figures={
                "device_time": iso(from_micros(arrived + error)),
                "received": iso(from_micros(arrived)),
                "intervals": float(np.count_nonzero(state.own["at"][device] != NEVER)),
            },
        )
