"""A set of 64-bit keys at eight bytes each, asked and filled in bulk."""

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
_GROWTH = 8
"""A run is merged into the one before unless that is this many times longer: few runs to search, little to copy."""


class KeySet:
    """Sorted runs of falling length. Exact: what was added is in it, nothing else is."""

    def __init__(self) -> None:
        self._runs: list[Keys] = []

    def __len__(self) -> int:
        """Number of keys; one that was added twice counts twice."""
        return sum(len(run) for run in self._runs)

    @property
    def nbytes(self) -> int:
        return sum(run.nbytes for run in self._runs)

    def add(self, keys: Keys) -> None:
        if not len(keys):
            return
        run = np.sort(keys)
        while self._runs and len(self._runs[-1]) < _GROWTH * len(run):
            run = np.concatenate([self._runs.pop(), run])
            run.sort(kind="stable")  # two sorted halves: a merge, not a sort
        self._runs.append(run)

    def contains(self, keys: Keys) -> npt.NDArray[np.bool_]:
        found = np.zeros(len(keys), dtype=np.bool_)
        for run in self._runs:
            place = np.searchsorted(run, keys)
            place[place == len(run)] = 0
            found |= run[place] == keys
        return found
