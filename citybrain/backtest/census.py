"""Counts what came out of a store and what could not be judged: nothing is left out in silence."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from domain.devices import Registry
from domain.readings import Quality, ReadingBatch, Vocabulary


@dataclass(slots=True, kw_only=True)
class Census:
    """Readings that were read, and those of them that no rule judges."""

    read: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    """Readings by device that the registry does not have."""
    not_good: int = 0
    """Signs of life, but no evidence."""
    history: int = 0
    """Sent later on purpose: passed over, as in the live system."""
    _strangers: tuple[Vocabulary, np.ndarray[tuple[int], np.dtype[np.bool_]]] | None = None

    def count(self, batch: ReadingBatch, registry: Registry) -> None:
        """Take note of a batch."""
        self.read += len(batch)
        self.not_good += int(np.count_nonzero(batch.quality != Quality.GOOD))
        self.history += len(batch) - int(np.count_nonzero(batch.live))
        if self._strangers is None or self._strangers[0] is not batch.vocabulary:
            names = batch.vocabulary.devices
            self._strangers = (batch.vocabulary, np.array([name not in registry.devices for name in names], dtype=bool))
        strange = self._strangers[1]
        if strange.any():
            numbers = np.bincount(batch.device, minlength=len(strange))
            for place in np.flatnonzero(strange & (numbers > 0)).tolist():
                self.unknown[batch.vocabulary.devices[place]] += int(numbers[place])
