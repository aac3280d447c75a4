"""The catalogue file: metrics and kinds of device, as data."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, FiniteFloat, model_validator

from config.durations import Seconds
from config.loading import Strict, load
from domain.devices import DeviceKind
from domain.metrics import Averaging, Catalogue, Metric

SHIPPED = Path(__file__).with_name("catalogue.yaml")


class MetricEntry(Strict):
    unit: str
    zh: str
    en: str
    low: FiniteFloat
    high: FiniteFloat
    averaging: Averaging = Averaging.MEAN
    decimals: int = Field(default=1, ge=0)

    @model_validator(mode="after")
    def _range_is_not_empty(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"range [{self.low}, {self.high}] is empty; low must not be above high")
        return self


class KindEntry(Strict):
    zh: str
    en: str
    interval: Annotated[Seconds, Field(gt=0)]
    metrics: tuple[str, ...]


class CatalogueFile(Strict):
    """`any_kind`: what every device may say of itself, its battery and its radio, whatever its kind measures."""

    metrics: dict[str, MetricEntry]
    any_kind: tuple[str, ...] = ()
    kinds: dict[str, KindEntry]

    @model_validator(mode="after")
    def _kinds_know_their_metrics(self) -> Self:
        strange = [metric for metric in self.any_kind if metric not in self.metrics]
        if strange:
            raise ValueError(f"any_kind names unknown metrics {', '.join(strange)}; add them under metrics")
        for code, kind in self.kinds.items():
            unknown = [metric for metric in kind.metrics if metric not in self.metrics]
            if unknown:
                raise ValueError(f"kind {code} names unknown metrics {', '.join(unknown)}; add them under metrics")
        return self


def load_catalogue(path: Path = SHIPPED) -> tuple[Catalogue, dict[str, DeviceKind]]:
    """Metrics and kinds of the file. Raises Misconfigured with all problems."""
    file = load(path, CatalogueFile)
    metrics = {code: Metric(code=code, **entry.model_dump()) for code, entry in file.metrics.items()}
    return Catalogue(metrics), {code: _kind(code, entry, file.any_kind) for code, entry in file.kinds.items()}


def _kind(code: str, entry: KindEntry, any_kind: tuple[str, ...]) -> DeviceKind:
    reported = tuple(dict.fromkeys((*entry.metrics, *any_kind)))
    return DeviceKind(code=code, zh=entry.zh, en=entry.en, metrics=reported, interval_s=entry.interval)
