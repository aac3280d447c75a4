"""Every key that a settings file may hold, by section, with its default as a file spells it; from the models."""

from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.durations import Seconds, parse_duration
from config.sizes import UNITS, Bytes
from rules.settings import SHIPPED_FILES, SHIPPED_LIMITS

_DURATION = Seconds.__metadata__[0]  # type: ignore[attr-defined]  an Annotated has it
_SIZE = Bytes.__metadata__[0]  # type: ignore[attr-defined]  an Annotated has it
_UNITS = (("d", 86_400.0), ("h", 3_600.0), ("m", 60.0), ("s", 1.0), ("ms", 0.001))


def sections(model: type[BaseModel], at: str = "") -> dict[str, dict[str, str]]:
    """Section → key → default. Lists of sections are called `feeds[]`; a field that is a section stands as that."""
    found: dict[str, dict[str, str]] = {at: {}}
    for name, field in model.model_fields.items():
        path = f"{at}.{name}".lstrip(".")
        below = [part for part in _parts(field.annotation) if isinstance(part, type) and issubclass(part, BaseModel)]
        if not below:
            found[at][name] = _default(field)
        for part in below:
            found |= sections(part, f"{path}[]" if _is_list(field) else path)
    return found


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _is_list(field: FieldInfo) -> bool:
    return getattr(field.annotation, "__origin__", None) is tuple


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if isinstance(field.default, int) and _is(_SIZE, field):
        return size(field.default)
    return spelled(field.default, is_duration=_is(_DURATION, field))


def _is(kind: object, field: FieldInfo) -> bool:
    within = (extra for part in _parts(field.annotation) for extra in getattr(part, "__metadata__", ()))
    return kind in (*field.metadata, *within)


def size(number: int) -> str:
    """In the largest unit of 1024 that gives a whole number."""
    units = [unit for unit, each in UNITS.items() if unit.endswith("iB") and number % each == 0]
    return f"{number // UNITS[units[-1]]}{units[-1]}" if units else str(number)


def spelled(value: Any, *, is_duration: bool) -> str:
    """A default as one would write it in a file."""
    if isinstance(value, tuple):
        items = dict.fromkeys(spelled(item, is_duration=is_duration) for item in value)
        return f"[{', '.join(items)}]"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    if is_duration:
        return duration(value)
    if value in (*SHIPPED_FILES, *SHIPPED_LIMITS):
        return "shipped"
    return str(value.value if isinstance(value, Enum) else value)


def duration(seconds: float) -> str:
    """In the largest unit that gives a whole number."""
    for unit, size in _UNITS:
        number = round(seconds / size)
        if number and parse_duration(f"{number}{unit}") == seconds:
            return f"{number}{unit}"
    return "0s"
