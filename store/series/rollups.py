"""One row for each device and window of a minute or an hour, from which any longer window can be made again exactly."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from domain.instants import MICROS_PER_S, from_micros
from domain.metrics import Averaging
from domain.series import TrendPoint
from store.series.averaging import NO_DIRECTION, Devices, Times, Values, bearing, over_places

Starts = npt.NDArray[np.intp]


class Level(IntEnum):
    """Length of the windows in seconds."""

    MINUTE = 60
    HOUR = 3600

    @property
    def suffix(self) -> str:
        """Behind the name of a table or a measurement."""
        return "1m" if self is Level.MINUTE else "1h"

    @property
    def micros(self) -> int:
        return self.value * MICROS_PER_S


ALWAYS = ("count", "min", "max", "first", "last")
FIGURES: Mapping[Averaging, tuple[str, ...]] = {
    Averaging.MEAN: (*ALWAYS, "mean"),
    Averaging.ENERGY: (*ALWAYS, "mean"),
    Averaging.VECTOR: (*ALWAYS, "mean", "east", "north"),
    Averaging.LAST: ALWAYS,
    Averaging.COUNTER: (*ALWAYS, "growth"),
}
"""What a row says, by the metric's averaging. `mean` is the metric's own: by energy for levels, by vector for
directions (NaN where winds cancel out); `east` and `north` are the mean vector; `growth` is the sum of the steps
between readings of the window, after a reset to zero the value itself."""

NEEDED: Mapping[Averaging, tuple[str, ...]] = {
    Averaging.MEAN: ("count", "mean"),
    Averaging.ENERGY: ("count", "mean"),
    Averaging.VECTOR: ("count", "east", "north"),
    Averaging.LAST: ("count", "last"),
    Averaging.COUNTER: ("count", "first", "last", "growth"),
}
"""Of these, what a trend is made of."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rollups:
    """Rows in columns. `device` are numbers that the store has given, `start` is that of the window, microseconds."""

    device: Devices
    start: Times
    figures: Mapping[str, Values]

    def __len__(self) -> int:
        return len(self.start)


def rolled_up(averaging: Averaging, *, device: Devices, at: Times, value: Values, level: Level) -> Rollups:
    """The rows of single readings, by device and time."""
    order = np.lexsort((at, device))
    device, value, start = device[order], value[order], at[order] // level.micros * level.micros
    begins = _begins(device, start)
    count = np.diff(begins, append=len(value)).astype(np.float64)
    figures = {
        "count": count,
        "min": _over(np.minimum, value, begins),
        "max": _over(np.maximum, value, begins),
        "first": value[begins],
        "last": value[_ends(begins, len(value))],
    }
    match averaging:
        case Averaging.MEAN:
            figures["mean"] = _over(np.add, value, begins) / count
        case Averaging.ENERGY:
            figures["mean"] = _level(_over(np.add, _power(value), begins) / count)
        case Averaging.VECTOR:
            radians = np.radians(value)
            figures["east"] = _over(np.add, np.sin(radians), begins) / count
            figures["north"] = _over(np.add, np.cos(radians), begins) / count
            figures["mean"] = _direction(figures["east"], figures["north"])
        case Averaging.COUNTER:
            figures["growth"] = _over(np.add, _steps(value, value, begins), begins)
        case Averaging.LAST:
            pass
    return Rollups(device=device[begins], start=start[begins], figures=figures)


def merged(averaging: Averaging, rows: Rollups, *, level: Level) -> Rollups:
    """Rows of longer windows out of rows of shorter ones."""
    order = np.lexsort((rows.start, rows.device))
    device, start = rows.device[order], rows.start[order] // level.micros * level.micros
    old = {name: column[order] for name, column in rows.figures.items()}
    begins = _begins(device, start)
    count = _over(np.add, old["count"], begins)
    figures = {
        "count": count,
        "min": _over(np.minimum, old["min"], begins),
        "max": _over(np.maximum, old["max"], begins),
        "first": old["first"][begins],
        "last": old["last"][_ends(begins, len(device))],
    }
    match averaging:
        case Averaging.MEAN:
            figures["mean"] = _over(np.add, old["mean"] * old["count"], begins) / count
        case Averaging.ENERGY:
            figures["mean"] = _level(_over(np.add, _power(old["mean"]) * old["count"], begins) / count)
        case Averaging.VECTOR:
            figures["east"] = _over(np.add, old["east"] * old["count"], begins) / count
            figures["north"] = _over(np.add, old["north"] * old["count"], begins) / count
            figures["mean"] = _direction(figures["east"], figures["north"])
        case Averaging.COUNTER:
            figures["growth"] = _over(np.add, old["growth"] + _steps(old["first"], old["last"], begins), begins)
        case Averaging.LAST:
            pass
    return Rollups(device=device[begins], start=start[begins], figures=figures)


def trend_of(averaging: Averaging, parts: Sequence[Rollups], *, bucket_us: int) -> list[TrendPoint]:
    """What store.series.averaging.trend makes of the single readings. No two rows stand for the same time."""
    device = np.concatenate([part.device for part in parts])
    start = np.concatenate([part.start for part in parts])
    old = {name: np.concatenate([part.figures[name] for part in parts]) for name in NEEDED[averaging]}
    order = np.lexsort((start, device))
    device, start = device[order], start[order]
    old = {name: column[order] for name, column in old.items()}
    bucket = start // bucket_us * bucket_us
    weight = old["count"]
    match averaging:
        case Averaging.MEAN:
            return _points(bucket, weight, old["mean"] * weight)
        case Averaging.ENERGY:
            figures = over_places(bucket, device, _power(old["mean"]), weight)
            return [
                TrendPoint(at=from_micros(at), value=value, count=n)
                for at, value, n in zip(*(column.tolist() for column in figures), strict=True)
            ]
        case Averaging.VECTOR:
            return _direction_points(bucket, weight, old["east"] * weight, old["north"] * weight)
        case Averaging.LAST:
            last = _ends(_begins(device, bucket), len(device))
            return _points(bucket[last], np.ones(len(last)), old["last"][last])
        case Averaging.COUNTER:
            is_later = np.zeros(len(device))
            is_later[1:] = device[1:] == device[:-1]
            growth = old["growth"] + _steps(old["first"], old["last"], np.flatnonzero(is_later == 0))
            points = _points(bucket, weight - 1 + is_later, growth, is_sum=True)
            return [point for point in points if point.count]


def _points(bucket: Times, weight: Values, total: Values, *, is_sum: bool = False) -> list[TrendPoint]:
    starts, place = np.unique(bucket, return_inverse=True)
    weights = np.bincount(place, weights=weight, minlength=len(starts))
    totals = np.bincount(place, weights=total, minlength=len(starts))
    values = totals if is_sum else totals / np.maximum(weights, 1)
    return [
        TrendPoint(at=from_micros(at), value=float(value), count=round(count))
        for at, value, count in zip(starts.tolist(), values, weights, strict=True)
    ]


def _direction_points(bucket: Times, weight: Values, east: Values, north: Values) -> list[TrendPoint]:
    pairs = zip(_points(bucket, weight, east), _points(bucket, weight, north), strict=True)
    points = [(e, float(_direction(np.array([e.value]), np.array([n.value]))[0])) for e, n in pairs]
    return [TrendPoint(at=e.at, value=value, count=e.count) for e, value in points if not math.isnan(value)]


def _begins(device: Devices, start: Times) -> Starts:
    """Where in sorted columns another device or window begins."""
    is_first = np.ones(len(start), dtype=bool)
    is_first[1:] = (np.diff(device) != 0) | (np.diff(start) != 0)
    return np.flatnonzero(is_first)


def _ends(begins: Starts, length: int) -> Starts:
    return np.append(begins[1:], length)[: len(begins)] - 1


def _over(what: np.ufunc, column: Values, begins: Starts) -> Values:
    result: Values = what.reduceat(column, begins) if len(begins) else np.zeros(0)
    return result


def _steps(first: Values, last: Values, begins: Starts) -> Values:
    """From the row before to each row, 0 where one begins: the difference, or all of it after a reset to zero."""
    step = np.zeros(len(first))
    step[1:] = first[1:] - last[:-1]
    step = np.where(step < 0, first, step)
    step[begins] = 0
    return step


def _power(level: Values) -> Values:
    power: Values = np.power(10.0, level / 10)
    return power


def _level(power: Values) -> Values:
    level: Values = 10 * np.log10(power)
    return level


def _direction(east: Values, north: Values) -> Values:
    degrees = bearing(east, north)
    return np.where(np.hypot(east, north) > NO_DIRECTION, degrees, np.nan)
