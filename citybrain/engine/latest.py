"""The newest good value of every series that the city's devices can report."""

import numpy as np
import numpy.typing as npt

from domain.layout import NOWHERE, SeriesLayout
from domain.readings import Quality, ReadingBatch


class LatestValues:
    """16 bytes for each series that was ever heard, 8 for each device."""

    def __init__(self, layout: SeriesLayout) -> None:
        self.vocabulary = layout.vocabulary
        self._layout = layout
        # Zeros are not written: of series that never speak no page is ever touched.
        self._value = np.zeros(layout.size)
        self._at = np.zeros(layout.size, dtype=np.int64)
        self._heard = np.zeros(len(layout.vocabulary.devices), dtype=np.int64)

    def update(self, batch: ReadingBatch) -> None:
        """Take what is newer. Devices that are not registered any more are passed over, and metrics not theirs."""
        place = self._layout.places(batch.device, batch.metric)
        order = np.flatnonzero(batch.live & (batch.quality == Quality.GOOD) & (place != NOWHERE))
        order = order[np.argsort(batch.at[order], kind="stable")]
        order = order[batch.at[order] >= self._at[place[order]]]
        place, device, at = place[order], batch.device[order], batch.at[order]
        # in order of time: of several in one batch, numpy's assignment keeps the last
        self._value[place] = batch.value[order]
        self._at[place] = at
        self._heard[device] = np.maximum(self._heard[device], at)

    def of(self, device: int, metric: str) -> tuple[int, float] | None:
        """Event time (µs) and value; None where nothing was heard."""
        (place,) = self._places([device], metric)
        return (int(self._at[place]), float(self._value[place])) if place != NOWHERE and self._at[place] else None

    def mean(self, metric: str, *, devices: list[int], since: int) -> float | None:
        """Arithmetic mean over the devices heard at or after `since` (µs); None if none was."""
        places = self._places(devices, metric)
        places = places[places != NOWHERE]
        heard = places[self._at[places] >= max(since, 1)]
        return float(self._value[heard].mean()) if len(heard) else None

    def newest(self, devices: list[int]) -> int:
        """Event time (µs) of the newest value of any of the devices; 0 if none was heard."""
        return int(self._heard[devices].max()) if devices else 0

    def _places(self, devices: list[int], metric: str) -> npt.NDArray[np.int64]:
        ordinal = self.vocabulary.metric_ordinal[metric]
        device = np.array(devices, dtype=np.int32)
        return self._layout.places(device, np.full(len(device), ordinal, dtype=np.int16))
