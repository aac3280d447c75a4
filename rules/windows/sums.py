"""Keeps a few sums of every step instead of its readings: what means, extremes, counts, sums and rates need.

Per step and series 24 bytes: the number of the step, readings, covered time, and a sum or an extreme (both extremes for
the range: 32; none for the count: 16). As many steps as the window has, whatever comes in.
"""

from collections.abc import Mapping

import numpy as np

from domain.instants import MICROS_PER_S
from rules.columns import Column, Index, Own
from rules.core.comparing import Floats
from rules.windows.aggregates import Aggregate, Measured
from rules.windows.closings import HIGH, Closings, ramp
from rules.windows.pieces import Pieces

AT_ONCE = 1 << 20
"""Numbers of one column that are looked at in one go."""
_HOUR_US = 3_600 * MICROS_PER_S
_KEPT = {
    Aggregate.MAX: ("high",),
    Aggregate.MIN: ("low",),
    Aggregate.RANGE: ("high", "low"),
    Aggregate.COUNT: (),
}
_FILL = {"total": 0.0, "high": -np.inf, "low": np.inf, "covered": 0, "readings": 0}


class Sums:
    """The sums of the last `steps` steps of every series, one of them after the other in a ring."""

    def __init__(self, aggregate: Aggregate, *, steps: int) -> None:
        self._aggregate = aggregate
        self._steps = steps
        self._names = ("covered", "readings", *_KEPT.get(aggregate, ("total",)))

    def columns(self) -> Mapping[str, Column]:
        """What is kept of every series, for `Judge.own_columns`."""
        types = {"covered": np.int64, "readings": np.int32}
        return {
            "step": Column(dtype=np.int32, fill=-1, width=self._steps),
            **{
                name: Column(dtype=types.get(name, np.float64), fill=_FILL[name], width=self._steps)
                for name in self._names
            },
        }

    def measure(self, own: Own, pieces: Pieces, windows: Closings) -> Measured:
        """Take the pieces in, and say the figure of every window that ends before or with them. `own` changes."""
        cells, sums = self._sums(own, pieces)
        size = max(AT_ONCE // self._steps, 1)
        parts = [
            self._windows(
                own, cells, sums, Closings(series=windows.series[at : at + size], end=windows.end[at : at + size])
            )
            for at in range(0, len(windows), size)
        ]
        slot = cells.step % self._steps
        own["step"][cells.series, slot] = cells.step
        for name in self._names:
            own[name][cells.series, slot] = sums[name]
        return Measured(
            value=np.concatenate([np.zeros(0), *(part.value for part in parts)]),
            duration=np.concatenate([np.zeros(0, dtype=np.int64), *(part.duration for part in parts)]),
            readings=np.concatenate([np.zeros(0, dtype=np.int64), *(part.readings for part in parts)]),
        )

    def _sums(self, own: Own, pieces: Pieces) -> tuple[Pieces, dict[str, Floats]]:
        """The pieces of one step each as one, and its sums on top of what is kept of the step."""
        new = np.ones(len(pieces.step), dtype=np.bool_)
        new[1:] = (pieces.series[1:] != pieces.series[:-1]) | (pieces.step[1:] != pieces.step[:-1])
        cells, cell = pieces.take(new), np.cumsum(new) - 1
        slot = cells.step % self._steps
        goes_on = own["step"][cells.series, slot] == cells.step
        sums: dict[str, Floats] = {}
        for name in self._names:
            kept = own[name][cells.series, slot]
            sums[name] = np.where(goes_on, kept, np.asarray(_FILL[name], dtype=kept.dtype))
            # one after the other in order of time: the same sum to the last bit for every cut into batches
            match name:
                case "total":
                    np.add.at(sums[name], cell, self._amounts(pieces))
                case "covered":
                    np.add.at(sums[name], cell, pieces.duration)
                case "readings":
                    np.add.at(sums[name], cell, pieces.ends.astype(np.int32))
                case "high":
                    np.maximum.at(sums[name], cell, pieces.value)
                case _:
                    np.minimum.at(sums[name], cell, pieces.value)
        return cells, sums

    def _amounts(self, pieces: Pieces) -> Floats:
        match self._aggregate:
            case Aggregate.ENERGY_MEAN:
                return 10.0 ** (0.1 * pieces.value) * pieces.duration
            case Aggregate.MEAN:
                return pieces.value * pieces.duration
            case _:
                return pieces.value * pieces.share

    def _windows(self, own: Own, cells: Pieces, sums: Mapping[str, Floats], windows: Closings) -> Measured:
        steps = windows.end[:, None] - self._steps + np.arange(self._steps)
        slots = steps % self._steps
        series = windows.series[:, None]
        kept = own["step"][series, slots] == steps
        window, cell = _pairs(cells, windows, self._steps)
        column = cells.step[cell] - steps[window, 0]
        by_name = {}
        for name in self._names:
            numbers = own[name][series, slots]
            numbers[~kept] = _FILL[name]
            numbers[window, column] = sums[name][cell]
            by_name[name] = numbers
        duration = by_name["covered"].sum(axis=1)
        value = np.where(duration > 0, self._value(by_name, duration), np.nan)
        return Measured(value=value, duration=duration, readings=by_name["readings"].sum(axis=1, dtype=np.int64))

    def _value(self, numbers: Mapping[str, Floats], duration: Floats) -> Floats:
        """The figure of every window, from the sums of its steps; whatever where nothing is covered."""
        with np.errstate(divide="ignore", invalid="ignore"):
            match self._aggregate:
                case Aggregate.MAX | Aggregate.MIN | Aggregate.RANGE:
                    value = _extreme(numbers)
                case Aggregate.COUNT:
                    value = numbers["readings"].sum(axis=1).astype(np.float64)
                case Aggregate.SUM:
                    value = numbers["total"].sum(axis=1)
                case Aggregate.RATE:
                    value = numbers["total"].sum(axis=1) / (duration / _HOUR_US)
                case _:
                    mean = numbers["total"].sum(axis=1) / duration
                    value = 10.0 * np.log10(mean) if self._aggregate is Aggregate.ENERGY_MEAN else mean
        return value


def _extreme(numbers: Mapping[str, Floats]) -> Floats:
    """Largest, smallest, or the one less the other."""
    if "high" not in numbers:
        return np.asarray(numbers["low"].min(axis=1))
    high = np.asarray(numbers["high"].max(axis=1))
    return difference(high, numbers["low"].min(axis=1)) if "low" in numbers else high


def difference(value: Floats, other: Floats) -> Floats:
    """The one less the other without the dust of binary fractions: 0.8 - 0.5 is 0.3, and so at a limit of 0.3."""
    return np.round(value - other, 9)


def _pairs(cells: Pieces, windows: Closings, steps: int) -> tuple[Index, Index]:
    """Every window with every cell inside of it."""
    here = cells.series * HIGH + cells.step
    keys = windows.keys
    low, high = np.searchsorted(keys, here + 1), np.searchsorted(keys, here + steps, side="right")
    number = high - low
    return np.repeat(low, number) + ramp(number), np.repeat(np.arange(len(here)), number)
