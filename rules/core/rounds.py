"""Takes a column apart so that every round holds each series at most once, in order of event time."""

from collections.abc import Iterator

import numpy as np

from rules.columns import Index, Ints


def rounds(series: Index, at: Ints) -> Iterator[Index]:
    """Row numbers, round by round: the earliest row of every series, then the second, ... Ties keep their order."""
    if not len(series):
        return
    order = np.lexsort((at, series))
    sorted_series = series[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = sorted_series[1:] != sorted_series[:-1]
    if first.all():
        yield order
        return
    begins = np.flatnonzero(first)
    lengths = np.diff(begins, append=len(order))
    rank = np.arange(len(order)) - np.repeat(begins, lengths)
    by_rank = order[np.argsort(rank, kind="stable")]
    yield from np.split(by_rank, np.cumsum(np.bincount(rank))[:-1])


def is_once(series: Index) -> bool:
    """Whether no series comes twice."""
    ordered = np.sort(series.astype(np.int32))  # half as wide, sorted in half of the time
    return not bool((ordered[1:] == ordered[:-1]).any())
