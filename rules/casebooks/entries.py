"""What a casebook's file may say."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from config.durations import Seconds
from config.loading import Strict
from config.registry.entries import Figures
from domain.conditions import Signal
from domain.places import NoiseZone, RoadGrade
from rules.casebooks.notation import parse_values

STANDINGS = ("ok", "violated", "held", "unknown")
"""What a check may say of a target at a moment: violated is before the hold time is over."""
_EXPECTED = re.compile(r"(?P<at>\S+(?: \d\S*)?) (?P<rule>[a-z0-9_-]+) (?P<target>\S+) (?P<signal>\w+)")
_CHECK = re.compile(r"at (?P<at>\S+(?: \d\S*)?) (?P<rule>[a-z0-9_-]+) (?P<target>\S+) is (?P<standing>\w+)")


def _moment(value: Any) -> Any:
    # YAML 1.1 reads a bare 22:05 as the number 1325
    if isinstance(value, int | float):
        raise ValueError(f'{value!r} is no moment; write it in quotes: "22:05", "22:05:10" or "+90s"')
    return str(value)


def _values(value: Any) -> Any:
    # YAML reads a bare 0x4 as the number 4
    if isinstance(value, int | float):
        raise ValueError(f'{value!r} was read as a number; write the values in quotes: "0x4"')
    return value


Moment = Annotated[str, BeforeValidator(_moment)]
Values = Annotated[str, BeforeValidator(_values)]


class DeviceEntry(Strict):
    """A device of the story. `interval`: that of its kind, when it says nothing."""

    kind: str
    interval: Seconds | None = None
    zone: NoiseZone | None = None
    district: str | None = None
    road: str | None = None
    parent: str | None = None
    lon: float | None = None
    lat: float | None = None
    figures: Figures = Field(default_factory=dict)


class CityEntry(Strict):
    """Roads are made of what the devices name; `roads` gives their grades (branch where nothing is said)."""

    timezone: str = "Asia/Shanghai"
    lon: float = 121.4
    lat: float = 31.2
    roads: dict[str, RoadGrade] = Field(default_factory=dict)


class SeriesEntry(Strict):
    """Values of one metric of one or several devices: `values` in the short notation, or `rows` of moment and value.

    `behind` or `ahead`: so wrong are the devices' clocks; their readings come so long after or before their own times.
    """

    device: str
    metric: str
    values: Values | None = None
    rows: tuple[tuple[Moment, float], ...] = ()
    start: Moment = "+0s"
    every: Seconds | None = None
    span: Seconds = 0.0
    quality: Literal["good", "uncertain", "bad"] = "good"
    behind: Seconds = 0.0
    ahead: Seconds = 0.0

    @model_validator(mode="after")
    def _says_its_values_once(self) -> Self:
        if (self.values is None) == (not self.rows):
            raise ValueError('give either values: "55x3 60" or rows: [[+0s, 55], [+30s, 60]]')
        if self.values is not None:
            parse_values(self.values)
        return self


class ArrivalEntry(Strict):
    """How the readings reach us: late by `delay`, each by up to `shuffle` more (by lot), every `duplicate`-th again."""

    delay: Seconds = 0.0
    shuffle: Seconds = 0.0
    duplicate: Annotated[int, Field(ge=0)] = 0
    batch: Annotated[int, Field(ge=1)] | None = None
    seed: int = 1


def _expected(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = _EXPECTED.fullmatch(value)
    if match is None:
        raise ValueError(f'{value!r} reads as nothing; write "+70s noise-zone N1 held"')
    return match.groupdict()


def _check(value: Any) -> Any:
    match = _CHECK.fullmatch(value) if isinstance(value, str) else None
    if match is None or match["standing"] not in STANDINGS:
        raise ValueError(f'{value!r} reads as nothing; write "at 22:05 noise-zone N1 is held" ({", ".join(STANDINGS)})')
    return match.groupdict()


class ExpectEntry(Strict):
    """One signal. `target`: a device's id, or kind:id. What is left out may be anything."""

    at: Moment
    rule: str
    target: str
    signal: Signal
    since: Moment | None = None
    value: float | None = None
    limit: float | None = None
    figures: dict[str, float | str] = Field(default_factory=dict)


class CheckEntry(Strict):
    at: Moment
    rule: str
    target: str
    standing: Literal["ok", "violated", "held", "unknown"]


class CaseEntry(Strict):
    """One story. The rules under test are those that `expect`, `expect_none` and `checks` name; they are judged alone.

    Of each of them `expect` lists every signal that comes until `until`.
    """

    name: str
    start: Any
    every: Seconds = 10.0
    until: Moment | None = None
    tick: Annotated[Seconds, Field(gt=0)] = 1.0
    devices: dict[str, DeviceEntry] | tuple[str, ...] = Field(default_factory=dict)
    roads: dict[str, RoadGrade] = Field(default_factory=dict)
    series: tuple[SeriesEntry, ...] = ()
    arrival: ArrivalEntry = ArrivalEntry()
    expect: tuple[Annotated[ExpectEntry, BeforeValidator(_expected)], ...] = ()
    expect_none: tuple[str, ...] = ()
    checks: tuple[Annotated[CheckEntry, BeforeValidator(_check)], ...] = ()

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not (self.expect or self.expect_none or self.checks):
            raise ValueError("asks nothing; give expect, expect_none or checks")
        return self


class CasebookFile(Strict):
    """`rules`: `shipped`, files beside this one, or rules written out. `devices` and `city` serve every case."""

    rules: tuple[str | dict[str, Any], ...] = ("shipped",)
    limits: tuple[str, ...] = ("shipped",)
    city: CityEntry | str = CityEntry()
    registry: str | None = None
    devices: dict[str, DeviceEntry] = Field(default_factory=dict)
    cases: Annotated[tuple[CaseEntry, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _a_registry_has_its_city(self) -> Self:
        if self.registry is not None and not isinstance(self.city, str):
            raise ValueError("registry: its city is needed; write city: FILE as well")
        return self
