"""Held against GB 3095 itself: hours, days and years by pollutant and grade. The AQI does not decide compliance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from rules.columns import Ints
from rules.standards.air.columns import SCALE
from rules.standards.air.days import Daily, Days, as_whole
from rules.standards.air.editions import Number, Rounding
from rules.standards.air.hours import Hours, Part, day_of, divided, hourly
from rules.standards.air.indices import rounded
from rules.standards.air.limits import Ambient, LimitEdition, Mean, grades

Grades = tuple[Number, Number]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Hours or days of one pollutant. `compliant`: how many of the valid ones keep the limit of grade 1, grade 2.

    `limits` are those in force at the end of the period, `highest` is the largest value with its place (an index).
    """

    pollutant: str
    mean: Mean
    limits: Grades
    edition: str
    total: int
    valid: int
    compliant: tuple[int, int]
    highest: Fraction | None
    highest_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """One calendar year of one pollutant. `because` says why it is not valid; figures of such a year bind nobody.

    `mean` against `mean_limits` (None: the standard has no limit for it), `percentile` against the limits of the day.
    """

    year: int
    pollutant: str
    edition: str
    days: int
    because: str
    mean: Fraction | None
    mean_limits: Grades | None
    mean_compliant: tuple[bool, bool] | None
    percent: int
    percentile: Fraction | None
    percentile_limits: Grades
    percentile_compliant: tuple[bool, bool] | None

    @property
    def is_valid(self) -> bool:
        return not self.because


def percentile(values: Sequence[int], percent: Fraction) -> Fraction:
    """The value at place k = 1 + (n − 1)·p of the sorted ones, between neighbours on a straight line. HJ 663.

    Raises ValueError for no values.
    """
    if not values:
        raise ValueError("a percentile of nothing")
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def hour_tallies(hours: Hours, ambient: Ambient) -> list[Tally]:
    return [
        _tally(pollutant, Mean.HOUR, hourly(column), hours.day, ambient)
        for pollutant, column in hours.means.items()
        if _has_limit(ambient, pollutant, Mean.HOUR) and len(column)
    ]


def day_tallies(days: Days, ambient: Ambient) -> list[Tally]:
    return [
        _tally(pollutant, mean, daily.part, days.day, ambient)
        for pollutant in days.means
        for mean, daily in _daily(days, pollutant, ambient)
        if len(days.day)
    ]


def years(days: Days, ambient: Ambient) -> list[Year]:
    """Every calendar year that has valid days, pollutant by pollutant."""
    year = np.array([day_of(ordinal).year for ordinal in days.day], dtype=np.int64)
    found = []
    for one in np.unique(year).tolist():
        for pollutant in days.means:
            for mean, daily in _daily(days, pollutant, ambient):
                valid = np.flatnonzero((year == one) & daily.part.known)
                if len(valid):
                    dates = [day_of(ordinal) for ordinal in days.day[valid]]
                    found.append(_year(one, pollutant, mean, as_whole(daily.part)[valid].tolist(), dates, ambient))
    return found


def keeps(value: Fraction, limits: Grades, *, step: Number, ambient: Ambient) -> tuple[bool, bool]:
    """Whether a value in the pollutant's unit keeps the limit of grade 1, and of grade 2; the limit itself is kept."""
    held = rounded(value, step, Rounding.HALF_EVEN) if ambient.rounded_before_comparing else value
    return held <= Fraction(limits[0]), held <= Fraction(limits[1])


def why_not_valid(dates: Sequence[date], ambient: Ambient) -> str:
    """The reason why so many valid days make no valid year; empty when they do. GB 3095 Table 4."""
    asked = ambient.validity
    if len(dates) < asked.days_of_year:
        return f"{len(dates)} valid days, {asked.days_of_year} are needed"
    for month in range(1, 13):
        least = asked.days_of_february if month == 2 else asked.days_of_month
        number = sum(day.month == month for day in dates)
        if number < least:
            return f"month {month}: {number} valid days, {least} are needed"
    return ""


def _daily(days: Days, pollutant: str, ambient: Ambient) -> Iterator[tuple[Mean, Daily]]:
    """What the standard limits by the day: the mean, of ozone the largest mean of 8 hours."""
    if _has_limit(ambient, pollutant, Mean.DAY):
        yield Mean.DAY, days.means[pollutant]
    if _has_limit(ambient, pollutant, Mean.MAX8H):
        yield Mean.MAX8H, days.windows[pollutant]


def _has_limit(ambient: Ambient, pollutant: str, mean: Mean) -> bool:
    return any(mean in grades(edition, pollutant) for edition in ambient.editions)


def _tally(pollutant: str, mean: Mean, part: Part, day: Ints, ambient: Ambient) -> Tally:
    known = part.known
    compliant = [int(np.count_nonzero(known & kept)) for kept in _kept(pollutant, mean, part, day, ambient)]
    top = int(as_whole(part).argmax())
    last: LimitEdition = ambient.on(day_of(day[-1]))
    return Tally(
        pollutant=pollutant,
        mean=mean,
        limits=grades(last, pollutant)[mean],
        edition=last.id,
        total=len(known),
        valid=int(np.count_nonzero(known)),
        compliant=(compliant[0], compliant[1]),
        highest=Fraction(int(part.numerator[top]), int(part.denominator[top])) if known.any() else None,
        highest_at=top if known.any() else None,
    )


def _kept(
    pollutant: str, mean: Mean, part: Part, day: Ints, ambient: Ambient
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Rows that keep the limit of their own date, for grade 1 and grade 2."""
    step = ambient.steps[pollutant]
    parts = int(1 / step)
    starts = [edition.valid_from.toordinal() for edition in ambient.editions]
    place = np.maximum(np.searchsorted(starts, day, side="right") - 1, 0)
    numerator = np.maximum(part.numerator, 0) * parts
    steps = divided(numerator, part.denominator)
    kept = []
    for grade in (0, 1):
        by_edition = [int(grades(edition, pollutant)[mean][grade] / step) for edition in ambient.editions]
        limit = np.array(by_edition, dtype=np.int64)[place]
        kept.append(steps <= limit if ambient.rounded_before_comparing else numerator <= limit * part.denominator)
    return kept[0], kept[1]


def _year(year: int, pollutant: str, mean: Mean, values: list[int], dates: list[date], ambient: Ambient) -> Year:
    edition = ambient.on(date(year, 12, 31))
    limits = grades(edition, pollutant)
    step = ambient.steps[pollutant]
    because = why_not_valid(dates, ambient)
    average = Fraction(sum(values), len(values) * SCALE)
    percent = ambient.percentiles[pollutant]
    top = percentile(values, Fraction(percent)) / SCALE
    yearly = limits.get(Mean.YEAR)
    return Year(
        year=year,
        pollutant=pollutant,
        edition=edition.id,
        days=len(values),
        because=because,
        mean=average if yearly else None,
        mean_limits=yearly,
        mean_compliant=keeps(average, yearly, step=step, ambient=ambient) if yearly and not because else None,
        percent=int(percent),
        percentile=top,
        percentile_limits=limits[mean],
        percentile_compliant=None if because else keeps(top, limits[mean], step=step, ambient=ambient),
    )
