"""Reads a YAML file into a pydantic model; every fault comes back at once with its file and line."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from config.knots import knots
from config.suggestions import did_you_mean, keys_beside
from domain.errors import Misconfigured, Problem

Where = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Both are safe; a registry of thousands of devices takes the pure one seconds."""

_SAY_ENOUGH = frozenset({"missing", "extra_forbidden", "value_error"})
"""Kinds of error that need no value beside them, or name it themselves: ours do."""


class FaultBelow(ValueError):
    """A validator of a whole section raises it for a fault that stands at a place inside of the section."""

    def __init__(self, message: str, where: Where) -> None:
        super().__init__(message)
        self.where = where


class Strict(BaseModel):
    """Base of everything that a file may say: unknown keys are refused, values do not change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def load(path: Path, model: type[Model]) -> Model:
    """The file as a `model`. Raises Misconfigured with all problems: unreadable, not YAML, not what is asked."""
    text, content = read_yaml(path)
    return build(model, content, file=path, text=text)


def read_yaml(path: Path) -> tuple[str, Any]:
    """The text and its plain content. Raises Misconfigured when the file cannot be read or is not YAML."""
    text = read_text(path)
    return text, parse_yaml(text, file=str(path))


def read_text(path: Path) -> str:
    """UTF-8 with or without a byte order mark. Raises Misconfigured; text in another encoding is told by its name."""
    return decoded(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """Raises Misconfigured when the file cannot be read."""
    try:
        return path.read_bytes()
    except OSError as exc:
        message = f"cannot be read: {exc.strerror}; check the path and its rights"
        raise Misconfigured([Problem(file=str(path), line=None, message=message)]) from exc


def decoded(content: bytes, path: Path) -> str:
    """The text of the file's bytes, as `read_text` says."""
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        raise Misconfigured([Problem(file=str(path), line=line, message=_encoded(content, path))]) from exc


def parse_yaml(text: str, *, file: str) -> Any:
    """The plain content of a YAML text; `file` is what problems call it. Raises Misconfigured, for `knots` too."""
    try:
        loader = _LOADER(text)
        try:
            node = loader.get_single_node()
            if found := [Problem(file=file, line=line, message=message) for line, message in knots(node)]:
                raise Misconfigured(found)
            return None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else None
        raise Misconfigured([Problem(file=file, line=line, message=f"not YAML: {exc.problem}")]) from exc
    except (yaml.YAMLError, ValueError) as exc:  # control characters; a date such as 2026-13-01
        raise Misconfigured([Problem(file=file, line=None, message=f"not YAML: {exc}".partition("\n")[0])]) from exc


def build(model: type[Model], content: Any, *, file: Path, text: str, base: Where = ()) -> Model:
    """`content`, found at `base` inside the file's `text`, as a `model`; the lines of problems come from the text."""
    try:
        return model.model_validate({} if content is None else content)
    except ValidationError as exc:
        lines = line_numbers(text)
        # not `from exc`: pydantic's own text repeats whole sections, passwords included
        raise Misconfigured(
            [_problem(base + where, message, file=file, lines=lines) for where, message in shape_faults(model, exc)]
        ) from None


def line_numbers(text: str) -> Mapping[Where, int]:
    """Line (from 1) of every key and list item of a YAML text, by its path."""
    return dict(_lines(yaml_nodes(text), ()))


def yaml_nodes(text: str) -> yaml.Node | None:
    """The text as nodes that know their lines. Raises YAMLError for what `parse_yaml` refuses."""
    return yaml.compose(text, Loader=_LOADER)


def nearest_line(lines: Mapping[Where, int], where: Where) -> int | None:
    """The line of the path itself, or of the closest parent that the file really has."""
    for length in range(len(where), -1, -1):
        if where[:length] in lines:
            return lines[where[:length]]
    return None


def _encoded(content: bytes, path: Path) -> str:
    """What the bytes are instead of UTF-8, and how to convert them."""
    if content.startswith(b"PK"):
        return "not text but a workbook or archive; save the sheet as CSV UTF-8"
    encodings = ("UTF-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("GB18030",)
    for encoding in encodings:
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        known = "GBK (GB18030)" if encoding == "GB18030" else encoding
        convert = f"iconv -f {encoding} -t UTF-8 {path.name} > utf8-{path.name}"
        return f"not UTF-8 but readable as {known}; convert it: {convert} (a spreadsheet: save as CSV UTF-8)"
    return "not UTF-8; save it as UTF-8"


def shape_faults(model: type[BaseModel], problems: ValidationError) -> Iterator[tuple[Where, str]]:
    """What is wrong, each with its path inside the content: the advice, and the value where it may be shown."""
    secrets = frozenset(_secrets(model))
    for error in problems.errors():
        where: Where = (*error["loc"], *_below(error))
        hint = did_you_mean(where[-1], keys_beside(model, where)) if error["type"] == "extra_forbidden" else ""
        yield where, _told_with_value(error, secrets) + hint


def _below(error: Any) -> Where:
    """Inside of the section whose validator complains."""
    fault = error.get("ctx", {}).get("error")
    return fault.where if isinstance(fault, FaultBelow) else ()


def _problem(where: Where, message: str, *, file: Path, lines: Mapping[Where, int]) -> Problem:
    name = ".".join(str(part) for part in where) or "the file"
    return Problem(file=str(file), line=nearest_line(lines, where), message=f"{name}: {message}")


def _told_with_value(error: Any, secrets: frozenset[str]) -> str:
    is_shown = error["type"] not in _SAY_ENOUGH and secrets.isdisjoint(error["loc"])
    return f"{_advice(error)}, not {_told(error['input'])}" if is_shown else _advice(error)


def _told(value: Any) -> str:
    """A value as a message may repeat it. A whole section is not repeated: it may hold a password."""
    match value:
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return f"{value!r:.80}"


def _secrets(model: type[BaseModel]) -> Iterator[str]:
    """Names of the fields, at any depth, whose values must never be repeated."""
    for name, field in model.model_fields.items():
        for part in _parts(field.annotation):
            if part is SecretStr:
                yield name
            elif isinstance(part, type) and issubclass(part, BaseModel):
                yield from _secrets(part)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _advice(error: Any) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "unknown key; remove it or mend its spelling"
        case "missing":
            return "missing; it must be given"
        case "invalid_key":
            return "a key that is no word (YAML reads a bare on, off, yes or no as true or false); quote it or mend it"
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
