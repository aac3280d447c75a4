"""Which local dates are work days and which are days off: a dated file of holidays on top of the weekdays."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from config import catalogue
from config.loading import Strict, load

SHIPPED = catalogue.SHIPPED.parent / "calendars"
SATURDAY = 5
LONGEST_REST_DAYS = 60
"""A longer stretch of days off is a slip of the pen."""


class Rest(Strict):
    """Days off in a row, both ends included."""

    zh: str
    en: str
    first: date = Field(alias="from")
    last: date = Field(alias="to")

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if not timedelta(0) <= self.last - self.first <= timedelta(days=LONGEST_REST_DAYS):
            raise ValueError(f"{self.en}: from {self.first} to {self.last} are no days in a row; mend one of the dates")
        return self

    def dates(self) -> Iterator[date]:
        return (self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1))


class Year(Strict):
    """`unsure`: not the published arrangement, or not all of it."""

    source: str
    unsure: bool = False
    rest: tuple[Rest, ...]
    work: tuple[date, ...] = ()


class Calendar(Strict):
    """Years that are not in it are decided by the weekday, and `doubt` says so."""

    id: str
    zh: str
    en: str
    years: dict[int, Year]

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        for number, year in self.years.items():
            off = [day for rest in year.rest for day in rest.dates()]
            astray = sorted(day for day in {*off, *year.work} if day.year != number)
            if astray:
                raise ValueError(f"year {number}: {astray[0]} is not of that year; move it to the year it belongs to")
            both = sorted({*off} & {*year.work})
            if both:
                raise ValueError(f"year {number}: {both[0]} is under rest and under work; remove one of the two")
        return self

    def is_workday(self, day: date) -> bool:
        """A day that is worked: a make-up work day, or a weekday (Monday to Friday) that is no day off."""
        if day in self._work:
            return True
        return day.weekday() < SATURDAY and day not in self._off

    def name(self, day: date) -> str:
        """What the day off is called; empty for other days."""
        rest = self._off.get(day)
        return f"{rest.zh} {rest.en}" if rest else ""

    def doubt(self, day: date) -> str:
        """What speaks against taking the calendar's word for a day; empty if nothing does."""
        year = self.years.get(day.year)
        if year is None:
            return f"{self.id}: {day.year} 未收录，按星期判断 not listed, the weekday decides"
        return f"{self.id}: {day.year} 安排待核实 not sure ({year.source})" if year.unsure else ""

    @cached_property
    def _off(self) -> dict[date, Rest]:
        return {day: rest for year in self.years.values() for rest in year.rest for day in rest.dates()}

    @cached_property
    def _work(self) -> frozenset[date]:
        return frozenset(day for year in self.years.values() for day in year.work)


def shipped_calendars() -> dict[str, Path]:
    """The calendars that ship, by id: the part of the file's name before the year."""
    return {path.stem.partition("-")[0]: path for path in sorted(SHIPPED.glob("*.yaml"))}


def load_calendar(path: Path) -> Calendar:
    """Raises Misconfigured with all that is wrong in the file."""
    return load(path, Calendar)
