"""Levels of noise over hours, days and nights: Leq, Ld, Ln by energy, with the coverage that makes them valid.

A night belongs to the date on which it begins: 22:00 to 06:00 of the next morning is one Ln, not two halves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from domain.instants import MICROS_PER_S, from_micros
from domain.readings import Reading

Floats = npt.NDArray[np.float64]

DAY_HOURS = range(6, 22)
"""06:00 to 22:00 local time (GB 22337-2008 clause 3.8, GB 12523-2011 clause 3.8); the night is the rest."""
HOUR_US = 3_600 * MICROS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """How much has to be there. HJ 906-2017's own figures could not be verified: these are the 75 % in common use."""

    minutes_of_hour: float = 45.0
    hours_of_day: int = 12
    hours_of_night: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class HourLevel:
    """`begin` is local. `leq` in dB(A) over the `minutes` that were measured."""

    begin: datetime
    leq: float
    minutes: float
    is_valid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLevels:
    """Ld and Ln in dB(A) of one date, over its valid hours; None where too few were valid."""

    date: date
    ld: float | None
    ln: float | None
    day_hours: int
    night_hours: int


def leq(levels: Floats, weights: Floats | None = None) -> float:
    """Equivalent level: 10·lg of the mean power, weighted by duration. GB 22337-2008 clause 3.4. NaN for no levels."""
    if not len(levels):
        return float("nan")
    return float(10.0 * np.log10(np.average(10.0 ** (0.1 * levels), weights=weights)))


def hour_levels(readings: Sequence[Reading], *, timezone: str, validity: Validity | None = None) -> list[HourLevel]:
    """Leq of every local hour that has readings. Each reading counts for its span, in the hour in which the span lies.

    A span across a full hour counts in the hour of its middle: a minute more or less, never twice.
    """
    asked, zone = validity or Validity(), ZoneInfo(timezone)
    by_hour: dict[int, list[Reading]] = {}
    for reading in readings:
        middle = reading.at - timedelta(seconds=reading.span_s / 2)
        by_hour.setdefault(int(middle.timestamp() * MICROS_PER_S) // HOUR_US, []).append(reading)
    found = []
    for hour, members in sorted(by_hour.items()):
        spans = np.array([member.span_s for member in members])
        minutes = float(spans.sum()) / 60.0
        found.append(
            HourLevel(
                begin=from_micros(hour * HOUR_US).astimezone(zone),
                leq=leq(np.array([member.value for member in members]), spans),
                minutes=minutes,
                is_valid=minutes >= asked.minutes_of_hour,
            )
        )
    return found


def day_levels(hours: Sequence[HourLevel], *, validity: Validity | None = None) -> list[DayLevels]:
    """Ld (06:00 to 22:00) and Ln (22:00 to 06:00) of every date that has a valid hour, each hour with equal weight."""
    asked = validity or Validity()
    days: dict[date, list[float]] = {}
    nights: dict[date, list[float]] = {}
    for hour in hours:
        if hour.is_valid:
            is_day = hour.begin.hour in DAY_HOURS
            evening = hour.begin.date() - timedelta(days=1 if hour.begin.hour < DAY_HOURS.start else 0)
            (days if is_day else nights).setdefault(hour.begin.date() if is_day else evening, []).append(hour.leq)
    return [
        DayLevels(
            date=when,
            ld=_mean(days.get(when, []), asked.hours_of_day),
            ln=_mean(nights.get(when, []), asked.hours_of_night),
            day_hours=len(days.get(when, [])),
            night_hours=len(nights.get(when, [])),
        )
        for when in sorted(days.keys() | nights.keys())
    ]


def _mean(levels: Sequence[float], fewest: int) -> float | None:
    return leq(np.array(levels)) if len(levels) >= fewest else None
