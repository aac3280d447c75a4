"""What can be measured: the metric catalogue. It is data (config/catalogue.yaml); a new metric needs no code."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Averaging(StrEnum):
    """How values of a metric combine over time. Adding two levels in dB arithmetically is the classic mistake."""

    MEAN = "mean"
    ENERGY = "energy"  # levels in dB: 10·lg of the mean power
    VECTOR = "vector"  # directions in degrees
    COUNTER = "counter"  # by difference, with reset
    LAST = "last"  # states


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One quantity: its code, the unit it is stored in, and the closed range [low, high] a sensor can mean."""

    code: str
    unit: str
    zh: str
    en: str
    low: float
    high: float
    averaging: Averaging = Averaging.MEAN
    decimals: int = 1

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"metric {self.code}: range [{self.low}, {self.high}] is empty")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All metrics by code."""

    by_code: Mapping[str, Metric]

    def __getitem__(self, code: str) -> Metric:
        return self.by_code[code]

    def __contains__(self, code: object) -> bool:
        return code in self.by_code

    def __iter__(self) -> Iterator[Metric]:
        return iter(self.by_code.values())

    @property
    def codes(self) -> tuple[str, ...]:
        """Metric codes in catalogue order; the ordinal of a code is its place here."""
        return tuple(self.by_code)
