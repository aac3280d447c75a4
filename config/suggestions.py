"""What somebody who misspelled a word probably meant."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

LIKENESS = 0.6
"""Of difflib, 0 to 1: below it a suggestion is more often wrong than right."""


def closest(word: object, known: Iterable[str]) -> str | None:
    """The known word that looks most like this one; None where none does."""
    found = get_close_matches(str(word), list(known), n=1, cutoff=LIKENESS)
    return found[0] if found else None


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """`; did you mean X?` for the end of a message, or nothing."""
    found = closest(word, known)
    return f"; did you mean {found}?" if found else ""


def keys_beside(model: type[BaseModel], where: tuple[str | int, ...]) -> list[str]:
    """The keys that a file may hold where it has the last one of `where`, found inside of `model`."""
    models = [model]
    for step in where[:-1]:
        # a step into a list, a mapping or a union leads to whatever sections stand there
        models = [below for one in models for below in _below(one, step)] or models
    return sorted({name for one in models for name in one.model_fields})


def _below(model: type[BaseModel], step: str | int) -> Iterator[type[BaseModel]]:
    field = model.model_fields.get(str(step))
    if field is not None:
        yield from _sections(field.annotation)


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _sections(part)
