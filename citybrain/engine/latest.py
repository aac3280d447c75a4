"""The newest good value of every series, as two matrices of devices × metrics."""

import numpy as np

from domain.readings import Quality, ReadingBatch, Vocabulary


class LatestValues:
    """`value` is NaN and `at` 0 where nothing has been heard. 16 bytes per device and metric."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        shape = (len(vocabulary.devices), len(vocabulary.metrics))
        self.value = np.full(shape, np.nan)
        self.at = np.zeros(shape, dtype=np.int64)

    def update(self, batch: ReadingBatch) -> None:
        """Take what is newer. Devices beyond the vocabulary (no longer registered) are passed over."""
        devices, metrics = self.value.shape
        usable = batch.live & (batch.quality == Quality.GOOD) & (batch.device < devices) & (batch.metric < metrics)
        order = np.flatnonzero(usable)
        order = order[np.argsort(batch.at[order], kind="stable")]
        rows, columns = batch.device[order], batch.metric[order]
        newer = batch.at[order] >= self.at[rows, columns]
        rows, columns, order = rows[newer], columns[newer], order[newer]
        # in order of time: of several in one batch, numpy's assignment keeps the last
        self.value[rows, columns] = batch.value[order]
        self.at[rows, columns] = batch.at[order]

    def mean(self, metric: str, *, devices: list[int], since: int) -> float | None:
        """Arithmetic mean over the devices heard at or after `since` (µs); None if none was."""
        column = self.vocabulary.metric_ordinal[metric]
        heard = [device for device in devices if self.at[device, column] >= max(since, 1)]
        return float(self.value[heard, column].mean()) if heard else None

    def newest(self, devices: list[int]) -> int:
        """Event time (µs) of the newest value of any of the devices; 0 if none was heard."""
        return int(self.at[devices].max()) if devices else 0
