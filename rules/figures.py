"""What the wall wants to know of the rules' memory: pure questions, nothing changes."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from domain.places import NoiseZone, RoadGrade
from rules.columns import NEVER, Ints, RuleState
from rules.core.comparing import Floats
from rules.core.machine import Phase
from rules.groups.intervals import LIT, Count
from rules.judges import Judge
from rules.kinds.absence import AbsenceJudge
from rules.kinds.ratio import RoadRatioJudge, rates_of
from rules.program import Program
from rules.series.judge import SeriesJudge
from rules.state import State

DAY_US = 86_400_000_000
J = TypeVar("J", bound=Judge)


@dataclass(frozen=True, slots=True, kw_only=True)
class LampRoad:
    """One road's lamps at an instant. `due` = lit + dark: those that have to be lit and are known.

    By day, and in the grace after sunset, nothing is due: the counts are 0 and `rate` (in %) is None. `offline` lamps
    have no valid evidence, by day as well.
    """

    id: str
    grade: RoadGrade
    target: float
    lit: int
    due: int
    dark: int
    offline: int
    rate: float | None


def lamp_roads(program: Program, state: State, now: int) -> list[LampRoad]:
    """Every road of every ratio rule at `now`, in the order of the city; what waits for the watermark is included."""
    return [
        road for rule, judge in _of_kind(program, RoadRatioJudge) for road in _lamp_roads(judge, state.rules[rule], now)
    ]


def dark_lamps(program: Program, state: State, now: int, *, road: str) -> list[str]:
    """Ids of the lamps of a road that have to be lit, are known, and are not."""
    dark: list[str] = []
    for rule, judge in _of_kind(program, RoadRatioJudge):
        at, value = _newest(judge, state.rules[rule], now)
        due = judge.schedules.shares_at(now)[judge.schedules.of] > 0
        which = np.flatnonzero(due & (at + judge.validity > now) & (value <= LIT))
        dark += [judge.devices[lamp].id for lamp in which if judge.devices[lamp].road == road]
    return dark


def offline_devices(program: Program, state: State, now: int) -> list[str]:
    """Devices that have been silent for too long at `now`, lamps included, sorted.

    Of a device that was never heard the silence is counted from the first tick that watched it.
    """
    offline: set[str] = set()
    for rule, silence in _of_kind(program, AbsenceJudge):
        silent = np.flatnonzero(silence.silent_from(state.rules[rule]) <= now)
        offline |= {silence.devices[device].id for device in silent}
    for rule, ratio in _of_kind(program, RoadRatioJudge):
        at, _ = _newest(ratio, state.rules[rule], now)
        begun = np.where(at == NEVER, state.rules[rule].sightings.watched, at)
        silent = np.flatnonzero((begun != NEVER) & (begun + ratio.validity <= now))
        offline |= {ratio.devices[lamp].id for lamp in silent}
    return sorted(offline)


def violated_count(program: Program, state: State, rule: str) -> tuple[int, int]:
    """On how many targets the rule's condition is violated, and on how many it is known (their evidence is valid).

    Violation counts from its begin, before the hold time is over. Raises KeyError for an unknown rule.
    """
    judge, remembered = program.judges[rule], state.rules[rule]
    phase = remembered.judgements.phase
    violated = int(np.count_nonzero((phase == Phase.PENDING) | (phase == Phase.HELD)))
    if not isinstance(judge, SeriesJudge):
        return violated, len(judge.targets)
    heard = remembered.sightings.at != NEVER
    known = heard & (remembered.sightings.at + judge.validity > remembered.now)
    return violated, int(np.count_nonzero(known))


def late_count(program: Program, state: State, rule: str) -> int:
    """How many readings came too late for a rule: older than what it had judged of their series. Nobody judges them.

    A rule without lateness says so of kinds that judge single series only. Raises KeyError for an unknown rule.
    """
    judge, lateness = program.judges[rule], program.lateness.get(rule, 0)
    late = int(state.rules[rule].sightings.late.sum())
    queue = state.queues.get(lateness if judge.by_series else -lateness)
    if queue is None:
        return late
    rows = queue.rows.items()
    heard = [row for metric, row in rows if judge.metric_ordinal is None or metric == judge.metric_ordinal]
    mine = judge.place_of >= 0
    return late + sum(int(queue.row("late", row)[mine].sum()) for row in heard)


def limit_steps(
    program: Program, rule: str, zone: NoiseZone | None, start: int, end: int
) -> list[tuple[int, int, float]]:
    """The limit of a threshold or state rule as (from, until, value) over [start, end), in microseconds, for charts.

    Raises KeyError for an unknown rule, ValueError for one of another kind, or without a zone where the limit needs it.
    """
    judge = program.judges[rule]
    if not isinstance(judge, SeriesJudge):
        raise ValueError(f"rule {rule} is of kind {judge.card.kind}, it has no limit over time")
    return judge.limits.steps(zone, start, end)


def next_lighting(program: Program, now: int) -> tuple[int, int] | None:
    """The stretch, in microseconds, in which lamps are judged now or next; None without a ratio rule, or without night.

    The stretch begins when the grace after sunset is over.
    """
    for _, judge in _of_kind(program, RoadRatioJudge):
        stretch = judge.schedules.next_stretch(now, now + 2 * DAY_US)
        if stretch is not None:
            return stretch
    return None


def _of_kind(program: Program, kind: type[J]) -> list[tuple[str, J]]:
    return [(rule, judge) for rule, judge in program.judges.items() if isinstance(judge, kind)]


def _lamp_roads(judge: RoadRatioJudge, state: RuleState, now: int) -> list[LampRoad]:
    at, value = _newest(judge, state, now)
    silent = np.bincount(judge.group_of[at + judge.validity <= now], minlength=len(judge.roads))
    counts = judge.counts_at(at, value, now)
    rates = rates_of(counts)
    return [
        LampRoad(
            id=road.id,
            grade=road.grade,
            target=float(judge.goal[i]),
            lit=int(counts[i, Count.LIT]),
            due=int(counts[i, Count.KNOWN]),
            dark=int(counts[i, Count.KNOWN] - counts[i, Count.LIT]),
            offline=int(silent[i]),
            rate=None if np.isnan(rates[i]) else float(rates[i]),
        )
        for i, road in enumerate(judge.roads)
    ]


def _newest(judge: RoadRatioJudge, state: RuleState, now: int) -> tuple[Ints, Floats]:
    """Time and value of every lamp's newest reading, those that wait and count by `now` included."""
    at, value = state.sightings.at.copy(), state.sightings.value.copy()
    waiting = judge.release(state, now)
    at[waiting.device], value[waiting.device] = waiting.at, waiting.value
    return at, value
