"""Reads a YAML file into a pydantic model; every fault comes back at once with its file and line."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from domain.errors import Misconfigured, Problem

Where = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Both are safe; a registry of thousands of devices takes the pure one seconds."""


class Strict(BaseModel):
    """Base of everything that a file may say: unknown keys are refused, values do not change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def load(path: Path, model: type[Model]) -> Model:
    """The file as a `model`. Raises Misconfigured with all problems: unreadable, not YAML, not what is asked."""
    text, content = read_yaml(path)
    return build(model, content, file=path, text=text)


def read_yaml(path: Path) -> tuple[str, Any]:
    """The text and its plain content. Raises Misconfigured when the file cannot be read or is not YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as exc:
        raise Misconfigured(
            [
                Problem(
                    file=str(path), line=None, message=f"cannot be read: {exc.strerror}; check the path and its rights"
                )
            ]
        ) from exc
    try:
        return text, yaml.load(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else None
        raise Misconfigured([Problem(file=str(path), line=line, message=f"not YAML: {exc.problem}")]) from exc


def build(model: type[Model], content: Any, *, file: Path, text: str, base: Where = ()) -> Model:
    """`content`, found at `base` inside the file's `text`, as a `model`; the lines of problems come from the text."""
    try:
        return model.model_validate({} if content is None else content)
    except ValidationError as exc:
        lines = line_numbers(text)
        raise Misconfigured([_problem(error, file, lines, base) for error in exc.errors()]) from exc


def line_numbers(text: str) -> Mapping[Where, int]:
    """Line (from 1) of every key and list item of a YAML text, by its path."""
    return dict(_lines(yaml.compose(text, Loader=yaml.SafeLoader), ()))


def nearest_line(lines: Mapping[Where, int], where: Where) -> int | None:
    """The line of the path itself, or of the closest parent that the file really has."""
    for length in range(len(where), -1, -1):
        if where[:length] in lines:
            return lines[where[:length]]
    return None


def _problem(error: Any, file: Path, lines: Mapping[Where, int], base: Where) -> Problem:
    where: Where = base + tuple(error["loc"])
    name = ".".join(str(part) for part in where) or "the file"
    given = "" if error["type"] in ("missing", "extra_forbidden") else f", not {error['input']!r:.80}"
    return Problem(file=str(file), line=nearest_line(lines, where), message=f"{name}: {_advice(error)}{given}")


def _advice(error: Any) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "unknown key; remove it or mend its spelling"
        case "missing":
            return "missing; it must be given"
        case "value_error":
            return str(error["ctx"]["error"])
        case _:
            return str(error["msg"])


def _lines(node: yaml.Node | None, where: Where) -> Iterator[tuple[Where, int]]:
    if node is None:
        return
    yield where, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*where, key.value)
            for path, line in _lines(value, here):
                yield path, (key.start_mark.line + 1 if path == here else line)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*where, index))
