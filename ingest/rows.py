"""What the messages of one micro-batch say, value by value, as columns; nothing about it has been checked yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from domain.devices import Registry
from domain.messages import Measurement
from domain.readings import Vocabulary
from ingest.formats.names import folded

Index = npt.NDArray[np.intp]

UNDATED = int(np.iinfo(np.int64).min)
"""The event time of a row to which the wire gave none."""
_LAST = int(np.iinfo(np.int64).max)
UNKNOWN = -1
"""The ordinal of a device or a metric that nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Columns of one length. `owner` is the message and `part` the decoded part that a value came in."""

    owner: Index
    part: Index
    device: npt.NDArray[np.int32]
    metric: npt.NDArray[np.int16]
    at: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    span: npt.NDArray[np.float32]
    quality: npt.NDArray[np.uint8]
    live: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.at)

    def in_order(self, order: Index, *, part: Index) -> "Rows":
        """The rows that `order` names, with other numbers of their parts (as many as there are rows here)."""
        columns = {name: getattr(self, name)[order] for name in COLUMNS}
        return Rows(**{**columns, "part": part[order]})


COLUMNS = tuple(column.name for column in fields(Rows))


def joined(some: Rows, more: Rows) -> Rows:
    """One after the other."""
    return Rows(**{name: np.concatenate([getattr(some, name), getattr(more, name)]) for name in COLUMNS})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WireNames:
    """Every name that devices and metrics go by on the wire → ordinal."""

    device: Mapping[str, int]
    metric: Mapping[str, int]


def names_of(registry: Registry, vocabulary: Vocabulary) -> WireNames:
    """An id is never overruled by another device's alias."""
    aliases = {
        spelled: vocabulary.device_ordinal[device.id]
        for device in registry
        for alias in device.aliases
        for spelled in (alias, folded(alias))
    }
    # most ids are folded already: then the vocabulary's own table serves as it is
    spellings = {
        spelled: ordinal for name, ordinal in vocabulary.device_ordinal.items() if (spelled := folded(name)) != name
    }
    others = aliases | spellings
    device = others | vocabulary.device_ordinal if others else vocabulary.device_ordinal
    return WireNames(device=device, metric=vocabulary.metric_ordinal)


def rows_of(
    measurements: Sequence[Measurement], *, owner: Sequence[int], part: Sequence[int], names: WireNames
) -> Rows:
    """Row i is measurements[i], which came in message owner[i] and part[i]."""
    device, metric = names.device, names.metric
    return Rows(
        owner=np.array(owner, dtype=np.intp),
        part=np.array(part, dtype=np.intp),
        device=np.array([device.get(one.device, UNKNOWN) for one in measurements], dtype=np.int32),
        metric=np.array([metric.get(one.metric, UNKNOWN) for one in measurements], dtype=np.int16),
        at=_instants([UNDATED if one.at is None else one.at for one in measurements]),
        value=np.array([one.value for one in measurements], dtype=np.float64),
        span=np.array([one.span_s for one in measurements], dtype=np.float32),
        quality=np.array([one.quality for one in measurements], dtype=np.uint8),
        live=np.array([one.live for one in measurements], dtype=np.bool_),
    )


def _instants(times: Sequence[int]) -> npt.NDArray[np.int64]:
    """A time beyond what 64 bits can say becomes the last or first that they can, and so one that is refused."""
    try:
        return np.array(times, dtype=np.int64)
    except OverflowError:
        return np.array([max(UNDATED + 1, min(time, _LAST)) for time in times], dtype=np.int64)
