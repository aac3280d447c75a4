"""Windows of time that readings stand in, and runs of them that are made together."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from domain.readings import Quality
from domain.settlements import Journalled
from store.series.rollups import Level

WINDOWS_AT_ONCE = 60


class Window(NamedTuple):
    """Of one metric, over all devices; `start` in microseconds."""

    metric: str
    start: int


class Run(NamedTuple):
    """Windows of one metric that are made together: [start, end) in microseconds."""

    metric: str
    start: int
    end: int


def minutes_of(entries: Sequence[Journalled]) -> Iterator[Window]:
    """Where the good readings of these entries stand; some more than once."""
    for entry in entries:
        batch = entry.settlement.readings
        is_good = batch.quality == Quality.GOOD
        metrics = len(batch.vocabulary.metrics)
        keys = batch.at[is_good] // Level.MINUTE.micros * metrics + batch.metric[is_good]
        for key in np.unique(keys).tolist():
            yield Window(batch.vocabulary.metrics[key % metrics], key // metrics * Level.MINUTE.micros)


def runs(windows: Iterable[Window], level: Level) -> Iterator[Run]:
    """By metric and time, each of no more than an hour of minutes or 60 hours. What lies between is made as well:
    that costs less than asking again for each of them.
    """
    run: Run | None = None
    for metric, start in sorted(windows):
        end = start + level.micros
        if run and run.metric == metric and end - run.start <= WINDOWS_AT_ONCE * level.micros:
            run = run._replace(end=end)
            continue
        if run:
            yield run
        run = Run(metric, start, end)
    if run:
        yield run
