"""Measurements of a source: 20 minutes each for a building site, a whole day or night of work for the others."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from domain.instants import MICROS_PER_S, from_micros, to_micros
from rules.columns import Ints
from rules.standards.noise.background import Correction, Corrections
from rules.standards.noise.days import Periods
from rules.standards.noise.levels import Figures, figures
from rules.standards.noise.masking import Masked
from rules.standards.noise.samples import Samples, hours_of
from rules.standards.noise.standards import Limits
from rules.standards.noise.validity import Validity
from rules.standards.noise.verdicts import Verdict, Why, judge, judge_peak, peak_basis

LEQ, LMAX = "leq", "lmax"
FREQUENT, OCCASIONAL = "frequent", "occasional"
_SHORTEST_MIN = 1.0
"""A steady source is measured for a minute."""
_MINUTE_US = 60 * MICROS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMethod:
    """`background` in dB(A) is taken off. `peaks`: how often loud moments come at night, if the limit hangs on it."""

    timezone: str
    validity: Validity
    corrections: Corrections
    background: float | None = None
    peaks: str = FREQUENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One measurement of a date's day or night. `corrected`: Leq of the source alone, None when that cannot be told."""

    begin: datetime
    date: date
    period: str
    minutes: float
    figures: Figures
    corrected: float | None
    is_steady: bool
    verdicts: tuple[Verdict, ...]


def measurements(masked: Masked, limits: Limits, method: SourceMethod) -> list[Measurement]:
    """In order of time. Each is judged by itself; a maximum is held against its limit directly, without correction."""
    periods, zone = Periods.of(limits.table), ZoneInfo(method.timezone)
    found = []
    for members in _groups(masked.kept, limits, method, periods):
        begin = from_micros(int(members.begin.min())).astimezone(zone)
        middle = from_micros(int(members.middle[0])).astimezone(zone)
        of, period = periods.of_hour(middle)
        correction = method.corrections.in_force(of)
        found.append(_measured(members, limits, method, correction, (begin, of, period)))
    return sorted(found, key=lambda one: to_micros(one.begin))


def _groups(samples: Samples, limits: Limits, method: SourceMethod, periods: Periods) -> Iterator[Samples]:
    if not len(samples):
        return
    zone, hour = ZoneInfo(method.timezone), hours_of(samples, method.timezone)
    minutes = limits.standard.measurement_minutes
    if minutes is not None:
        key = hour + (samples.middle - hour) // (minutes * _MINUTE_US) * (minutes * _MINUTE_US)
    else:
        key = _begins_of_periods(hour, periods, zone)
    order = np.argsort(key, kind="stable")
    _, starts = np.unique(key[order], return_index=True)
    for rows in np.split(order, starts[1:]):
        yield samples.take(rows)


def _begins_of_periods(hour: Ints, periods: Periods, zone: ZoneInfo) -> Ints:
    """The begin of the day or night of each hour."""
    hours, which = np.unique(hour, return_inverse=True)
    local = [periods.of_hour(from_micros(begin).astimezone(zone)) for begin in hours.tolist()]
    return np.array([to_micros(periods.stretch(*of, zone)[0]) for of in local], dtype=np.int64)[which]


def _measured(
    samples: Samples, limits: Limits, method: SourceMethod, correction: Correction, when: tuple[datetime, date, str]
) -> Measurement:
    found = figures(samples.level, samples.span, samples.peak)
    steady = correction.is_steady(samples.level)
    minutes = float(samples.span.sum()) / 60.0
    is_enough = minutes >= _needed(limits, method.validity) and float(samples.span.max()) / 60.0 <= _longest(limits)
    alone = found.leq if method.background is None else correction.source_alone(found.leq, method.background)
    at = int(samples.middle[0])
    level = judge(
        LEQ,
        alone if is_enough else None,
        limits.at(at),
        validity=method.validity,
        why_none=Why.BACKGROUND if is_enough else Why.TOO_LITTLE,
    )
    basis = peak_basis(samples)
    peaks = [
        judge_peak(
            judge(f"{LMAX}_{rule.name}", found.lmax, limit, validity=method.validity), basis=basis, is_enough=is_enough
        )
        for rule, limit in limits.peaks_at(at, is_steady=steady)
        if rule.name not in {FREQUENT, OCCASIONAL} or rule.name == method.peaks
    ]
    begin, of, period = when
    return Measurement(
        begin=begin,
        date=of,
        period=period,
        minutes=minutes,
        figures=found,
        corrected=alone,
        is_steady=steady,
        verdicts=(level, *peaks),
    )


def _needed(limits: Limits, validity: Validity) -> float:
    """Minutes that make a measurement: of a given length the share that makes an hour valid, else a minute."""
    length = limits.standard.measurement_minutes
    return _SHORTEST_MIN if length is None else length * validity.minutes_of_hour / 60.0


def _longest(limits: Limits) -> float:
    """Minutes of the longest sample that says something of one measurement."""
    return float(limits.standard.measurement_minutes or 60)
