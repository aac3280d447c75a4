"""One rule on one metric, bound to the series that it judges: its limits, how long a reading counts, its evidence."""

import numpy as np

from domain.conditions import Evidence
from domain.devices import Device
from domain.instants import MICROS_PER_S
from domain.readings import Reading
from rules.core.comparing import Comparison, Yardstick
from rules.entries import MetricEntry
from rules.judges import Judge, Site
from rules.limits import Limits


class MeasuredRule(Judge):
    """Every device is its own target. A reading is believed for `evidence_for` of the device's intervals.

    What a panel needs of a rule; `SeriesJudge` is one that a panel drives.
    """

    by_series = True
    sights = frozenset({"at", "value", "span", "delay", "late"})

    def __init__(
        self,
        entry: MetricEntry,
        site: Site,
        *,
        devices: tuple[Device, ...],
        limits: Limits,
        comparison: Comparison,
        dead_band: float,
    ) -> None:
        super().__init__(
            card=entry.card(unit=site.units[entry.metric]),
            timing=entry.timing(),
            devices=devices,
            site=site,
        )
        self.limits = limits
        self.comparison = comparison
        self.dead_band = dead_band
        self.metric = entry.metric
        self.metric_ordinal = site.vocabulary.metric_ordinal[entry.metric]
        self.validity = np.array(
            [round(device.interval_s * entry.evidence_for * MICROS_PER_S) for device in devices], dtype=np.int64
        )

    def yardstick(self, device: str, metric: str, at: int) -> Yardstick | None:
        row = self.row_of.get(device) if metric == self.metric else None
        limit = None if row is None else self.limits.explain(row, at)[0]
        return None if limit is None else Yardstick(limit=limit, comparison=self.comparison, dead_band=self.dead_band)

    def evidence(self, series: int, reading: Reading, at: int) -> Evidence:
        """A reading of the series against the limit that held at its time; `at` is that time in µs."""
        limit, figures = self.limits.explain(series, at)
        return Evidence(
            value=reading.value,
            limit=limit,
            comparison=self.comparison,
            unit=self.card.unit,
            clause=self.card.clause,
            readings=(reading,),
            figures=figures,
        )
