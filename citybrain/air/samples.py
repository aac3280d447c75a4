"""Measured concentrations of one station as they were read, and what could not be used: counted, with line numbers."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from domain.errors import Refused
from domain.instants import from_micros, iso
from rules.standards.air.columns import NOTHING, scaled
from rules.standards.air.hours import HOUR_US, Hours, hour_of, hours_of, means_of, phase

MOST_HOURS = 30 * 8_784
SHOWN = 20
"""Unreadable lines are all counted; so many are kept with their reason."""


@dataclass(slots=True, kw_only=True)
class Series:
    """One pollutant in its own unit: ends of the spans (µs), spans in seconds, values."""

    at: list[int] = field(default_factory=list)
    span_s: list[float] = field(default_factory=list)
    value: list[float] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Samples:
    """`set_aside` counts values that are no measurement, by pollutant and reason; `unreadable` whole lines."""

    series: dict[str, Series] = field(default_factory=dict)
    set_aside: dict[str, Counter[str]] = field(default_factory=dict)
    unreadable: list[tuple[int, str]] = field(default_factory=list)
    unreadable_lines: int = 0
    lines: int = 0
    remarks: list[str] = field(default_factory=list)

    def keep(self, pollutant: str, at: int, span_s: float, value: float) -> None:
        into = self.series.setdefault(pollutant, Series())
        into.at.append(at)
        into.span_s.append(span_s)
        into.value.append(value)

    def put_aside(self, pollutant: str, reason: str) -> None:
        self.set_aside.setdefault(pollutant, Counter())[reason] += 1

    def refuse(self, line: int, reason: str) -> None:
        self.unreadable_lines += 1
        if len(self.unreadable) < SHOWN:
            self.unreadable.append((line, reason))


def hours_from(samples: Samples, *, timezone: str, minutes_of_hour: float) -> Hours:
    """Hourly means of every pollutant. Values of one instant count once; hours that are too thin are set aside.

    Raises Refused when the times lie decades apart.
    """
    _check_period(samples)
    behind = phase(timezone)
    begins, means = {}, {}
    for pollutant, series in samples.series.items():
        at, first = np.unique(np.array(series.at, dtype=np.int64), return_index=True)
        for _ in range(len(series.at) - len(at)):
            samples.put_aside(pollutant, "duplicate")
        value = scaled(np.array(series.value, dtype=np.float64)[first])
        hour, weight = hour_of(at, np.array(series.span_s, dtype=np.float64)[first], behind)
        begins[pollutant], mean, covered = means_of(hour, weight, value)
        thin = covered < minutes_of_hour * 60
        for _ in range(int(thin.sum())):
            samples.put_aside(pollutant, "hour_too_thin")
        means[pollutant] = np.where(thin, NOTHING, mean)
        zeros = int(np.count_nonzero(value == 0))
        if zeros:
            samples.remarks.append(
                f"{pollutant}: {zeros} 个零值按测得值计（--zero-is-missing 视为缺测）· values of 0 counted as measured"
            )
    _doubt_the_unit_of_co(samples)
    return hours_of(begins, means, timezone=timezone)


def _doubt_the_unit_of_co(samples: Samples) -> None:
    kept = samples.series.get("co", Series()).value
    too_high = samples.set_aside.get("co", Counter())["out_of_range"]
    if too_high > len(kept) or (kept and np.median(kept) > 50):
        samples.remarks.append("co: 多数值大于 50 mg/m³，单位可能是 µg/m³ · is it µg/m³? --unit co=µg/m³")


def _check_period(samples: Samples) -> None:
    """Every hour between the first and the last gets a row: one wrong year must not make millions of them."""
    first = min(min(series.at) for series in samples.series.values())
    last = max(max(series.at) for series in samples.series.values())
    if (last - first) // HOUR_US > MOST_HOURS:
        told = " to ".join(iso(from_micros(at)) for at in (first, last))
        raise Refused(f"the times go from {told}; mend the wrong ones, or give the years one by one")
