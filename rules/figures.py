"""What the wall wants to know of the rules' memory: pure questions, nothing changes."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from domain.places import NoiseZone, RoadGrade
from rules.comparing import Floats
from rules.intervals import LIT
from rules.kinds.absence import AbsenceJudge
from rules.kinds.ratio import RatioJudge
from rules.machine import Phase
from rules.program import Judge, Program
from rules.series import SeriesJudge
from rules.state import NEVER, Ints, RuleState, State

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
        road for rule, judge in _of_kind(program, RatioJudge) for road in _lamp_roads(judge, state.rules[rule], now)
    ]


def dark_lamps(program: Program, state: State, now: int, *, road: str) -> list[str]:
    """Ids of the lamps of a road that have to be lit, are known, and are not."""
    dark: list[str] = []
    for rule, judge in _of_kind(program, RatioJudge):
        if not _is_due(judge, now):
            continue
        at, value = _newest(judge, state.rules[rule], now)
        which = np.flatnonzero((at + judge.validity > now) & (value <= LIT))
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
    for rule, ratio in _of_kind(program, RatioJudge):
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
    for _, judge in _of_kind(program, RatioJudge):
        nights = judge.nights.between(now, now + 2 * DAY_US)
        if len(nights):
            return int(nights[0][0]), int(nights[0][1])
    return None


def _of_kind(program: Program, kind: type[J]) -> list[tuple[str, J]]:
    return [(rule, judge) for rule, judge in program.judges.items() if isinstance(judge, kind)]


def _lamp_roads(judge: RatioJudge, state: RuleState, now: int) -> list[LampRoad]:
    at, value = _newest(judge, state, now)
    valid = at + judge.validity > now
    n = len(judge.roads)
    known = np.bincount(judge.road_of[valid], minlength=n)
    lit = np.bincount(judge.road_of[valid & (value > LIT)], minlength=n)
    due = _is_due(judge, now)
    rates = judge.rates(known, lit)
    return [
        LampRoad(
            id=road.id,
            grade=road.grade,
            target=float(judge.goal[i]),
            lit=int(lit[i]) if due else 0,
            due=int(known[i]) if due else 0,
            dark=int(known[i] - lit[i]) if due else 0,
            offline=int(judge.lamps[i] - known[i]),
            rate=float(rates[i]) if due and known[i] else None,
        )
        for i, road in enumerate(judge.roads)
    ]


def _newest(judge: RatioJudge, state: RuleState, now: int) -> tuple[Ints, Floats]:
    """Time and value of every lamp's newest reading, those that wait and count by `now` included."""
    at, value = state.sightings.at.copy(), state.sightings.value.copy()
    waiting = judge.release(state, now)
    at[waiting.device], value[waiting.device] = waiting.at, waiting.value
    return at, value


def _is_due(judge: RatioJudge, now: int) -> bool:
    return bool(judge.nights.are_due(np.array([now], dtype=np.int64), judge.nights.between(now, now))[0])
