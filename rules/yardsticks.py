"""What the values of several rules on one metric mean, all at once: a matrix of readings by rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, assert_never

import numpy as np
import numpy.typing as npt

from rules.comparing import Comparison, Finding, Floats, findings
from rules.limits import Limits, SteadyLimits
from rules.state import Index, Ints

Mask = npt.NDArray[np.bool_]
Findings = npt.NDArray[np.int8]
_OK, _BETWEEN, _VIOLATED, _UNKNOWN = map(np.int8, Finding)
STRETCHES = 8
"""Tables of limits that are kept: a day has a few, and late readings belong to the one before."""


class Measured(Protocol):
    """A rule on one metric: how its limit holds a value."""

    @property
    def limits(self) -> Limits: ...

    @property
    def comparison(self) -> Comparison: ...

    @property
    def dead_band(self) -> float:
        """In the unit of the values."""


class Yardstick(Protocol):
    """Holds values against the limits of all its rules."""

    def violated(self, series: Index, at: Ints, value: Floats) -> Mask:
        """A row for each reading, a column for each rule."""

    def found(self, cells: "Cells", violated: Mask) -> Findings:
        """What single cells of that matrix mean; `violated` is what it says of them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Some readings, each with the number of the rule that looks at it."""

    series: Index
    rule: Index
    at: Ints
    value: Floats


class Plain:
    """One rule, whatever its limits."""

    def __init__(self, rule: Measured) -> None:
        self._rule = rule

    def violated(self, series: Index, at: Ints, value: Floats) -> Mask:
        violated: Mask = self._found(series, at, value) == Finding.VIOLATED
        return violated[:, np.newaxis]

    def found(self, cells: Cells, violated: Mask) -> Findings:
        return self._found(cells.series, cells.at, cells.value)

    def _found(self, series: Index, at: Ints, value: Floats) -> Findings:
        return findings(self._rule.comparison, value, self._rule.limits.at(series, at), self._rule.dead_band)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bounds:
    """Limits of one stretch of time. `row`: of each series; series with the same limits share one. A column each rule.

    A value is compliant from `low` to `high`, both included, and beyond the dead-band from `good_low` to `good_high`.
    """

    start: int
    end: int
    row: npt.NDArray[np.int32]
    low: Floats
    high: Floats
    good_low: Floats
    good_high: Floats
    unknown: Mask
    """No limit."""
    has_low: bool
    has_high: bool

    def violated(self, series: Index, value: Floats) -> Mask:
        rows = self.row.take(series)
        values = value[:, np.newaxis]
        if not self.has_low:
            return values > self.high.take(rows, axis=0)
        below = values < self.low.take(rows, axis=0)
        return below | (values > self.high.take(rows, axis=0)) if self.has_high else below

    def found(self, cells: Cells, violated: Mask) -> Findings:
        where = (self.row[cells.series], cells.rule)
        good = (cells.value >= self.good_low[where]) & (cells.value <= self.good_high[where])
        found = np.where(violated, _VIOLATED, np.where(good, _OK, _BETWEEN))
        found[np.isnan(cells.value) | self.unknown[where]] = _UNKNOWN
        return found


class Together:
    """Several rules over the same series whose limits stay the same for long stretches."""

    def __init__(self, rules: Sequence[Measured], limits: Sequence[SteadyLimits], *, series: int) -> None:
        self._rules = tuple(rules)
        self._limits = tuple(limits)
        self._everybody = np.arange(series, dtype=np.intp)
        self._known: list[Bounds] = []

    def violated(self, series: Index, at: Ints, value: Floats) -> Mask:
        if not len(at):
            return np.zeros((0, len(self._rules)), dtype=np.bool_)
        bounds = self._around(int(at.min()))
        if int(at.max()) < bounds.end:
            return bounds.violated(series, value)
        violated = np.empty((len(at), len(self._rules)), dtype=np.bool_)
        for here, part in self._parts(at):
            violated[here] = part.violated(series[here], value[here])
        return violated

    def found(self, cells: Cells, violated: Mask) -> Findings:
        found = np.empty(len(cells.at), dtype=np.int8)
        for here, part in self._parts(cells.at):
            some = Cells(series=cells.series[here], rule=cells.rule[here], at=cells.at[here], value=cells.value[here])
            found[here] = part.found(some, violated[here])
        return found

    def _parts(self, at: Ints) -> list[tuple[Index | slice, Bounds]]:
        """The rows by stretch."""
        bounds = self._around(int(at.min()))
        if int(at.max()) < bounds.end:
            return [(slice(None), bounds)]
        parts: list[tuple[Index | slice, Bounds]] = []
        rest = np.arange(len(at), dtype=np.intp)
        while len(rest):
            bounds = self._around(int(at[rest].min()))
            parts.append((rest[at[rest] < bounds.end], bounds))
            rest = rest[at[rest] >= bounds.end]
        return parts

    def _around(self, at: int) -> Bounds:
        for number, bounds in enumerate(self._known):
            if bounds.start <= at < bounds.end:
                if number:
                    self._known.insert(0, self._known.pop(number))
                return bounds
        bounds = self._bounds(at)
        self._known.insert(0, bounds)
        del self._known[STRETCHES:]
        return bounds

    def _bounds(self, at: int) -> Bounds:
        stretches = [limits.stretch(at) for limits in self._limits]
        instants = np.full(len(self._everybody), at, dtype=np.int64)
        row, limits = _shared([limits.at(self._everybody, instants) for limits in self._limits])
        edges = [_edges(rule, limits[:, n], rule.dead_band) for n, rule in enumerate(self._rules)]
        low, high, good_low, good_high = (np.stack(column, axis=1) for column in zip(*edges, strict=True))
        return Bounds(
            start=max(start for start, _ in stretches),
            end=min(end for _, end in stretches),
            row=row,
            low=low,
            high=high,
            good_low=good_low,
            good_high=good_high,
            unknown=np.isnan(limits),
            has_low=bool(np.isfinite(low).any()),
            has_high=bool(np.isfinite(high).any()),
        )


def _shared(columns: Sequence[Floats]) -> tuple[npt.NDArray[np.int32], Floats]:
    """Every combination of limits that occurs, once, and which of them each series has."""
    row = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values, number = np.unique(column, return_inverse=True)
        if len(values) > 1:
            row = np.unique(row * len(values) + number, return_inverse=True)[1]
    _, first, row = np.unique(row, return_index=True, return_inverse=True)
    return row.astype(np.int32), np.stack([column[first] for column in columns], axis=1)


def _edges(rule: Measured, limits: Floats, dead_band: float) -> tuple[Floats, Floats, Floats, Floats]:
    """The least and greatest compliant value, and of those beyond the dead-band. Nothing is outside of no limit."""
    nothing, everything = np.full_like(limits, -np.inf), np.full_like(limits, np.inf)
    match rule.comparison:
        case Comparison.BELOW:
            return nothing, _or(_below(limits), everything), nothing, _below(limits - dead_band)
        case Comparison.AT_MOST:
            return nothing, _or(limits, everything), nothing, limits - dead_band
        case Comparison.AT_LEAST:
            return _or(limits, nothing), everything, limits + dead_band, everything
        case Comparison.ABOVE:
            return _or(_above(limits), nothing), everything, _above(limits + dead_band), everything
        case Comparison.EQUAL:
            return _or(limits, nothing), _or(limits, everything), limits, limits
        case _:
            assert_never(rule.comparison)


def _or(limits: Floats, otherwise: Floats) -> Floats:
    return np.where(np.isnan(limits), otherwise, limits)


def _below(limits: Floats) -> Floats:
    """The greatest number that is less."""
    return np.nextafter(limits, -np.inf)


def _above(limits: Floats) -> Floats:
    return np.nextafter(limits, np.inf)
