"""Paths into a message: the part of JSONPath (RFC 9535) whose work is bounded by its own length.

Only names, indices and, where a list is meant, `*`: filters, functions and `..` could cost more than the message.
`$` is the whole message, `@` the item at hand.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError
from jsonpath.segments import JSONPathChildSegment
from jsonpath.selectors import IndexSelector, NameSelector, WildcardSelector


class _Every:
    """The step `*`."""


EVERY: Final = _Every()
ABSENT: Final = object()
Step = str | int | _Every


@dataclass(frozen=True, slots=True)
class JsonPath:
    """`is_of_item`: it begins at the item, with `@`."""

    text: str
    is_of_item: bool
    steps: tuple[Step, ...]

    @property
    def code(self) -> str:
        """The path without its beginning; what the dialect of a device calls the value."""
        return self.text[1:].removeprefix(".")

    def find(self, message: Any, item: Any) -> Any:
        """What stands there, or ABSENT."""
        found = item if self.is_of_item else message
        for step in self.steps:
            match found:
                case dict() if isinstance(step, str) and step in found:
                    found = found[step]
                case list() if isinstance(step, int) and -len(found) <= step < len(found):
                    found = found[step]
                case _:
                    return ABSENT
        return found

    def before_every(self, message: Any) -> Any:
        """What the first `*` looks into, or ABSENT."""
        return JsonPath(self.text, False, self.steps[: self.steps.index(EVERY)]).find(message, message)

    def every(self, message: Any) -> Iterator[Any]:
        """All that `*` stands for; in objects by their order."""
        return _every(message, self.steps)


def path_of(text: str) -> JsonPath:
    """A path to one value. Raises ValueError."""
    path = _compiled(text)
    if EVERY in path.steps:
        raise ValueError(f"path {text!r} leads to many values; `*` is for items")
    return path


def items_path_of(text: str) -> JsonPath:
    """A path to the items of a message. Raises ValueError."""
    path = _compiled(text)
    if path.is_of_item or EVERY not in path.steps:
        raise ValueError(f"items {text!r} must begin with $ and say where many stand; write $.readings[*]")
    return path


def _compiled(text: str) -> JsonPath:
    if not text.startswith(("$", "@")):
        raise ValueError(f"path {text!r} must begin with $ (the message) or @ (the item); write $.readings[0].value")
    try:
        compiled = _environment().compile(f"${text[1:]}")
    except JSONPathError as exc:
        why = str(exc).splitlines()[0]
        raise ValueError(f"path {text!r} is no JSONPath: {why}; write $['a.b'] for odd names") from exc
    segments = compiled.segments if isinstance(compiled, JSONPath) else ()
    return JsonPath(text, text.startswith("@"), tuple(_step(segment, text) for segment in segments))


def _step(segment: Any, text: str) -> Step:
    match segment.selectors if isinstance(segment, JSONPathChildSegment) else ():
        case (NameSelector() as selector,):
            return str(selector.name)
        case (IndexSelector() as selector,):
            return int(selector.index)
        case (WildcardSelector(),):
            return EVERY
        case _:
            raise ValueError(f"path {text!r}: only names, indices and [*] are allowed, no filters, slices or `..`")


@cache
def _environment() -> JSONPathEnvironment:
    return JSONPathEnvironment(strict=True)


def _every(found: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    if not steps:
        yield found
        return
    for below in _children(found, steps[0]):
        yield from _every(below, steps[1:])


def _children(found: Any, step: Step) -> Iterator[Any]:
    match found:
        case dict() if step is EVERY:
            yield from found.values()
        case list() if step is EVERY:
            yield from found
        case dict() if isinstance(step, str) and step in found:
            yield found[step]
        case list() if isinstance(step, int) and -len(found) <= step < len(found):
            yield found[step]
