"""What the values of several rules on one metric mean, all at once: a matrix of readings by rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, assert_never

import numpy as np
import numpy.typing as npt

from rules.columns import FOREVER, NEVER, Index, Ints
from rules.core.comparing import Comparison, Finding, Floats, findings
from rules.limits import Limits, SteadyLimits

_ALL: Index = np.zeros(0, dtype=np.intp)
Mask = npt.NDArray[np.bool_]
Findings = npt.NDArray[np.int8]
_BETWEEN, _UNKNOWN = np.int8(Finding.BETWEEN), np.int8(Finding.UNKNOWN)
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

    def suspects(self, series: Index, at: Ints, value: Floats) -> Index:
        """The rows of the readings that violate one rule at least."""

    def found(self, series: Index, at: Ints, value: Floats) -> Findings:
        """A row for each reading, a column for each rule."""


class Plain:
    """One rule, whatever its limits."""

    def __init__(self, rule: Measured) -> None:
        self._rule = rule

    def suspects(self, series: Index, at: Ints, value: Floats) -> Index:
        return np.flatnonzero(self.found(series, at, value) == Finding.VIOLATED)

    def found(self, series: Index, at: Ints, value: Floats) -> Findings:
        found = findings(self._rule.comparison, value, self._rule.limits.at(series, at), self._rule.dead_band)
        return found[:, np.newaxis]


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
    bottom: Floats
    """The greatest `low` of each row: what is not below it is below none; and so for `top` and `high`."""
    top: Floats
    has_low: bool
    has_high: bool
    has_unknown: bool

    @property
    def is_always(self) -> bool:
        """No limit changes, ever."""
        return self.start == NEVER and self.end == FOREVER

    def suspects(self, series: Index, value: Floats) -> Index:
        rows = self.row.take(series)
        if not self.has_low:
            return np.flatnonzero(value > self.top.take(rows))
        below = value < self.bottom.take(rows)
        return np.flatnonzero(below | (value > self.top.take(rows)) if self.has_high else below)

    def found(self, series: Index, value: Floats) -> Findings:
        rows, values = self.row.take(series), value[:, np.newaxis]
        violated = values > self.high.take(rows, axis=0)
        good = values <= self.good_high.take(rows, axis=0)
        if self.has_low:
            violated |= values < self.low.take(rows, axis=0)
            good &= values >= self.good_low.take(rows, axis=0)
        # what is good is not violated: OK, BETWEEN and VIOLATED are 0, 1 and 2
        found: Findings = _BETWEEN + violated.view(np.int8) - good.view(np.int8)
        if self.has_unknown:
            found[self.unknown.take(rows, axis=0)] = _UNKNOWN
        blank = np.isnan(value)
        if blank.any():
            found[blank] = _UNKNOWN
        return found


class Together:
    """Several rules over the same series whose limits stay the same for long stretches."""

    def __init__(self, rules: Sequence[Measured], limits: Sequence[SteadyLimits], *, series: int) -> None:
        self._rules = tuple(rules)
        self._limits = tuple(limits)
        self._everybody = np.arange(series, dtype=np.intp)
        self._known: list[Bounds] = []

    def suspects(self, series: Index, at: Ints, value: Floats) -> Index:
        parts = self._parts(at)
        if len(parts) == 1:
            return parts[0][1].suspects(series, value)
        return np.sort(np.concatenate([here[part.suspects(series[here], value[here])] for here, part in parts]))

    def found(self, series: Index, at: Ints, value: Floats) -> Findings:
        parts = self._parts(at)
        if len(parts) == 1:
            return parts[0][1].found(series, value)
        found = np.empty((len(at), len(self._rules)), dtype=np.int8)
        for here, part in parts:
            found[here] = part.found(series[here], value[here])
        return found

    def _parts(self, at: Ints) -> list[tuple[Index, Bounds]]:
        """The rows by stretch; all rows (and then not their numbers) where one stretch holds all."""
        if self._known and self._known[0].is_always:
            return [(_ALL, self._known[0])]
        bounds = self._around(int(at.min()))
        if int(at.max()) < bounds.end:
            return [(_ALL, bounds)]
        parts: list[tuple[Index, Bounds]] = []
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
        unknown = np.isnan(limits)
        return Bounds(
            start=max(start for start, _ in stretches),
            end=min(end for _, end in stretches),
            row=row,
            low=low,
            high=high,
            good_low=good_low,
            good_high=good_high,
            unknown=unknown,
            bottom=low.max(axis=1),
            top=high.min(axis=1),
            has_low=bool(np.isfinite(low).any()),
            has_high=bool(np.isfinite(high).any()),
            has_unknown=bool(unknown.any()),
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
