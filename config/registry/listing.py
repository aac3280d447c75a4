"""The devices of one file before anybody has looked at them, and where in the file each thing stands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from config.loading import Where
from domain.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place in a file: its line where there is one, and what a person would call it."""

    file: str
    line: int | None
    label: str

    def problem(self, message: str) -> Problem:
        return Problem(file=self.file, line=self.line, message=message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """`contents[i]` is what the file says about its device i: a mapping of fields, if the file is any good."""

    contents: Sequence[Any]
    spot: Callable[[int, Where], Spot]
    """Of the path inside device i. Slow the first time: it is asked only when something is wrong."""
    notes: tuple[str, ...] = ()
    """What the reader left out because it was told to."""


def named(content: Any) -> str | None:
    """The id that the content gives itself, for words about it."""
    identifier = content.get("id") if isinstance(content, dict) else None
    return str(identifier)[:64] if identifier not in (None, "") else None
