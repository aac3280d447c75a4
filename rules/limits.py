"""Where a series' limit comes from: one number, or a dated table by zone and time of day."""

from collections.abc import Mapping
from math import isnan
from typing import Protocol, runtime_checkable

import numpy as np

from domain.devices import Device
from domain.places import NoiseZone
from rules.columns import FOREVER, NEVER, Index, Ints
from rules.core.comparing import Floats
from rules.tables import ZONES, Timeline, zone_column

Explained = tuple[int, int, float | None, Mapping[str, float | str]]
"""From, until, the limit between them, and what a person needs beside it."""


class Limits(Protocol):
    """Limits for columns of series (by place) and instants."""

    def at(self, series: Index, at: Ints) -> Floats:
        """NaN where there is none."""

    def explain(self, series: int, at: int) -> tuple[float | None, Mapping[str, float | str]]:
        """The limit of one series at an instant, and what a person needs beside it to look it up."""

    def steps(self, zone: NoiseZone | None, start: int, end: int) -> list[tuple[int, int, float]]:
        """(from, until, limit) over [start, end), for charts. Raises ValueError where a zone is needed."""


@runtime_checkable
class SteadyLimits(Limits, Protocol):
    """Limits that stay the same for long stretches: rules with such limits are judged together, by table."""

    def stretch(self, at: int) -> tuple[int, int]:
        """[from, until) around an instant in which no series' limit changes."""


class FixedLimit:
    """The same for everybody, always."""

    def __init__(self, value: float) -> None:
        self._value = value

    def at(self, series: Index, at: Ints) -> Floats:
        return np.full(len(series), self._value)

    def explain(self, series: int, at: int) -> tuple[float | None, Mapping[str, float | str]]:
        return self._value, {}

    def steps(self, zone: NoiseZone | None, start: int, end: int) -> list[tuple[int, int, float]]:
        return [(start, end, self._value)] if start < end else []

    def stretch(self, at: int) -> tuple[int, int]:
        return NEVER, FOREVER


class TableLimits:
    """By the device's zone and the period in the city's zone of time; the observation's date chooses the edition."""

    def __init__(self, timeline: Timeline, devices: tuple[Device, ...], *, needs_zone: bool) -> None:
        """Raises ValueError for a device without a zone where the table needs one: leave it out of the rule."""
        self._timeline = timeline
        self._needs_zone = needs_zone
        zones = [device.zone for device in devices]
        if needs_zone and None in zones:
            raise ValueError(
                f"device {devices[zones.index(None)].id} has no noise zone, so the table has no limit for it"
            )
        self._zone = np.array([zone_column(zone) for zone in zones], dtype=np.intp)
        self._explained: dict[int, Explained] = {}
        """By zone, what was said last."""

    def at(self, series: Index, at: Ints) -> Floats:
        return self._timeline.limits(self._zone[series], at)[0]

    def explain(self, series: int, at: int) -> tuple[float | None, Mapping[str, float | str]]:
        zone = int(self._zone[series])
        known = self._explained.get(zone)
        if known is None or not known[0] <= at < known[1]:
            known = self._explained[zone] = (*self.stretch(at), *self._explain(zone, at))
        return known[2:]

    def _explain(self, zone: int, at: int) -> tuple[float | None, Mapping[str, float | str]]:
        limit, period, edition = self._timeline.limit(zone, at)
        figures = {"edition": edition}
        if self._needs_zone:
            figures |= {"zone": ZONES[zone].value, "period": period}
        return (None if isnan(limit) else limit), figures

    def steps(self, zone: NoiseZone | None, start: int, end: int) -> list[tuple[int, int, float]]:
        if zone is None and self._needs_zone:
            raise ValueError("this limit depends on the noise zone; name one")
        return self._timeline.steps(zone, start, end)

    def stretch(self, at: int) -> tuple[int, int]:
        return self._timeline.stretch(at)
