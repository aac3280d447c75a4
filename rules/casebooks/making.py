"""Makes a case out of its entry: moments become instants, rows of values become readings with their arrival."""

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.loading import Where, nearest_line
from config.suggestions import did_you_mean
from domain.conditions import Target, TargetKind
from domain.devices import Registry
from domain.instants import MICROS_PER_S
from domain.metrics import Catalogue
from domain.readings import Quality
from rules.casebooks.cases import Case, Check, Expected, Line
from rules.casebooks.entries import CaseEntry, CheckEntry, ExpectEntry, SeriesEntry
from rules.casebooks.notation import parse_moment, parse_names, parse_start, parse_values
from rules.loading import RuleSet

AFTER_THE_LAST_US = 600 * MICROS_PER_S
"""A story without `until` ends so long after its last reading."""

Found = TypeVar("Found")


class Making:
    """One entry on one registry. What is wrong is noted in `faults`, by the path inside of the case."""

    def __init__(
        self, entry: CaseEntry, registry: Registry, catalogue: Catalogue, *, lines: Mapping[Where, int], where: Where
    ) -> None:
        self.faults: list[tuple[Where, str]] = []
        self._entry = entry
        self._registry = registry
        self._catalogue = catalogue
        self._lines = lines
        self._where = where
        self._zone = self._try(("start",), lambda: _zone(registry.city.timezone), ZoneInfo("UTC"))
        self._start = self._try(("start",), lambda: parse_start(entry.start, self._zone), 0)

    def case(self, *, file: str, ruleset: RuleSet) -> Case:
        """Worth nothing when there are faults."""
        entry, arrival = self._entry, self._entry.arrival
        readings = [line for index, series in enumerate(entry.series) for line in self._readings(index, series)]
        last = max((line.at for line in readings), default=self._start)
        until = self._moment(("until",), entry.until) if entry.until else last + AFTER_THE_LAST_US
        return Case(
            name=entry.name,
            file=file,
            line=nearest_line(self._lines, self._where),
            ruleset=ruleset,
            registry=self._registry,
            start=self._start,
            until=until,
            tick=_us(entry.tick),
            step=_us(min((series.every or entry.every for series in entry.series), default=entry.every)),
            settle=_us(arrival.delay)
            + _us(arrival.shuffle)
            + max((_us(one.behind) for one in entry.series), default=0),
            batch=arrival.batch,
            lines=tuple(self._arriving(readings)),
            expected=tuple(self._expected(index, one) for index, one in enumerate(entry.expect)),
            silent=entry.expect_none,
            checks=tuple(self._check(index, one) for index, one in enumerate(entry.checks)),
        )

    def _readings(self, index: int, series: SeriesEntry) -> Iterator[Line]:
        """In order of time, as if each arrived at once, by a clock as wrong as the series says."""
        where: Where = ("series", index)
        if series.metric not in self._catalogue:
            hint = did_you_mean(series.metric, self._catalogue.codes)
            self.faults.append(((*where, "metric"), f"metric {series.metric!r} is not in the catalogue{hint}"))
        nobody: tuple[str, ...] = ()
        for device in self._try((*where, "device"), lambda: parse_names(series.device), nobody):
            if device not in self._registry.devices:
                hint = did_you_mean(device, self._registry.devices)
                self.faults.append(((*where, "device"), f"the case has no device {device!r}{hint}"))
            quality = Quality[series.quality.upper()]
            for at, value in self._points(where, series):
                yield Line(
                    device=device,
                    metric=series.metric,
                    at=at,
                    arrival=at + _us(series.behind) - _us(series.ahead),
                    value=value,
                    span_s=series.span,
                    quality=quality,
                )

    def _points(self, where: Where, series: SeriesEntry) -> Iterator[tuple[int, float]]:
        if series.values is None:
            for number, (moment, value) in enumerate(series.rows):
                yield self._moment((*where, "rows", number), moment), value
            return
        begin = self._moment((*where, "start"), series.start)
        every = _us(self._entry.every if series.every is None else series.every)
        for number, reading in enumerate(parse_values(series.values)):
            if reading is not None:
                yield begin + number * every, reading

    def _arriving(self, readings: list[Line]) -> list[Line]:
        """In order of arrival, some of them twice."""
        plan, dice = self._entry.arrival, Random(self._entry.arrival.seed)
        arrived: list[Line] = []
        for number, line in enumerate(sorted(readings, key=lambda line: line.at), start=1):
            late = _us(plan.delay) + (dice.randrange(_us(plan.shuffle)) if plan.shuffle else 0)
            arrived.append(_later(line, late))
            if plan.duplicate and number % plan.duplicate == 0:
                arrived.append(_later(line, late + _us(self._entry.tick)))
        return sorted(arrived, key=lambda line: line.arrival)

    def _expected(self, index: int, entry: ExpectEntry) -> Expected:
        where: Where = ("expect", index)
        return Expected(
            at=self._moment((*where, "at"), entry.at),
            rule=entry.rule,
            target=self._target((*where, "target"), entry.target),
            signal=entry.signal,
            since=None if entry.since is None else self._moment((*where, "since"), entry.since),
            value=entry.value,
            limit=entry.limit,
            figures=entry.figures,
            line=nearest_line(self._lines, (*self._where, *where)),
        )

    def _check(self, index: int, entry: CheckEntry) -> Check:
        where: Where = ("checks", index)
        return Check(
            at=self._moment(where, entry.at),
            rule=entry.rule,
            target=self._target(where, entry.target),
            standing=entry.standing,
            line=nearest_line(self._lines, (*self._where, *where)),
        )

    def _target(self, where: Where, text: str) -> Target:
        if ":" in text:
            return self._try(where, lambda: Target.parse(text), Target(kind=TargetKind.DEVICE, id=text))
        if text not in self._registry.devices:
            hint = did_you_mean(text, self._registry.devices)
            self.faults.append((where, f"the case has no device {text!r}; write kind:id for other targets{hint}"))
        return Target(kind=TargetKind.DEVICE, id=text)

    def _moment(self, where: Where, text: str) -> int:
        return self._try(where, lambda: parse_moment(text, start=self._start, zone=self._zone), self._start)

    def _try(self, where: Where, work: Callable[[], Found], otherwise: Found) -> Found:
        try:
            return work()
        except ValueError as exc:
            self.faults.append((where, str(exc)))
            return otherwise


def _later(line: Line, by: int) -> Line:
    return Line(
        device=line.device,
        metric=line.metric,
        at=line.at,
        arrival=line.arrival + by,
        value=line.value,
        span_s=line.span_s,
        quality=line.quality,
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError as exc:
        raise ValueError(f"timezone {name!r} is not known; write a name such as Asia/Shanghai") from exc


def _us(seconds: float) -> int:
    return round(seconds * MICROS_PER_S)
