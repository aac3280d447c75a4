"""A mapping file: how a vendor's JSON becomes readings, in YAML instead of code. docs/mapping.md explains it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator, model_validator

from config.durations import Seconds
from config.loading import FaultBelow, Strict, Where, line_numbers, load, nearest_line, read_yaml
from domain.errors import Misconfigured, Problem
from domain.metrics import Catalogue
from ingest.formats.mapping_paths import items_path_of, path_of
from ingest.formats.mapping_topics import topic_pattern
from ingest.units import is_convertible

Value = bool | int | float | str
_ADVICE = "is not in the catalogue; mend its spelling, or add it there"
_UNIT_ADVICE = "every reading would be quarantined: mend the unit, or let the device send another one"


def _checked(check: Callable[[str], object]) -> AfterValidator:
    def validate(text: str) -> str:
        check(text)
        return text

    return AfterValidator(validate)


def _not_empty(entries: tuple[Any, ...]) -> tuple[Any, ...]:
    """Instead of a least length, which pydantic also complains about when it is the entries that are wrong."""
    if not entries:
        raise ValueError("is empty; give at least one")
    return entries


NotEmpty = AfterValidator(_not_empty)
Path_ = Annotated[str, _checked(path_of)]
ItemsPath = Annotated[str, _checked(items_path_of)]
Topic = Annotated[str, _checked(topic_pattern)]


class TimeEntry(Strict):
    """`form: auto` tells them apart: a count since 1970 by its size, 14 or 17 digits, else ISO 8601. `zone` is that of
    times without an offset, where the device's dialect names none. `marks`: which end of the span it is.
    """

    path: Path_
    form: Literal["auto", "epoch", "iso", "digits"] = "auto"
    zone: str | None = None
    marks: Literal["end", "start"] = "end"

    @field_validator("zone")
    @classmethod
    def _is_known(cls, name: str | None) -> str | None:
        try:
            return name if name is None else ZoneInfo(name).key
        except (KeyError, ValueError, OSError) as exc:  # OSError: the name of a folder of zones
            raise ValueError(f"{name!r} is no zone of time; write a name such as Asia/Shanghai") from exc


class SpanEntry(Strict):
    """How long was measured: always the same, or as the message says."""

    fixed: Seconds | None = None
    path: Path_ | None = None
    unit: Literal["ms", "s", "min", "h"] = "s"

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.fixed is None) == (self.path is None):
            raise ValueError("give either fixed, such as 60s, or path")
        return self


class QualityEntry(Strict):
    """Words and numbers that mean good or uncertain; every other one is bad. `absent`: where nothing stands there."""

    path: Path_
    good: Annotated[tuple[Value, ...], NotEmpty]
    uncertain: tuple[Value, ...] = ()
    absent: Literal["good", "uncertain", "bad"] = "uncertain"


class ValueEntry(Strict):
    """One value. `unit` is what the vendor sends, the catalogue's where it is absent; `states` gives words and booleans
    their numbers; `missing` lists numbers that stand for "no value".
    """

    path: Path_
    metric: str
    unit: str | None = None
    missing: tuple[float, ...] = ()
    states: dict[str, float] = Field(default_factory=dict)


class MappingFile(Strict):
    """`device` is a path, or a named part of the topic such as `{device}`."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    topics: Annotated[tuple[Topic, ...], NotEmpty]
    items: ItemsPath | None = None
    device: str
    time: TimeEntry | None = None
    span: SpanEntry | None = None
    identity: Path_ | None = None
    sequence: Path_ | None = None
    quality: QualityEntry | None = None
    values: Annotated[tuple[ValueEntry, ...], NotEmpty]
    ignore: tuple[Path_, ...] = ()
    extra: Literal["quarantine", "ignore"] = "quarantine"

    @field_validator("device")
    @classmethod
    def _is_path_or_part(cls, text: str) -> str:
        if not text.startswith("{"):
            path_of(text)
        return text

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        first: dict[str, int] = {}
        for place, value in enumerate(self.values):
            code = path_of(value.path).code.casefold()
            if code in first:
                advice = f"first in values.{first[code]}; one path gives one metric, capitals do not count"
                raise FaultBelow(f"{code} stands twice, {advice}", ("values", place, "path"))
            first[code] = place
        part = self.device.strip("{}")
        without = [topic for topic in self.topics if part not in topic_pattern(topic).names]
        if self.device.startswith("{") and without:
            advice = f"{self.device} is no part of topic {without[0]!r}; write {{{part}}} into it"
            raise FaultBelow(advice, ("device",))
        astray = [where for where, path in _paths(self) if path.startswith("@")]
        if self.items is None and astray:
            raise FaultBelow("the path begins with @, but there are no items; write $ for the message", astray[0])
        return self


def load_mappings(files: tuple[Path, ...]) -> list[MappingFile]:
    """All of them. Raises Misconfigured with the problems of all."""
    found: list[MappingFile] = []
    problems: list[Problem] = []
    for file in files:
        try:
            mapping = load(file, MappingFile)
        except Misconfigured as exc:
            problems.extend(exc.problems)
            continue
        if any(mapping.name == other.name for other in found):
            message = f"name: a mapping {mapping.name!r} was read before; give every mapping its own name"
            problems.append(Problem(file=str(file), line=_line(file, ("name",)), message=message))
        found.append(mapping)
    if problems:
        raise Misconfigured(problems)
    return found


def check_metrics(files: tuple[Path, ...], catalogue: Catalogue) -> None:
    """Raises Misconfigured for lines whose metric nobody has described, or whose unit nobody can turn into its."""
    problems = [
        Problem(file=str(file), line=_line(file, ("values", place, key)), message=f"values.{place}.{key}: {what}")
        for file in files
        for place, value in enumerate(load(file, MappingFile).values)
        for key, what in _misfits(value, catalogue)
    ]
    if problems:
        raise Misconfigured(problems)


def _misfits(value: ValueEntry, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """The key that does not fit the catalogue, and why."""
    if value.metric not in catalogue:
        yield "metric", f"{value.metric!r} {_ADVICE}"
        return
    wanted = catalogue[value.metric].unit
    if value.unit is not None and not is_convertible(given=value.unit, wanted=wanted, metric=value.metric):
        yield "unit", f"{value.unit!r} cannot be turned into {wanted}, the unit of {value.metric}; {_UNIT_ADVICE}"


def _line(file: Path, where: Where) -> int | None:
    return nearest_line(line_numbers(read_yaml(file)[0]), where)


def _paths(mapping: MappingFile) -> Iterator[tuple[Where, str]]:
    """All paths that lead into an item or the message, each with its place in the file."""
    for name in ("device", "identity", "sequence"):
        if path := getattr(mapping, name):
            yield (name,), path
    for name in ("time", "span", "quality"):
        section = getattr(mapping, name)
        if section is not None and section.path:
            yield (name, "path"), section.path
    yield from ((("values", place, "path"), value.path) for place, value in enumerate(mapping.values))
    yield from ((("ignore", place), path) for place, path in enumerate(mapping.ignore))
