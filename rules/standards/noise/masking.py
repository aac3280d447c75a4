"""Which samples leave the statistics, and why: each counts under the first reason that hits it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from domain.instants import MICROS_PER_S
from rules.columns import Ints
from rules.core.comparing import Floats
from rules.standards.noise.samples import HOUR_US, Bools, Samples
from rules.standards.noise.validity import Validity


class Mask(StrEnum):
    """Why a sample does not count."""

    PLACEHOLDER = "placeholder"
    OUT_OF_RANGE = "out-of-range"
    TOO_LONG = "too-long"
    FLAG = "flag"
    WIND = "wind"
    RAIN = "rain"
    WEATHER = "weather"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Foul:
    """Stretches (begin, end], in microseconds, in which nothing that is measured counts."""

    why: Mask
    begin: Ints
    end: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """How many samples, and how many minutes they stood for."""

    samples: int
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Masked:
    """All samples, and which of them count; `removed` holds only reasons that hit something."""

    samples: Samples
    counts: Bools
    removed: Mapping[Mask, Removed]

    @property
    def kept(self) -> Samples:
        return self.samples.take(self.counts)


def foul_weather(
    at: Ints, span: Floats, *, wind: Floats, rain: Floats, words: Bools, validity: Validity
) -> tuple[Foul, ...]:
    """Stretches of wind, rain and weather in words, widened by the margin. NaN is unknown, and unknown is not foul.

    Negative wind and rain are placeholders.
    """
    margin = round(validity.weather_margin * MICROS_PER_S)
    begin = at - np.round(span * MICROS_PER_S).astype(np.int64)
    return tuple(
        Foul(why=why, begin=begin[bad] - margin, end=at[bad] + margin)
        for why, bad in (
            (Mask.WIND, wind >= validity.wind_from),
            (Mask.RAIN, rain > validity.rain_above),
            (Mask.WEATHER, words),
        )
        if bad.any()
    )


def masked(samples: Samples, validity: Validity, *, flagged: Bools | None = None, foul: Sequence[Foul] = ()) -> Masked:
    """`flagged` are those that carry a mark other than normal, in the order of the samples.

    A peak that is a placeholder is taken for none. Of two samples at one instant the first that counts stands.
    """
    peak = np.where(_is_level(samples.peak, validity), samples.peak, np.nan)
    whole = Samples(at=samples.at, span=samples.span, level=samples.level, peak=peak)
    counts = np.ones(len(whole), dtype=np.bool_)
    removed: dict[Mask, Removed] = {}
    for why, hit in (
        (Mask.PLACEHOLDER, np.isnan(whole.level) | np.isin(whole.level, validity.placeholders)),
        (Mask.OUT_OF_RANGE, ~_is_level(whole.level, validity)),
        (Mask.TOO_LONG, whole.span > HOUR_US / MICROS_PER_S),
        *(((Mask.FLAG, flagged),) if flagged is not None else ()),
        *((stretch.why, overlapped(whole, stretch)) for stretch in foul),
    ):
        _remove(why, hit & counts, whole, counts, removed)
    _remove(Mask.DUPLICATE, _repeated(whole, counts), whole, counts, removed)
    return Masked(samples=whole, counts=counts, removed=removed)


def overlapped(samples: Samples, stretch: Foul) -> Bools:
    """Which samples share time with the stretch; touching its edge is not sharing."""
    if not len(stretch.begin):
        return np.zeros(len(samples), dtype=np.bool_)
    begin, end = _united(stretch.begin, stretch.end)
    starts = np.minimum(samples.begin, samples.at - 1)  # an instant has no length, yet it lies in the rain
    following = np.searchsorted(end, starts, side="right")
    reached = np.append(begin, np.iinfo(np.int64).max)[following]
    shared: Bools = reached < samples.at
    return shared


def _remove(why: Mask, hit: Bools, samples: Samples, counts: Bools, removed: dict[Mask, Removed]) -> None:
    if hit.any():
        removed[why] = Removed(samples=int(hit.sum()), minutes=float(samples.span[hit].sum()) / 60.0)
        counts &= ~hit


def _is_level(values: Floats, validity: Validity) -> Bools:
    return (values >= validity.lowest) & (values <= validity.highest) & ~np.isin(values, validity.placeholders)


def _repeated(samples: Samples, counts: Bools) -> Bools:
    rows = np.flatnonzero(counts)
    again = np.zeros(len(samples), dtype=np.bool_)
    again[rows[1:]] = samples.at[rows[1:]] == samples.at[rows[:-1]]
    return again


def _united(begin: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Stretches that overlap or touch, as one; ordered."""
    order = np.argsort(begin)
    begin, end = begin[order], np.maximum.accumulate(end[order])
    first = np.append(True, begin[1:] > end[:-1])
    last = np.append(first[1:], True)
    return begin[first], end[last]
