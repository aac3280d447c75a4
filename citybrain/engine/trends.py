"""The wall's charts: the last 24 hours of noise and PM2.5 with the limits that held at each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from citybrain.engine.judging import RuleDesk
from domain.devices import Device, Registry
from domain.instants import to_micros
from domain.metrics import Catalogue
from domain.places import NoiseZone
from domain.ports import SeriesStore
from domain.series import TrendQuery
from rules.figures import limit_steps

Json = dict[str, Any]

HOURS = 24
BUCKET_S = 900
REFRESH_S = 30.0
"""City seconds for which an answer is good enough to be given again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What one chart shows: a metric over some devices, and the rule whose limit is drawn."""

    id: str
    metric: str
    rule: str
    zone: NoiseZone | None
    zh: str
    en: str
    scope_zh: str
    scope_en: str
    devices: tuple[str, ...]


def charts_of(registry: Registry) -> tuple[Chart, ...]:
    """Noise over the meters of class 2 (without any: of the commonest class), PM2.5 over all stations.

    Over time a meter's level is the energy mean; over places HJ 640 takes the plain mean.
    """
    meters = registry.of_kind("noise_meter")
    zone = _zone_to_show(meters)
    chosen = tuple(meter.id for meter in meters if meter.zone is zone)
    stations = tuple(station.id for station in registry.of_kind("air_station"))
    return (
        Chart(
            id="noise",
            metric="laeq",
            rule="noise-zone",
            zone=zone,
            zh="环境噪声",
            en="Ambient noise",
            scope_zh=f"{zone} 类区 {len(chosen)} 个点位算术平均" if zone else "",
            scope_en=f"plain mean of {len(chosen)} class {zone} meters" if zone else "",
            devices=chosen,
        ),
        Chart(
            id="pm2_5",
            metric="pm2_5",
            rule="pm2_5-early-warning",
            zone=None,
            zh="细颗粒物 PM2.5",
            en="Fine particles PM2.5",
            scope_zh=f"{len(stations)} 个站点平均",
            scope_en=f"mean of {len(stations)} stations",
            devices=stations,
        ),
    )


class Trends:
    """Answers from the series store, remembered for a little while. From any thread."""

    def __init__(self, *, charts: Sequence[Chart], desk: RuleDesk, store: SeriesStore, catalogue: Catalogue) -> None:
        self._charts = charts
        self._desk = desk
        self._store = store
        self._catalogue = catalogue
        self._remembered: tuple[datetime, Json] | None = None
        self._forgotten = 0

    def at(self, now: datetime) -> Json:
        """`{"trends": [...]}` of docs/internal-api.md. Raises Temporary when the store is away."""
        asked, remembered = self._forgotten, self._remembered
        if remembered is None or now - remembered[0] >= timedelta(seconds=REFRESH_S):
            remembered = (now, {"trends": [self._trend(chart, now) for chart in self._charts if chart.devices]})
            if asked == self._forgotten:  # else the store has got more meanwhile
                self._remembered = remembered
        return remembered[1]

    def forget(self) -> None:
        """The next answer comes from the store."""
        self._forgotten += 1
        self._remembered = None

    def _trend(self, chart: Chart, now: datetime) -> Json:
        start = now - timedelta(hours=HOURS)
        query = TrendQuery(metric=chart.metric, devices=chart.devices, start=start, end=now, bucket_s=BUCKET_S)
        card = self._desk.program.cards.get(chart.rule)
        return {
            **{"id": chart.id, "zh": chart.zh, "en": chart.en, "unit": self._catalogue[chart.metric].unit},
            "bucket_s": BUCKET_S,
            "points": [[to_micros(point.at) // 1000, round(point.value, 2)] for point in self._store.trend(query)],
            "limits": self._limits(chart, start, now) if card else [],
            "limit_zh": card.clause.zh if card else "",
            "limit_en": card.clause.en if card else "",
            "scope_zh": chart.scope_zh,
            "scope_en": chart.scope_en,
        }

    def _limits(self, chart: Chart, start: datetime, end: datetime) -> list[list[float]]:
        steps = limit_steps(self._desk.program, chart.rule, chart.zone, to_micros(start), to_micros(end))
        return [[begin // 1000, until // 1000, value] for begin, until, value in steps]


def _zone_to_show(meters: Sequence[Device]) -> NoiseZone | None:
    zones = [meter.zone for meter in meters if meter.zone is not None]
    if NoiseZone.TWO in zones or not zones:
        return NoiseZone.TWO if zones else None
    return max(set(zones), key=zones.count)
