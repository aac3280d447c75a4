"""Editions of an air quality index: breakpoints, rounding, levels, and what to do when a pollutant is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from config import catalogue
from config.loading import Strict, load

FOLDER = catalogue.SHIPPED.parent / "standards" / "air"
SHIPPED_EDITIONS = (FOLDER / "hj633-2012.yaml", FOLDER / "hj633-2026.yaml", FOLDER / "epa-2024.yaml")
NATIONAL = ("hj633-2012", "hj633-2026")
"""Those among which the date of an observation chooses."""


def exact(value: Any) -> Any:
    """The number as it is written: 0.1 is a tenth, not the nearest binary fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(f"{value!r} is not a number; write it in digits")
    return Decimal(str(value))


Number = Annotated[Decimal, BeforeValidator(exact)]


class Rounding(StrEnum):
    """What happens to a concentration before the formula."""

    NONE = "none"
    HALF_EVEN = "half_even"
    TRUNCATE = "truncate"


class Result(StrEnum):
    """What happens to the index after it."""

    UP = "up"
    NEAREST = "nearest"


class Level(Strict):
    """A band of the AQI, with its names and its own standard's colour. `up_to` is None for the highest."""

    up_to: int | None
    level: str
    zh: str
    en: str
    colour_zh: str
    colour_en: str
    rgb: tuple[int, int, int]

    @property
    def hex(self) -> str:
        return "#" + "".join(f"{part:02X}" for part in self.rgb)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """From concentration `low` to `high` the index goes from `index_low` to `index_high` on a straight line."""

    low: Decimal
    high: Decimal
    index_low: int
    index_high: int


class Indicator(Strict):
    """One pollutant by one mean. A flat `table` holds one concentration for each index, a nested one a pair."""

    pollutant: str
    mean: Literal["1h", "8h", "24h"]
    unit: str
    step: Number
    table: tuple[tuple[Number, Number] | Number | None, ...]
    beyond: int | str

    def bands(self, index: Sequence[tuple[int, int]]) -> tuple[Band, ...]:
        """Those that the table fills, in order."""
        return tuple(
            Band(low=pair[0], high=pair[1], index_low=low, index_high=high)
            for pair, (low, high) in zip(_pairs(self.table), index, strict=True)
            if pair is not None
        )


class Edition(Strict):
    """One edition of an index, in force from `valid_from` until `valid_until` (exclusive).

    `nowcast`: indicators whose value for an hour is the weighted mean of nowcast.py.
    """

    id: str
    zh: str
    en: str
    source: str
    valid_from: date
    valid_until: date | None = None
    concentrations: Rounding
    result: Result
    lowest: int
    primary_above: int | None
    exceedance_above: int | None
    publish_incomplete_above: int | None
    index: tuple[tuple[int, int] | int, ...]
    indicators: dict[str, Indicator]
    hourly: tuple[str, ...]
    daily: tuple[str, ...]
    nowcast: tuple[str, ...] = ()
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]
    _bands: dict[str, tuple[Band, ...]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for name in (*self.hourly, *self.daily):
            if name not in self.indicators:
                raise ValueError(f"{name} is reported but has no breakpoints; add it under indicators")
        for name, indicator in self.indicators.items():
            if isinstance(indicator.beyond, str) and indicator.beyond not in self.indicators:
                raise ValueError(f"{name}.beyond names {indicator.beyond}, which is no indicator here")
            self._check_bands(name)
        if [level.up_to for level in self.levels][-1] is not None:
            raise ValueError("the highest level must have no end: up_to: null")
        return self

    def _check_bands(self, name: str) -> None:
        """Breakpoints rise, and stand on the step to which concentrations are rounded."""
        try:
            bands = self.bands(name)
        except ValueError as exc:
            raise ValueError(f"{name}: the table must be as long as index") from exc
        edges = [edge for band in bands for edge in (band.low, band.high)]
        if not bands or edges != sorted(edges) or any(band.low == band.high for band in bands):
            raise ValueError(f"{name}: breakpoints must rise")
        if any(edge % self.indicators[name].step for edge in edges):
            raise ValueError(f"{name}: a breakpoint stands between two steps of {self.indicators[name].step}")

    def bands(self, name: str) -> tuple[Band, ...]:
        """The indicator's straight pieces."""
        known = self._bands.get(name)
        if known is None:
            known = self._bands[name] = self.indicators[name].bands(_index_pairs(self.index))
        return known

    def rounding(self, concentrations: Rounding) -> "Edition":
        """The same edition with another rounding of concentrations."""
        return self.model_copy(update={"concentrations": concentrations})

    def level(self, aqi: int) -> Level:
        return next(level for level in self.levels if level.up_to is None or aqi <= level.up_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Editions:
    """All known ones by id."""

    by_id: Mapping[str, Edition]

    def __getitem__(self, name: str) -> Edition:
        return self.by_id[name]

    def on(self, day: date) -> Edition:
        """The national edition in force on a day of observation; before the first one, the first."""
        national = [self.by_id[name] for name in NATIONAL]
        in_force = [edition for edition in national if edition.valid_from <= day]
        return in_force[-1] if in_force else national[0]


def load_editions(paths: Sequence[Path] = SHIPPED_EDITIONS) -> Editions:
    """Raises Misconfigured with what is wrong in the first file that cannot be used."""
    loaded = [load(path, Edition) for path in paths]
    return Editions(by_id={edition.id: edition for edition in loaded})


def _index_pairs(index: tuple[tuple[int, int] | int, ...]) -> list[tuple[int, int]]:
    flat = [value for value in index if isinstance(value, int)]
    return [*pairwise(flat)] if flat else [pair for pair in index if not isinstance(pair, int)]


def _pairs(table: tuple[tuple[Decimal, Decimal] | Decimal | None, ...]) -> list[tuple[Decimal, Decimal] | None]:
    """A flat table's neighbours as pairs; a nested one as it is."""
    if any(isinstance(entry, tuple) for entry in table):
        return [entry if isinstance(entry, tuple) else None for entry in table]
    return [
        (low, high) if isinstance(low, Decimal) and isinstance(high, Decimal) else None for low, high in pairwise(table)
    ]
