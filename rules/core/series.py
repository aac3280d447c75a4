"""Judges values of one metric, device by device, against their limit: what `threshold` and `state` are made of."""

from collections.abc import Hashable, Sequence

import numpy as np

from domain.conditions import Evidence, Target, TargetKind, Transition
from domain.devices import Device
from domain.instants import MICROS_PER_S
from domain.readings import Reading
from rules.core.comparing import Comparison
from rules.core.panels import SeriesPanel
from rules.entries import MetricEntry
from rules.limits import Limits, SteadyLimits
from rules.program import Arrivals, Judge, Panel, Site
from rules.state import RuleState


class SeriesJudge(Judge):
    """Every device is its own target. A reading is believed for `evidence_for` of the device's intervals."""

    by_series = True

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
            targets=tuple(Target(kind=TargetKind.DEVICE, id=device.id) for device in devices),
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
        self._by_itself = SeriesPanel((self,))

    def fellowship(self) -> Hashable | None:
        """Rules on the same metric of the same devices, whose limits stay the same for long stretches."""
        if type(self) is not SeriesJudge or not isinstance(self.limits, SteadyLimits) or not self.devices:
            return None
        return self.metric_ordinal, tuple(device.id for device in self.devices)

    def panel(self, judges: Sequence[Judge]) -> Panel:
        return SeriesPanel([judge for judge in judges if isinstance(judge, SeriesJudge)])

    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        return self._by_itself.judge(state, arrivals)

    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        return self._by_itself.wait(state, frontier=frontier, now=now)

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
