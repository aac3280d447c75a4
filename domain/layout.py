"""Gives every series that devices can report its place in one long column: no room for what nobody measures."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from domain.devices import Registry
from domain.readings import Vocabulary

Places = npt.NDArray[np.int64]

NOWHERE = -1
"""The place of what no kind lists: a metric that is not the device's, or a name that the vocabulary does not have."""


class SeriesLayout:
    """Kind by kind, metric by metric, the devices side by side: a metric that nobody sends touches no memory."""

    def __init__(self, vocabulary: Vocabulary, *, kind_of: Sequence[int], metrics_of: Sequence[Sequence[int]]) -> None:
        """`kind_of[device]` is the number of its kind, `metrics_of[kind]` are the ordinals that it may report."""
        self.vocabulary = vocabulary
        devices, metrics = len(vocabulary.devices), len(vocabulary.metrics)
        # one more of each than there is, for the names of a longer vocabulary; -1 leads there as well
        self._kind = np.array([*kind_of, len(metrics_of)], dtype=np.int16)
        self._rank = np.zeros(devices + 1, dtype=np.int32)
        self._start = np.full((len(metrics_of) + 1, metrics + 1), NOWHERE, dtype=np.int64)
        self.size = 0
        for kind, listed in enumerate(metrics_of):
            members = np.flatnonzero(self._kind[:devices] == kind)
            self._rank[members] = np.arange(len(members))
            for metric in dict.fromkeys(listed):
                self._start[kind, metric] = self.size
                self.size += len(members)

    def places(self, device: npt.NDArray[np.int32], metric: npt.NDArray[np.int16]) -> Places:
        """The place of each series, below `size`, or NOWHERE. The ordinals may be those of a longer vocabulary."""
        known, listed = np.minimum(device, len(self._rank) - 1), np.minimum(metric, self._start.shape[1] - 1)
        start = self._start[self._kind[known], listed]
        return np.where(start >= 0, start + self._rank[known], NOWHERE)


def layout_of(registry: Registry, vocabulary: Vocabulary) -> SeriesLayout:
    """That of a city. Raises KeyError for a device of the vocabulary that the registry does not have."""
    numbers = {code: number for number, code in enumerate(registry.kinds)}
    ordinal = vocabulary.metric_ordinal
    return SeriesLayout(
        vocabulary,
        kind_of=[numbers[registry.devices[name].kind] for name in vocabulary.devices],
        metrics_of=[[ordinal[metric] for metric in kind.metrics] for kind in registry.kinds.values()],
    )
