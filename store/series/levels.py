"""Which part of a question is answered from hours, which from minutes and which from the readings themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from domain.instants import MICROS_PER_S, to_micros
from domain.metrics import Averaging
from domain.ports import SeriesStore
from domain.series import TrendPoint, TrendQuery
from store.series.averaging import Devices, Times, Values
from store.series.rollups import Level, Rollups, rolled_up, trend_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The times [begin, end) that a level can answer for, microseconds; both on the edge of one of its windows."""

    begin: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolled:
    """How far the rollups of a store have come: all journal entries up to `through` are in them.

    Before `raw_from`, microseconds, readings were deleted: windows there must not be made anew out of what is left.
    """

    through: int = 0
    raw_from: int = 0
    minutes: Reach = field(default_factory=Reach)
    hours: Reach = field(default_factory=Reach)

    def reach(self, level: Level) -> Reach:
        return self.minutes if level is Level.MINUTE else self.hours


def reaching(rolled: Rolled, level: Level, reach: Reach) -> Rolled:
    """The same with another reach of one level."""
    return replace(rolled, minutes=reach) if level is Level.MINUTE else replace(rolled, hours=reach)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Columns:
    """Good readings of one metric; `device` are numbers that the store has given."""

    device: Devices
    at: Times
    value: Values


class LeveledStore(SeriesStore, Protocol):
    """The seam between a store and its rollups, inside of this package. Raises what domain.ports.SeriesStore raises."""

    def rolled(self) -> Rolled | None:
        """None for a store that never had any."""

    def settle_rolled(self, rolled: Rolled) -> None:
        """Durable; from now on trends are answered accordingly."""

    def columns(self, metric: str, devices: tuple[str, ...], start: int, end: int) -> Columns:
        """Good readings in [start, end), in any order; no devices means all."""

    def rollups(self, level: Level, metric: str, devices: tuple[str, ...], start: int, end: int) -> Rollups:
        """The rows of windows that start in [start, end), in any order."""

    def write_rollups(self, level: Level, metric: str, rows: Rollups, *, start: int, end: int) -> None:
        """These are all the rows of [start, end): others go. Writing them again changes nothing."""

    def delete_rollups(self, level: Level, moment: datetime) -> None:
        """Drop the windows that start before the moment."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """[start, end) in microseconds, from this level; None: from the readings."""

    level: Level | None
    start: int
    end: int


def stretches(query: TrendQuery, rolled: Rolled) -> Sequence[Stretch]:
    """The question cut into pieces, in order of time, each as coarse as its bucket and the rollups allow."""
    levels = [level for level in (Level.HOUR, Level.MINUTE) if query.bucket_s % level == 0]
    return _cut(to_micros(query.start), to_micros(query.end), levels, rolled)


def trend(
    store: LeveledStore, averaging: Averaging, query: TrendQuery, pieces: Sequence[Stretch]
) -> Sequence[TrendPoint]:
    """The same as from the readings alone, but a month of hours is read from hours."""
    rows = []
    for piece in pieces:
        if piece.level is not None:
            rows.append(store.rollups(piece.level, query.metric, query.devices, piece.start, piece.end))
        else:
            few = store.columns(query.metric, query.devices, piece.start, piece.end)
            rows.append(rolled_up(averaging, device=few.device, at=few.at, value=few.value, level=Level.MINUTE))
    return trend_of(averaging, rows, bucket_us=query.bucket_s * MICROS_PER_S)


def _cut(start: int, end: int, levels: Sequence[Level], rolled: Rolled) -> list[Stretch]:
    if start >= end:
        return []
    if not levels:
        return [Stretch(None, start, end)]
    level, *finer = levels
    reach = rolled.reach(level)
    begin = max(-(-start // level.micros) * level.micros, reach.begin)
    until = min(end // level.micros * level.micros, reach.end)
    if begin >= until:
        return _cut(start, end, finer, rolled)
    inner = Stretch(level, begin, until)
    return [*_cut(start, begin, finer, rolled), inner, *_cut(until, end, finer, rolled)]
