"""Days of a station: means of the natural local day and daily maxima, each with what makes it valid."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rules.columns import Ints
from rules.standards.air.columns import NOTHING, SCALE
from rules.standards.air.hours import OF_EIGHT, Hours, Part, divided, sliding_eight
from rules.standards.air.limits import Ambient, Mean, grades

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Daily:
    """One figure for every day: the value (NOTHING in the numerator where not valid) and how many hours made it."""

    part: Part
    count: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Days:
    """`day`: ordinals of all local dates from the first to the last hour, in order."""

    day: Ints
    means: Mapping[str, Daily]
    """By pollutant: the mean of the day."""
    peaks: Mapping[str, Daily]
    """By pollutant: the largest hourly mean."""
    windows: Mapping[str, Daily]
    """By pollutant: the largest mean of 8 hours; `count` is the number of valid windows."""


def days_of(hours: Hours, ambient: Ambient) -> Days:
    """Days at the edge of the data are there as well, and not valid when too little of them is."""
    day, first = np.unique(hours.day, return_index=True)
    return Days(
        day=day,
        means={name: _mean(column, first, ambient) for name, column in hours.means.items()},
        peaks={name: _peak(column, first, ambient) for name, column in hours.means.items()},
        windows={name: _window(hours, name, day, first, ambient) for name in hours.means},
    )


def as_whole(part: Part) -> Ints:
    """In millionths, rounded half to even; NOTHING stays."""
    return np.where(part.known, divided(np.maximum(part.numerator, 0), part.denominator // SCALE), NOTHING)


def _mean(column: Ints, first: npt.NDArray[np.intp], ambient: Ambient) -> Daily:
    known = column >= 0
    total = _reduced(np.add, np.where(known, column, 0), first)
    count = _reduced(np.add, known.astype(np.int64), first)
    valid = count >= ambient.validity.hours_of_day
    numerator = np.where(valid, total, NOTHING)
    return Daily(part=Part(numerator=numerator, denominator=np.maximum(count, 1) * SCALE), count=count)


def _peak(column: Ints, first: npt.NDArray[np.intp], ambient: Ambient) -> Daily:
    count = _reduced(np.add, (column >= 0).astype(np.int64), first)
    top = np.where(count >= ambient.validity.hours_of_day, _reduced(np.maximum, column, first), NOTHING)
    return Daily(part=Part(numerator=top, denominator=np.full(len(top), SCALE, dtype=np.int64)), count=count)


def _window(hours: Hours, pollutant: str, day: Ints, first: npt.NDArray[np.intp], ambient: Ambient) -> Daily:
    """Windows that end at `first_window_ends` to 24 o'clock; those of the early hours reach back before midnight."""
    slides = sliding_eight(hours.means[pollutant], least=ambient.validity.hours_of_window)
    counts = slides.known & (hours.clock + 1 >= ambient.ozone.first_window_ends)
    top = _reduced(np.maximum, np.where(counts, slides.numerator, NOTHING), first)
    number = _reduced(np.add, counts.astype(np.int64), first)
    limit = _window_limits(day, pollutant, ambient)
    valid = (number >= ambient.ozone.windows) | (top > limit)
    numerator = np.where(valid, top, NOTHING)
    denominator = np.full(len(top), OF_EIGHT * SCALE, dtype=np.int64)
    return Daily(part=Part(numerator=numerator, denominator=denominator), count=number)


def _window_limits(day: Ints, pollutant: str, ambient: Ambient) -> Ints:
    """The limit of grade 2 on each day, over the windows' denominator; out of reach where there is none."""
    never = int(np.iinfo(np.int64).max)
    starts = [edition.valid_from.toordinal() for edition in ambient.editions]
    found = []
    for edition in ambient.editions:
        limit = grades(edition, pollutant).get(Mean.MAX8H)
        found.append(never if limit is None else int(limit[1] * OF_EIGHT * SCALE))
    place = np.maximum(np.searchsorted(starts, day, side="right") - 1, 0)
    return np.array(found, dtype=np.int64)[place]


def _reduced(how: np.ufunc, column: Ints, first: npt.NDArray[np.intp]) -> Ints:
    return np.asarray(how.reduceat(column, first) if len(first) else column[:0], dtype=np.int64)
