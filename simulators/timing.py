"""When something of a scenario happens: once or again and again, for a while or for good."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor, inf
from typing import Annotated, Self

from pydantic import Field, model_validator

from config.durations import Seconds
from config.loading import Strict
from simulators.targets import Choice, TargetEntry

Span = Annotated[Seconds, Field(gt=0)]


class TimedEntry(Strict):
    """`at` after the begin of the scenario; without `for` it does not end; `every` repeats it."""

    at: Annotated[Seconds, Field(ge=0)] = 0.0
    lasts: Span | None = Field(default=None, alias="for")
    every: Span | None = None
    target: TargetEntry = TargetEntry()

    @model_validator(mode="after")
    def _repeats_only_what_ends(self) -> Self:
        if self.every is not None and (self.lasts is None or self.lasts >= self.every):
            raise ValueError("something with `every` must end before it begins again; write a `for` shorter than it")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time that it happens; seconds since the epoch, [begin_s, end_s)."""

    number: int
    begin_s: float
    end_s: float
    devices: frozenset[str]


class Occurrences:
    """Every time that one entry happens, in a scenario that begins at `origin_s`.

    What repeats was already going on for `before_s` then: `active` and `shares` know those times, numbered below 0.
    """

    def __init__(self, entry: TimedEntry, *, origin_s: float, choice: Choice, before_s: float = 0.0) -> None:
        self._first_s = origin_s + entry.at
        self._lasts = entry.lasts if entry.lasts is not None else inf
        self._every = entry.every
        self._choice = choice
        self._lowest = -floor((before_s + entry.at) / entry.every) if entry.every is not None and before_s > 0 else 0

    def active(self, at_s: float) -> Occurrence | None:
        """The one that is on at the moment."""
        number = self._number(at_s)
        if number < self._lowest or at_s >= self._first_s + number * (self._every or 0.0) + self._lasts:
            return None
        return self._occurrence(number)

    def shares(self, device: str, begin_s: float, end_s: float) -> Iterator[float]:
        """For each time that it is on for this device within [begin_s, end_s): which share of the span."""
        for number in range(self._number(end_s), self._lowest - 1, -1):
            occurrence = self._occurrence(number)
            if occurrence.end_s <= begin_s:
                return
            overlap = min(occurrence.end_s, end_s) - max(occurrence.begin_s, begin_s)
            if overlap > 0 and device in occurrence.devices:
                yield overlap / (end_s - begin_s)

    def hits(self, device: str, at_s: float) -> Occurrence | None:
        """The one that is on at the moment, if it is about this device."""
        occurrence = self.active(at_s)
        return occurrence if occurrence is not None and device in occurrence.devices else None

    def recent(self, at_s: float, *, memory_s: float) -> Iterator[Occurrence]:
        """Newest first: what has begun and did not end more than `memory_s` ago."""
        for number in range(self._number(at_s), -1, -1):
            occurrence = self._occurrence(number)
            if occurrence.end_s + memory_s <= at_s:
                return
            yield occurrence

    def starting_in(self, begin_s: float, end_s: float) -> Iterator[Occurrence]:
        """In order: what begins in [begin_s, end_s)."""
        number = self._number(begin_s)
        if number < 0 or self._occurrence(number).begin_s < begin_s:
            number += 1
        while (self._every is not None or number == 0) and self._first_s + number * (self._every or 0.0) < end_s:
            yield self._occurrence(number)
            number += 1

    def _number(self, at_s: float) -> int:
        """Of the latest that has begun; below 0 before the first."""
        if self._every is not None:
            return floor((at_s - self._first_s) / self._every)
        return 0 if at_s >= self._first_s else -1

    def _occurrence(self, number: int) -> Occurrence:
        begin_s = self._first_s + number * (self._every or 0.0)
        return Occurrence(
            number=number, begin_s=begin_s, end_s=begin_s + self._lasts, devices=self._choice.devices(number)
        )
