"""Readings as columns. A batch is the unit of every hot path; single readings exist for people and tests."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.instants import from_micros

Mask = npt.NDArray[np.bool_] | npt.NDArray[np.intp]


class Quality(IntEnum):
    """Only GOOD readings feed rules and statistics; the others are stored with their mark."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value of one metric of one device at one event time (the end of its interval of `span_s` seconds).

    `live` is False for history that a device sent later on purpose.
    """

    device: str
    metric: str
    at: datetime
    value: float
    quality: Quality = Quality.GOOD
    span_s: float = 0.0
    live: bool = True


class Vocabulary:
    """Device ids and metric codes with their ordinals; ordinals mean something only together with their vocabulary."""

    def __init__(self, *, devices: Sequence[str], metrics: Sequence[str]) -> None:
        self.devices = tuple(devices)
        self.metrics = tuple(metrics)

    @cached_property
    def device_ordinal(self) -> dict[str, int]:
        return {device: ordinal for ordinal, device in enumerate(self.devices)}

    @cached_property
    def metric_ordinal(self) -> dict[str, int]:
        return {metric: ordinal for ordinal, metric in enumerate(self.metrics)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadingBatch:
    """Readings in columns of one length n. Times are microseconds since the epoch, UTC.

    `at` is the event time: the instant, or the end of an interval of `span` seconds. `received` is when we got it.
    `live` is False for history that a device sends later on purpose: stored, never evaluated.
    """

    vocabulary: Vocabulary
    device: npt.NDArray[np.int32]
    metric: npt.NDArray[np.int16]
    at: npt.NDArray[np.int64]
    received: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    span: npt.NDArray[np.float32]
    quality: npt.NDArray[np.uint8]
    live: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in COLUMNS}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"columns of different lengths: {lengths}")
        for name, dtype in COLUMNS.items():
            if getattr(self, name).dtype != dtype:
                raise ValueError(f"column {name} is {getattr(self, name).dtype}, must be {dtype}")

    def __len__(self) -> int:
        return len(self.at)

    def take(self, which: Mask) -> "ReadingBatch":
        """The readings that a boolean mask or an index array chooses, in that order."""
        return ReadingBatch(vocabulary=self.vocabulary, **{name: getattr(self, name)[which] for name in COLUMNS})

    def rows(self) -> Iterator[Reading]:
        """One Reading at a time; for people and tests, never for a hot path."""
        for i in range(len(self)):
            yield Reading(
                device=self.vocabulary.devices[self.device[i]],
                metric=self.vocabulary.metrics[self.metric[i]],
                at=from_micros(self.at[i]),
                value=float(self.value[i]),
                quality=Quality(self.quality[i]),
                span_s=float(self.span[i]),
                live=bool(self.live[i]),
            )


COLUMNS: dict[str, np.dtype[Any]] = {
    "device": np.dtype(np.int32),
    "metric": np.dtype(np.int16),
    "at": np.dtype(np.int64),
    "received": np.dtype(np.int64),
    "value": np.dtype(np.float64),
    "span": np.dtype(np.float32),
    "quality": np.dtype(np.uint8),
    "live": np.dtype(np.bool_),
}
assert set(COLUMNS) == {field.name for field in fields(ReadingBatch)} - {"vocabulary"}


def batch_of(vocabulary: Vocabulary, **columns: npt.ArrayLike) -> ReadingBatch:
    """A batch from array-likes, cast to the column types. Missing columns: received = at, span 0, GOOD, live."""
    at = np.asarray(columns["at"], dtype=np.int64)
    given = {
        "received": at,
        "span": np.zeros(len(at)),
        "quality": np.zeros(len(at)),
        "live": np.ones(len(at)),
        **columns,
    }
    return ReadingBatch(
        vocabulary=vocabulary, **{name: np.asarray(given[name], dtype=dtype) for name, dtype in COLUMNS.items()}
    )


def concatenate(batches: Sequence[ReadingBatch]) -> ReadingBatch:
    """One batch out of several that share a vocabulary. Raises ValueError for none, or for different vocabularies."""
    if not batches:
        raise ValueError("nothing to concatenate")
    vocabulary = batches[0].vocabulary
    if any(batch.vocabulary is not vocabulary for batch in batches):
        raise ValueError("batches of different vocabularies: their ordinals do not mean the same")
    return ReadingBatch(
        vocabulary=vocabulary, **{name: np.concatenate([getattr(b, name) for b in batches]) for name in COLUMNS}
    )
