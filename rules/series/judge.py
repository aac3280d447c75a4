"""Judges values of one metric, device by device, against their limit: what `threshold` and `state` are made of."""

from collections.abc import Hashable, Sequence

from domain.conditions import Transition
from domain.devices import Device
from rules.columns import RuleState
from rules.core.arrivals import Arrivals
from rules.core.comparing import Comparison
from rules.entries import MetricEntry
from rules.judges import Judge, Panel, Site
from rules.limits import Limits, SteadyLimits
from rules.series.measured import MeasuredRule
from rules.series.panels import SeriesPanel


class SeriesJudge(MeasuredRule):
    """A rule that judges every series by itself, alone or in the panel of its fellowship."""

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
        super().__init__(entry, site, devices=devices, limits=limits, comparison=comparison, dead_band=dead_band)
        self._by_itself = SeriesPanel((self,))

    def fellowship(self) -> Hashable | None:
        """Rules on the same metric of the same devices, whose limits stay the same for long stretches."""
        if type(self) is not SeriesJudge or not isinstance(self.limits, SteadyLimits) or not self.devices:
            return None
        return self.metric_ordinal, self.ids

    def panel(self, judges: Sequence[Judge]) -> Panel:
        return SeriesPanel([judge for judge in judges if isinstance(judge, SeriesJudge)])

    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        return self._by_itself.judge(state, arrivals)

    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        return self._by_itself.wait(state, frontier=frontier, now=now)
