"""`absence`: a device that has been silent for several of its own intervals."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from config.durations import Seconds
from domain.conditions import Evidence, Transition
from domain.devices import Device
from domain.instants import MICROS_PER_S, from_micros, iso
from rules.columns import FOREVER, NEVER, Index, Ints, RuleState, Waiting
from rules.core import machine
from rules.core.arrivals import Arrivals
from rules.core.comparing import Finding
from rules.core.machine import Change, Phase, Timing
from rules.core.rounds import rounds
from rules.entries import Intervals, RuleEntry
from rules.judges import Judge, Site

WAITING_LIMIT = 200_000
"""Signs of life that may wait for the frontier before the older half of them is heard anyway."""


class AbsenceEntry(RuleEntry):
    """`missed`: after how many missed intervals of the device itself it counts as silent."""

    kind: Literal["absence"]
    missed: Intervals = 3.0
    hold: Seconds = 0.0
    clear: Seconds = 0.0


def compile_absence(entry: AbsenceEntry, site: Site) -> "AbsenceJudge":
    return AbsenceJudge(entry, site, devices=entry.scope.devices(site.registry))


class AbsenceJudge(Judge):
    """A sign of life is any live reading, of whatever metric and quality: a device that talks is not silent.

    Silence is counted from the newest event time heard, or from the first tick that watched the device, or from the
    first tick after a pause in which nobody listened.
    """

    sights = frozenset({"at", "watched"})

    def __init__(self, entry: AbsenceEntry, site: Site, *, devices: tuple[Device, ...]) -> None:
        super().__init__(
            card=entry.card(unit="s"),
            timing=Timing(hold=round(entry.hold * MICROS_PER_S), clear=round(entry.clear * MICROS_PER_S)),
            devices=devices,
            site=site,
        )
        self._missed = entry.missed
        self._patience = np.array(
            [round(device.interval_s * entry.missed * MICROS_PER_S) for device in devices], dtype=np.int64
        )
        self._blind_after = site.blind_after_us
        self._waits = site.lateness_of(entry.lateness) > 0

    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        place = self.place_of[arrivals.device]
        rows = np.flatnonzero(place >= 0)
        # one message often carries many values of one instant: one sign of life
        place, at = _distinct(place[rows], arrivals.at[rows])
        if not self._waits:
            return self._hear_all(state, place, at)
        # the metrics of a device overtake each other, whatever the order of each: what is ahead waits for the frontier
        state.waiting = state.waiting.joined(Waiting(device=place, at=at, effective=at, value=np.zeros(len(at))))
        if len(state.waiting) <= WAITING_LIMIT:
            return []
        return self._let_go(state, int(np.median(state.waiting.at)))

    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        told = self._let_go(state, frontier) if len(state.waiting) else []
        sightings, is_blind = state.sightings, state.now != NEVER and now - state.now > self._blind_after
        state.through, state.now = frontier, now
        if frontier < state.wake and not is_blind:
            return told
        if is_blind:
            self._begin_anew(state, now)
        sightings.watched[(sightings.at == NEVER) & (sightings.watched == NEVER)] = now
        silent_from = self.silent_from(state)
        told += self._fall_silent(
            state, np.flatnonzero(_talks(state.judgements.phase) & (silent_from <= frontier)), silent_from
        )
        told += self._settle(state, machine.open_targets(state.judgements), frontier)
        to_come = silent_from[_talks(state.judgements.phase) & (silent_from > frontier)].min(initial=FOREVER)
        state.wake = int(min(to_come, state.judgements.due.min(initial=FOREVER)))
        return told

    def _let_go(self, state: RuleState, until: int) -> list[Transition]:
        """Hear what waited up to `until`."""
        ready, waiting = state.waiting.at <= until, state.waiting
        state.waiting = waiting.take(~ready)
        return self._hear_all(state, *_distinct(waiting.device[ready], waiting.at[ready]))

    def _hear_all(self, state: RuleState, place: Index, at: Ints) -> list[Transition]:
        told: list[Transition] = []
        for turn in rounds(place, at):
            fresh = turn[at[turn] > state.sightings.at[place[turn]]]
            told += self._hear(state, place[fresh], at[fresh])
        return told

    def silent_from(self, state: RuleState) -> Ints:
        """When each device counts as silent unless it is heard before; FOREVER where nobody watches yet."""
        begun = np.maximum(state.sightings.at, state.sightings.watched)
        return np.where(begun == NEVER, FOREVER, begun + self._patience)

    def _hear(self, state: RuleState, devices: Index, at: Ints) -> list[Transition]:
        """A new sign of life of each device."""
        every = self.silent_from(state)
        silent_from = every[devices]
        # a silence that ended between two ticks counts as well, but not one that falls into a pause of the ticks
        gap = _talks(state.judgements.phase[devices]) & (silent_from <= at) & (at <= state.now + self._blind_after)
        told = self._fall_silent(state, devices[gap], every)
        told += self._settle(state, devices, at)
        # a sign of life that is itself older than the patience when it comes does not end a silence
        back = (state.judgements.phase[devices] != Phase.CALM) & (at + self._patience[devices] > state.through)
        alive = np.full(int(back.sum()), Finding.OK, dtype=np.int8)
        changes = machine.observe(state.judgements, devices[back], at[back], alive, self.timing)
        told += self._tell(state, changes, is_heard=True)
        state.sightings.at[devices], state.sightings.watched[devices] = at, NEVER
        if state.wake != NEVER:
            due = np.minimum(at + self._patience[devices], state.judgements.due[devices])
            state.wake = min(state.wake, int(due.min(initial=FOREVER)))
        return told

    def _fall_silent(self, state: RuleState, devices: Index, silent_from: Ints) -> list[Transition]:
        """`silent_from` of all devices."""
        if not len(devices):
            return []
        at = silent_from[devices]
        told = self._settle(state, devices, at)
        silent = np.full(len(devices), Finding.VIOLATED, dtype=np.int8)
        return told + self._tell(state, machine.observe(state.judgements, devices, at, silent, self.timing))

    def _begin_anew(self, state: RuleState, now: int) -> None:
        """Nobody listened for a while: that counts neither as silence nor towards a hold or clear time."""
        judgements = state.judgements
        state.sightings.watched[_talks(judgements.phase)] = now
        judgements.since[judgements.phase == Phase.PENDING] = now
        judgements.clear_since[judgements.phase == Phase.CLEARING] = now
        machine.set_timers(judgements, machine.open_targets(judgements), self.timing)

    def _settle(self, state: RuleState, devices: Index, until: Ints | int) -> list[Transition]:
        return self._tell(state, machine.settle(state.judgements, devices, until, self.timing))

    def _tell(self, state: RuleState, changes: list[Change], *, is_heard: bool = False) -> list[Transition]:
        return [self.transition(change, self._evidence(state, change, is_heard=is_heard)) for change in changes]

    def _evidence(self, state: RuleState, change: Change, *, is_heard: bool) -> Evidence:
        """Seconds of silence at the time of the signal, against the patience; none where a sign of life makes it."""
        device = self.devices[change.target]
        heard = int(state.sightings.at[change.target])
        begun = max(heard, int(state.sightings.watched[change.target]))
        figures: dict[str, float | str] = {"interval_s": device.interval_s, "missed": self._missed}
        if is_heard:
            figures["silence_s"] = (change.at - begun) / MICROS_PER_S
            heard = begun = change.at
        if heard != NEVER:
            figures["last_seen"] = iso(from_micros(heard))
        return Evidence(
            value=(change.at - begun) / MICROS_PER_S,
            limit=float(self._patience[change.target]) / MICROS_PER_S,
            comparison="<",
            unit=self.card.unit,
            clause=self.card.clause,
            figures=figures,
        )


def _talks(phase: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Devices that are not silent, whether or not anybody was told yet that they are back."""
    talking: npt.NDArray[np.bool_] = (phase == Phase.CALM) | (phase == Phase.CLEARING)
    return talking


def _distinct(place: Index, at: Ints) -> tuple[Index, Ints]:
    """Each (device, instant) once."""
    order = np.lexsort((at, place))
    place, at = place[order], at[order]
    new = np.ones(len(place), dtype=np.bool_)
    new[1:] = (place[1:] != place[:-1]) | (at[1:] != at[:-1])
    return place[new], at[new]
