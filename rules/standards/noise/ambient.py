"""One point of the ambient noise after GB 3096: its hours, Ld against the day limit, Ln against the night limit.

Day and night are judged apart, and the night's maximum apart from both. An hour above the limit is an alert.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.standards.noise.days import NoiseDay, NoisePeriod, Periods, noise_days
from rules.standards.noise.hours import NoiseHour, noise_hours
from rules.standards.noise.masking import Masked
from rules.standards.noise.standards import Limit, Limits
from rules.standards.noise.validity import Validity
from rules.standards.noise.verdicts import Outcome, PeakBasis, Rate, Verdict, judge, judge_peak, peak_basis, rate_of

LD, LN, LMAX_NIGHT = "ld", "ln", "lmax_night"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedHour:
    """`is_over`: Leq is above the limit of its time, an alert and no verdict; None when the hour is not valid."""

    hour: NoiseHour
    limit: Limit | None
    is_over: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedDay:
    """Verdicts on Ld, Ln and the maximum of the night, in this order."""

    day: NoiseDay
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What came of one point."""

    hours: tuple[JudgedHour, ...]
    days: tuple[JudgedDay, ...]
    basis: PeakBasis


def assess(masked: Masked, limits: Limits, *, timezone: str, validity: Validity) -> Assessment:
    """Hours, days and verdicts of one point. Raises Misconfigured when the table has no day and night of 16 and 8 h."""
    hours = noise_hours(masked, timezone=timezone, validity=validity)
    periods = Periods.of(limits.table)
    days = noise_days(hours, timezone=timezone, validity=validity, periods=periods)
    basis = peak_basis(masked.kept)
    return Assessment(
        hours=tuple(_judged_hour(hour, limits, validity) for hour in hours),
        days=tuple(JudgedDay(day=day, verdicts=_verdicts(day, limits, validity, basis)) for day in days),
        basis=basis,
    )


def point_times(days: Sequence[JudgedDay]) -> tuple[Rate, Rate]:
    """Point-times of the days and of the nights, of one point or of all points of one class."""
    found = [{verdict.quantity: verdict.outcome for verdict in day.verdicts} for day in days]
    return rate_of([outcomes[LD] for outcomes in found]), rate_of([outcomes[LN] for outcomes in found])


def _judged_hour(hour: NoiseHour, limits: Limits, validity: Validity) -> JudgedHour:
    limit = limits.at(hour.at)
    if not hour.is_valid or limit is None:
        return JudgedHour(hour=hour, limit=limit, is_over=None)
    verdict = judge("leq", hour.figures.leq, limit, validity=validity)
    return JudgedHour(hour=hour, limit=limit, is_over=verdict.outcome is Outcome.NOT_COMPLIANT)


def _verdicts(day: NoiseDay, limits: Limits, validity: Validity, basis: PeakBasis) -> tuple[Verdict, ...]:
    return (
        judge(LD, day.day.level, limits.at(day.day.at), validity=validity),
        judge(LN, day.night.level, limits.at(day.night.at), validity=validity),
        *_peaks(day.night, limits, validity, basis),
    )


def _peaks(night: NoisePeriod, limits: Limits, validity: Validity, basis: PeakBasis) -> list[Verdict]:
    return [
        judge_peak(
            judge(LMAX_NIGHT, night.lmax, limit, validity=validity), basis=basis, is_enough=night.level is not None
        )
        for _, limit in limits.peaks_at(night.at)
    ]
