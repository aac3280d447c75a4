"""How our values become columns: times as microseconds UTC, enums as their words, evidence as JSON text."""

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

from domain.conditions import Evidence, Target
from domain.instants import from_micros, to_micros

Serial = BigInteger().with_variant(Integer, "sqlite")
"""A key that the database counts up by itself; SQLite does so only for INTEGER."""


class Moment(TypeDecorator[datetime]):
    """An aware datetime as microseconds since the epoch. A naive one is refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


class Word(TypeDecorator[StrEnum]):
    """A member of `words` as its value; a word that the enum does not know raises ValueError on reading."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        if isinstance(value, self.words):
            return value.value
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


class TargetText(TypeDecorator[Target]):
    """A target as `kind:id`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Target | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Target | None:
        return None if value is None else Target.parse(value)


class EvidenceText(TypeDecorator[Evidence]):
    """Evidence as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Evidence | None, dialect: Dialect) -> str | None:
        return None if value is None else encode_evidence(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Evidence | None:
        return None if value is None else _evidence.decode(value)


class DetailText(TypeDecorator[Mapping[str, Any]]):
    """A small mapping as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, Any] | None, dialect: Dialect) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[str, Any] | None:
        return None if value is None else _detail.decode(value)


_evidence = msgspec.json.Decoder(Evidence)
_detail = msgspec.json.Decoder(dict[str, Any])


def encode_evidence(evidence: Evidence) -> str:
    """JSON has no NaN and no infinity: such a figure is kept as its word, so that it can be read again."""
    figures = {
        name: str(figure) if isinstance(figure, float) and not math.isfinite(figure) else figure
        for name, figure in evidence.figures.items()
    }
    return msgspec.json.encode(replace(evidence, figures=figures)).decode()


def columns_of(value: object) -> dict[str, Any]:
    """The fields of a dataclass by name, not converted: each column's type does that."""
    kind: Any = type(value)  # mypy does not see that a class is hashable
    return {name: getattr(value, name) for name in _field_names(kind)}


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
