"""`state`: a metric that has one normal value, such as a cover that is closed."""

from typing import Literal

from rules.core.comparing import Comparison
from rules.entries import MetricEntry
from rules.judges import Site
from rules.limits import FixedLimit
from rules.series.judge import SeriesJudge


class StateEntry(MetricEntry):
    """Everything but `normal` is a violation."""

    kind: Literal["state"]
    normal: float


def compile_state(entry: StateEntry, site: Site) -> SeriesJudge:
    return SeriesJudge(
        entry,
        site,
        devices=entry.reporting(site.registry),
        limits=FixedLimit(entry.normal),
        comparison=Comparison.EQUAL,
        dead_band=0.0,
    )
