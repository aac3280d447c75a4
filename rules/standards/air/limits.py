"""GB 3095 as data: dated limits, how much makes a mean valid, percentiles, conversion of ppb."""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from config.loading import Strict, load
from rules.standards.air.editions import FOLDER, Number

SHIPPED_AMBIENT = FOLDER / "gb3095.yaml"


class Mean(StrEnum):
    """Over what a limit holds. MAX8H is the largest 8-hour mean of a day."""

    HOUR = "hour"
    MAX8H = "max8h"
    DAY = "day"
    YEAR = "year"


class LimitEdition(Strict):
    """Limits of grade 1 and grade 2 by pollutant and mean, until the next edition."""

    id: str
    source: str
    valid_from: date
    limits: dict[str, dict[Mean, tuple[Number, Number]]]


class MeanValidity(Strict):
    """The least that a mean is made of; GB 3095 Table 4."""

    minutes_of_hour: Annotated[float, Field(gt=0, le=60)]
    hours_of_window: Annotated[int, Field(ge=1, le=8)]
    hours_of_day: Annotated[int, Field(ge=1, le=24)]
    days_of_month: Annotated[int, Field(ge=1, le=31)]
    days_of_february: Annotated[int, Field(ge=1, le=29)]
    days_of_year: Annotated[int, Field(ge=1, le=366)]


class OzoneDay(Strict):
    """Which windows of 8 hours belong to a day, and how many of them must be valid."""

    first_window_ends: Annotated[int, Field(ge=1, le=24)]
    windows: Annotated[int, Field(ge=1, le=24)]


class Ambient(Strict):
    """All of GB 3095 that this house needs."""

    id: str
    zh: str
    en: str
    editions: Annotated[tuple[LimitEdition, ...], Field(min_length=1)]
    validity: MeanValidity
    ozone: OzoneDay
    percentiles: dict[str, Number]
    rounded_before_comparing: bool
    per_ppb: dict[str, Number]
    steps: dict[str, Number]
    believed_up_to: dict[str, float]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        starts = [edition.valid_from for edition in self.editions]
        if starts != sorted(set(starts)):
            raise ValueError("editions must be in order of valid_from")
        return self

    @property
    def pollutants(self) -> tuple[str, ...]:
        return tuple(self.steps)

    def on(self, day: date) -> LimitEdition:
        """The limits in force on a day of observation; before the first edition, the first."""
        place = bisect_right([edition.valid_from for edition in self.editions], day) - 1
        return self.editions[max(place, 0)]

    def unit(self, pollutant: str) -> str:
        return "mg/m³" if pollutant == "co" else "µg/m³"


def load_ambient(path: Path = SHIPPED_AMBIENT) -> Ambient:
    """Raises Misconfigured with what is wrong in the file."""
    return load(path, Ambient)


def grades(edition: LimitEdition, pollutant: str) -> Mapping[Mean, tuple[Number, Number]]:
    """Nothing for a pollutant without limits."""
    return edition.limits.get(pollutant, {})
