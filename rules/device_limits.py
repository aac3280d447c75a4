"""Limits of single devices, such as wells of different depth: written in the rule, in a table beside it, or as a share.

A share is of a figure that the registry has of the device (`figures: {depth: 3.2}`).
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import (
    BeforeValidator,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from config.loading import Strict, read_text, shape_faults
from config.registry.entries import FigureName
from config.separators import named_separator
from config.suggestions import did_you_mean
from domain.devices import Device, Registry
from domain.errors import Misconfigured, Problem
from domain.places import NoiseZone
from rules.columns import FOREVER, NEVER, Index, Ints
from rules.core.comparing import Floats
from rules.entries import LIMIT_SCHEMA, TableName, one_limit

HEADS = frozenset({"device", "设备编号", "编号", "id"})
"""First cells of a table's head; a table may do without a head."""
MOST_TOLD = 20
"""Faults of one table that are told; a file of another kind has as many as it has lines."""


def _number(value: Any) -> Any:
    if isinstance(value, float | int) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    raise ValueError(f"{value!r:.40} is not a number; write the limit itself, such as 1.2")


Number = Annotated[float, BeforeValidator(_number)]


class PerDevice(Strict):
    """`devices` and `file` together; `default` for all others in scope, which without it are not judged."""

    default: Number | None = None
    devices: dict[str, Number] = Field(default_factory=dict)
    file: str | None = None
    """A table with the columns device and limit, from the folder of the rule's file."""
    _lines: dict[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _says_something(self) -> "PerDevice":
        if not self.devices and self.file is None:
            raise ValueError("names no device; give devices: {ID: limit}, or file: a table with device and limit")
        return self

    def read(self, folder: Path) -> "PerDevice":
        """With what the file says. Raises Misconfigured with the lines of its faults."""
        if self.file is None:
            return self
        path = folder / self.file
        limits, lines = _read_table(path)
        twice = sorted(limits.keys() & self.devices.keys())
        if twice:
            message = f"{twice[0]} has a limit in the rule as well; remove one of the two"
            raise Misconfigured([Problem(file=str(path), line=lines[twice[0]], message=message)])
        read = self.model_copy(update={"devices": {**self.devices, **limits}, "file": None})
        read._lines.update({device: f"{path}:{line}: " for device, line in lines.items()})
        return read

    def misfits(self, registry: Registry) -> Iterator[tuple[tuple[str, ...], str]]:
        """Devices that the city does not have, each with its key inside of the limit, or its place in the table."""
        for device in self.devices:
            if device not in registry.devices:
                hint = did_you_mean(device, registry.devices)
                message = f"{self._lines.get(device, '')}{device!r} is no device of the registry{hint}"
                yield ("devices", device), message


class Share(Strict):
    """`share` times the figure `of` that the registry has of the device.

    Devices without that figure are not judged, nor those where it is 0 or less: so tables write what nobody measured.
    """

    share: Annotated[float, Field(gt=0), BeforeValidator(_number)]
    of: FigureName

    @property
    def label(self) -> str:
        return f"{self.share:g} × {self.of}"

    def within(self, devices: Iterable[Device]) -> tuple[Device, ...]:
        """Those that have the figure."""
        return tuple(device for device in devices if device.figures.get(self.of, 0.0) > 0)


AnyOf = float | TableName | PerDevice | Share


def any_limit(value: Any) -> AnyOf:
    """Whatever a file may say of a limit. Raises ValueError for anything else."""
    for model in (PerDevice, Share):
        if isinstance(value, dict) and value.keys() & model.model_fields.keys():
            return _read_as(model, value)
    return one_limit(value)


def _read_as(model: type[PerDevice] | type[Share], value: Mapping[str, Any]) -> PerDevice | Share:
    try:
        return model.model_validate(value)
    except ValidationError as exc:
        faults = (f"{'.'.join(map(str, where))}: {fault}" for where, fault in shape_faults(model, exc))
        raise ValueError("; ".join(faults).removeprefix(": ")) from exc


_SCHEMA = WithJsonSchema(
    {"anyOf": [*LIMIT_SCHEMA["anyOf"], PerDevice.model_json_schema(), Share.model_json_schema()]},
)
AnyLimit = Annotated[AnyOf, PlainValidator(any_limit), _SCHEMA]
AnyLimitOrNone = Annotated[AnyOf | None, PlainValidator(any_limit), _SCHEMA]
"""Where the key may be left out."""


class DeviceLimits:
    """By the device alone, the same at all times."""

    def __init__(self, limit: PerDevice, devices: tuple[Device, ...]) -> None:
        self._default = float("nan") if limit.default is None else limit.default
        self._values = np.array([limit.devices.get(device.id, self._default) for device in devices], dtype=np.float64)
        self._named = np.array([device.id in limit.devices for device in devices], dtype=np.bool_)

    def at(self, series: Index, at: Ints) -> Floats:
        return self._values[series]

    def explain(self, series: int, at: int) -> tuple[float | None, Mapping[str, float | str]]:
        value = float(self._values[series])
        source = "设备自有 of the device" if self._named[series] else "默认 default"
        return (None if np.isnan(value) else value), {"limit_from": source}

    def steps(self, zone: NoiseZone | None, start: int, end: int) -> list[tuple[int, int, float]]:
        """The default, if there is one: a chart is not about a single device."""
        return [] if np.isnan(self._default) or start >= end else [(start, end, self._default)]

    def stretch(self, at: int) -> tuple[int, int]:
        """[from, until) around an instant in which no limit changes."""
        return NEVER, FOREVER


class ShareLimits:
    """By the device's own figure, the same at all times."""

    def __init__(self, limit: Share, devices: tuple[Device, ...]) -> None:
        """Raises KeyError for a device without the figure: leave it out of the rule."""
        self._limit = limit
        self._figures = np.array([device.figures[limit.of] for device in devices], dtype=np.float64)
        # 0.8 × 0.7 is 0.56 to whoever checks it, not a little less
        self._values = np.round(limit.share * self._figures, 9)

    def at(self, series: Index, at: Ints) -> Floats:
        return self._values[series]

    def explain(self, series: int, at: int) -> tuple[float | None, Mapping[str, float | str]]:
        return float(self._values[series]), {"limit_from": f"{self._limit.label} = {self._figures[series]:g}"}

    def steps(self, zone: NoiseZone | None, start: int, end: int) -> list[tuple[int, int, float]]:
        """None: a chart is not about a single device."""
        return []

    def stretch(self, at: int) -> tuple[int, int]:
        """[from, until) around an instant in which no limit changes."""
        return NEVER, FOREVER


def with_limit(limit: PerDevice, devices: tuple[Device, ...]) -> tuple[Device, ...]:
    """Those that have one."""
    return tuple(device for device in devices if limit.default is not None or device.id in limit.devices)


def _read_table(path: Path) -> tuple[dict[str, float], dict[str, int]]:
    """Limit and line of every device."""
    text = read_text(path)
    limits: dict[str, float] = {}
    lines: dict[str, int] = {}
    problems: list[Problem] = []
    above = 1 if named_separator(text.partition("\n")[0]) else 0
    rows = csv.reader(text.splitlines()[above:], delimiter=_delimiter(text))
    for line, row in enumerate(rows, start=above + 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#") or (line == above + 1 and cells[0].casefold() in HEADS):
            continue
        fault = _fault(cells, lines)
        if fault:
            problems.append(Problem(file=str(path), line=line, message=fault))
        else:
            limits[cells[0]], lines[cells[0]] = float(cells[1]), line
    if problems:
        raise Misconfigured(problems[:MOST_TOLD])
    return limits, lines


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return named_separator(first) or max((",", ";", "\t"), key=first.count)


def _fault(cells: list[str], lines: Mapping[str, int]) -> str:
    """What is wrong with a row; empty when nothing is."""
    if len(cells) < 2:
        return f"{cells[0]!r:.40} stands alone; give two columns, device and limit"
    if cells[0] in lines:
        return f"{cells[0]} stands already in line {lines[cells[0]]}; remove one of the two"
    try:
        number = float(cells[1])
    except ValueError:
        number = np.nan
    return "" if isfinite(number) else f"limit {cells[1]!r:.40} of {cells[0]} is not a number; write such as 1.2"
