"""Holds decoded measurements against the registry and the catalogue, and lays them out as columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.devices import Registry
from domain.errors import Unusable
from domain.instants import MICROS_PER_S, from_micros, iso
from domain.messages import Measurement, Message, Reason
from domain.metrics import Catalogue
from domain.readings import Quality, ReadingBatch, Vocabulary
from ingest.formats.bounds import shown
from ingest.opening import Opened
from ingest.rows import UNDATED, Rows
from ingest.units import converted

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

REASONS = tuple(Reason)
FINE = -1
_CODE = {reason: code for code, reason in enumerate(REASONS)}

CLOCKLESS_BEFORE = 946_771_200 * MICROS_PER_S
"""2000-01-02T00:00Z: times before it (0, 1970, 2000-01-01) come from a device whose clock was never set."""
_MS_PER_S = 1000
_A_YEAR = 366 * 86_400 * MICROS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checked:
    """The verdict on n measurements, row by row. Rows with a reason hold no meaning in `batch`."""

    batch: ReadingBatch
    reason: npt.NDArray[np.int8]
    """Index into REASONS, or FINE."""
    late: npt.NDArray[np.bool_]


class Validator:
    """Built for one registry and one catalogue; a new registry needs a new validator."""

    def __init__(
        self,
        registry: Registry,
        catalogue: Catalogue,
        vocabulary: Vocabulary,
        *,
        late_horizon_s: float,
        future_skew_s: float,
    ) -> None:
        self._vocabulary = vocabulary
        self._late_after = round(late_horizon_s * MICROS_PER_S)
        self._future_skew = round(future_skew_s * MICROS_PER_S)
        metrics = [catalogue[code] for code in vocabulary.metrics]
        self._units = tuple(metric.unit for metric in metrics)
        # One row more than there is, so that the ordinal -1 (unknown) may index safely.
        self._low = np.array([*(metric.low for metric in metrics), -np.inf])
        self._high = np.array([*(metric.high for metric in metrics), np.inf])
        kinds = {code: row for row, code in enumerate(registry.kinds)}
        self._kind_of = np.array([*(kinds[registry.devices[name].kind] for name in vocabulary.devices), -1])
        self._may_report = np.zeros((len(kinds) + 1, len(metrics) + 1), dtype=np.bool_)
        for code, row in kinds.items():
            listed = [vocabulary.metric_ordinal[metric] for metric in registry.kinds[code].metrics]
            self._may_report[row, listed] = True

    def check(self, opened: Opened, received: Ints, retained: Flags) -> Checked:
        """Judges every row. Time is judged by the arrival of its message: `received` and `retained` have one entry for
        each message.
        """
        rows, arrival = opened.rows, received[opened.rows.owner]
        is_retained, undated = retained[rows.owner], rows.at == UNDATED
        batch = self._columns(rows, arrival, undated=undated, live=rows.live & ~is_retained)
        reason = np.full(len(batch), FINE, dtype=np.int8)
        at = batch.at
        # From the mildest to the gravest: the last word stands.
        self._judge_units(opened.units, batch, reason)
        off_range = ~((batch.value >= self._low[batch.metric]) & (batch.value <= self._high[batch.metric]))
        reason[off_range & (reason == FINE)] = _CODE[Reason.OUT_OF_RANGE]
        reason[at > arrival + self._future_skew] = _CODE[Reason.FUTURE_TIME]
        reason[(at < CLOCKLESS_BEFORE) | (undated & is_retained)] = _CODE[Reason.BAD_TIME]
        reason[~self._may_report[self._kind_of[batch.device], batch.metric]] = _CODE[Reason.UNKNOWN_METRIC]
        reason[batch.device < 0] = _CODE[Reason.UNKNOWN_DEVICE]
        return Checked(batch=batch, reason=reason, late=(at < arrival - self._late_after) & (reason == FINE))

    def _columns(self, rows: Rows, arrival: Ints, *, undated: Flags, live: Flags) -> ReadingBatch:
        at, quality = rows.at, rows.quality
        if undated.any():
            at = np.where(undated, arrival, at)
            quality = np.where(undated, np.maximum(quality, np.uint8(Quality.UNCERTAIN)), quality)
        return ReadingBatch(
            vocabulary=self._vocabulary,
            device=rows.device,
            metric=rows.metric,
            at=at,
            received=arrival,
            value=rows.value.copy(),  # units are converted in place
            span=rows.span,
            quality=quality,
            live=live,
        )

    def _judge_units(self, units: Sequence[tuple[int, str]], batch: ReadingBatch, reason: npt.NDArray[np.int8]) -> None:
        for row, unit in units:
            if batch.metric[row] < 0:
                continue
            try:
                wanted = self._units[batch.metric[row]]
                batch.value[row] = converted(
                    float(batch.value[row]),
                    given=unit,
                    wanted=wanted,
                    metric=self._vocabulary.metrics[batch.metric[row]],
                )
            except Unusable as exc:
                reason[row] = _CODE[exc.reason]


def described(reason: Reason, measurement: Measurement, message: Message) -> str:
    """The reason as a sentence: what, with which value, what to do."""
    name = f"{measurement.device[:64]} {measurement.metric[:64]}"
    at = message.received if measurement.at is None else measurement.at
    sentences = {
        Reason.UNKNOWN_DEVICE: f"{measurement.device[:64]!r} is not in the registry; add it, then re-drive",
        Reason.UNKNOWN_METRIC: f"{name}: not a metric of this device's kind; mend the code or add it to the catalogue",
        Reason.UNKNOWN_UNIT: f"{name}: unit {str(measurement.unit)[:40]!r} has no conversion; send the catalogue's",
        Reason.OUT_OF_RANGE: f"{name} = {measurement.value:g}: outside of what the sensor can mean; look at the sensor",
        Reason.FUTURE_TIME: f"{name}: t is {(at - message.received) / MICROS_PER_S:.0f} s ahead of us; set the clock",
        Reason.BAD_TIME: f"{name}: t is that of a clock that was never set; set the device's clock",
    }
    if reason is Reason.BAD_TIME and CLOCKLESS_BEFORE <= at * _MS_PER_S <= message.received + _A_YEAR:
        when = iso(from_micros(at))
        return shown(f"{name}: t is {when}: seconds where milliseconds belong, or a clock that was never set; mend it")
    if reason is Reason.BAD_TIME and measurement.at is None:
        return shown(f"{name}: retained without t, so its age is unknown; send t, or do not retain")
    return shown(sentences[reason])
