"""Cuts readings at the borders of steps: what each of them brings to which step, and for how long."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.instants import MICROS_PER_S
from rules.columns import Index, Ints
from rules.core.arrivals import Arrivals
from rules.core.comparing import Floats
from rules.windows.grid import Grid


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class News:
    """Readings that are news to their series, ordered by series and event time; times and spans in microseconds.

    `before` and `previous` are time and value of the series' reading before it, NEVER and NaN where there was none.
    `delay`: how far the clock of the series runs behind.
    """

    series: Index
    at: Ints
    value: Floats
    span: Ints
    before: Ints
    previous: Floats
    delay: Ints

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """Parts of readings, ordered by series and time. `share`: how much of its reading a piece is."""

    series: Index
    step: Ints
    duration: Ints
    value: Floats
    share: Floats
    ends: npt.NDArray[np.bool_]
    """It is the last piece of its reading, which counts where it ends."""

    def take(self, which: npt.NDArray[np.bool_] | Index) -> "Pieces":
        return Pieces(
            series=self.series[which],
            step=self.step[which],
            duration=self.duration[which],
            value=self.value[which],
            share=self.share[which],
            ends=self.ends[which],
        )


NO_PIECES = Pieces(
    series=np.zeros(0, dtype=np.intp),
    step=np.zeros(0, dtype=np.int64),
    duration=np.zeros(0, dtype=np.int64),
    value=np.zeros(0),
    share=np.zeros(0),
    ends=np.zeros(0, dtype=np.bool_),
)


def news_of(series: Index, arrivals: Arrivals, *, newest: Ints, value: Floats) -> News:
    """What is newer than its series' newest reading (`newest`, with its `value`); of two at one instant the first.

    `series` are the places of the arrivals.
    """
    order = np.lexsort((arrivals.at, series))
    place, at = series[order], arrivals.at[order]
    keep = at > newest[place]
    keep[1:] &= (place[1:] != place[:-1]) | (at[1:] != at[:-1])
    rows = order[keep]
    place, at, values = series[rows], arrivals.at[rows], arrivals.value[rows]
    before, previous = newest[place], value[place]
    same = place[1:] == place[:-1]
    before[1:][same], previous[1:][same] = at[:-1][same], values[:-1][same]
    span = np.round(arrivals.span[rows].astype(np.float64) * MICROS_PER_S).astype(np.int64)
    return News(
        series=place, at=at, value=values, span=span, before=before, previous=previous, delay=arrivals.delay[rows]
    )


def cut_readings(news: News, grid: Grid, *, interval: Ints) -> Pieces:
    """Readings with a span last over it, but not back beyond the reading before; one without belongs whole to its step.

    A reading without a span weighs as much as the device's `interval`, or the time since the reading before if that is
    less. What a span has left of a step that was over more than an `interval` before its end is nobody's: by then the
    verdict on that step may have been given.
    """
    at, own = news.at, interval[news.series]
    instant = news.span == 0
    weight = at - np.maximum(news.before, at - own)
    begin = np.maximum(at - news.span, news.before)
    begin = np.maximum(begin, grid.begins(grid.numbers(at - own - 1)))
    begin = np.where(instant, at, begin)
    first = grid.numbers(begin)
    last = np.where(instant, first, grid.numbers(at - 1))
    row, pieces = _cut(news, grid, begin=begin, first=first, last=last)
    whole = instant[row]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(whole, 1.0, pieces.duration / news.span[row])
    return Pieces(
        series=pieces.series,
        step=pieces.step,
        duration=np.where(whole, weight[row], pieces.duration),
        value=pieces.value,
        share=share,
        ends=pieces.ends,
    )


def cut_differences(news: News, grid: Grid, *, believed: Ints) -> Pieces:
    """What a counter counted between two readings no more than `believed` apart, spread evenly over that time.

    A counter that went back started again from nothing: it counted what it shows.
    """
    rows = np.flatnonzero(news.before >= news.at - believed[news.series])
    counted = News(
        series=news.series[rows],
        at=news.at[rows],
        value=np.where(news.value >= news.previous, news.value - news.previous, news.value)[rows],
        span=news.at[rows] - news.before[rows],
        before=news.before[rows],
        previous=news.previous[rows],
        delay=news.delay[rows],
    )
    first = grid.numbers(counted.before)
    row, pieces = _cut(counted, grid, begin=counted.before, first=first, last=grid.numbers(counted.at - 1))
    return Pieces(
        series=pieces.series,
        step=pieces.step,
        duration=pieces.duration,
        value=pieces.value,
        share=pieces.duration / counted.span[row],
        ends=pieces.ends,
    )


def _cut(news: News, grid: Grid, *, begin: Ints, first: Ints, last: Ints) -> tuple[Index, Pieces]:
    """One piece for every step from `first` to `last`; beside it the row of its reading."""
    number = last - first + 1
    row = np.repeat(np.arange(len(news)), number)
    ends = np.zeros(len(row), dtype=np.bool_)
    ends[np.cumsum(number) - 1] = True
    step = first[row] + (np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number))
    borders = grid.begins(step)
    duration = np.where(ends, news.at[row], grid.begins(step + 1)) - np.maximum(borders, begin[row])
    pieces = Pieces(
        series=news.series[row],
        step=step,
        duration=duration,
        value=news.value[row],
        share=np.ones(len(row)),
        ends=ends,
    )
    return row, pieces
