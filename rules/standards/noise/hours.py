"""Local hours with their figures, and how much of each was measured."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from domain.instants import from_micros, to_micros
from rules.standards.noise.levels import Figures, collection_rate, figures
from rules.standards.noise.masking import Masked
from rules.standards.noise.samples import hours_of
from rules.standards.noise.validity import Validity


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseHour:
    """`begin` is local. Figures over the `minutes` that count; NaN when none does."""

    begin: datetime
    figures: Figures
    minutes: float
    is_valid: bool

    @property
    def at(self) -> int:
        """The begin in microseconds."""
        return to_micros(self.begin)

    @property
    def vdr(self) -> float:
        """Minutes that count among the 60 (HJ 906-2017 clause 3.1), 0 to 1."""
        return collection_rate(self.minutes, 60.0)


def noise_hours(masked: Masked, *, timezone: str, validity: Validity) -> list[NoiseHour]:
    """Every local hour that holds a sample, in order; also those in which none counts.

    Samples whose spans overlap, or lie a little across the hour, make no hour longer than 60 minutes.
    """
    zone = ZoneInfo(timezone)
    samples = masked.samples
    if not len(samples):
        return []
    hour = hours_of(samples, timezone)
    order = np.argsort(hour, kind="stable")  # spans of different length may come out of order
    begins, starts = np.unique(hour[order], return_index=True)
    found = []
    for begin, rows in zip(begins.tolist(), np.split(order, starts[1:]), strict=True):
        counting = samples.take(rows[masked.counts[rows]])
        minutes = min(float(counting.span.sum()) / 60.0, 60.0)
        found.append(
            NoiseHour(
                begin=from_micros(begin).astimezone(zone),
                figures=figures(counting.level, counting.span, counting.peak),
                minutes=minutes,
                is_valid=minutes > 0 and minutes >= validity.minutes_of_hour,
            )
        )
    return found
