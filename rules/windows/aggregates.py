"""The aggregates of a window: their names, their units, and which metrics they make sense of."""

from dataclasses import dataclass
from enum import StrEnum

from domain.metrics import Averaging
from rules.columns import Ints
from rules.core.comparing import Floats


class Aggregate(StrEnum):
    ENERGY_MEAN = "energy_mean"
    MEAN = "mean"
    MAX = "max"
    MIN = "min"
    L10 = "l10"
    L50 = "l50"
    L90 = "l90"
    PERCENTILE = "percentile"
    COUNT = "count"
    SUM = "sum"
    RATE = "rate"
    RANGE = "range"


LEVEL_EXCEEDED = {Aggregate.L10: 90.0, Aggregate.L50: 50.0, Aggregate.L90: 10.0}
"""Ln is the level that is exceeded n % of the time: L10, the loud tail, is the 90th percentile."""

_LEVELS = frozenset({Aggregate.L10, Aggregate.L50, Aggregate.L90})
_COUNTER = frozenset({Aggregate.RATE, Aggregate.COUNT})
_UNFIT = {
    Averaging.MEAN: {Aggregate.ENERGY_MEAN, Aggregate.RATE},
    Averaging.ENERGY: {Aggregate.MEAN, Aggregate.SUM, Aggregate.RATE},
    Averaging.VECTOR: set(Aggregate) - {Aggregate.COUNT, Aggregate.RANGE},
    Averaging.COUNTER: set(Aggregate) - _COUNTER,
    Averaging.LAST: {Aggregate.ENERGY_MEAN, Aggregate.RATE, Aggregate.SUM, *_LEVELS},
}
_REMEDY = {
    Averaging.ENERGY: "levels in dB are averaged by energy: write energy_mean, max, min, l10, l50, l90 or percentile",
    Averaging.VECTOR: "directions have no such figure: write count",
    Averaging.COUNTER: "a counter is judged by its difference: write rate",
    Averaging.LAST: "a state has no such figure: write mean (the share of time), max, min or count",
    Averaging.MEAN: "write mean, max, min, percentile, sum or count",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """One figure for each window: its value (NaN for none), what of the window the readings cover in microseconds, and
    how many readings end in it."""

    value: Floats
    duration: Ints
    readings: Ints


def unfit(aggregate: Aggregate, averaging: Averaging) -> str | None:
    """Why this aggregate says nothing about a metric that averages like this, and what to write; None if it does."""
    return _REMEDY[averaging] if aggregate in _UNFIT[averaging] else None


def unit_of(aggregate: Aggregate, unit: str) -> str:
    """The unit of the aggregate of a metric in `unit`."""
    match aggregate:
        case Aggregate.COUNT:
            return "1"
        case Aggregate.RATE:
            return f"{unit}/h"
        case _:
            return unit
