"""The language of rules as a JSON Schema (draft 2020-12), for editors that complete and check while one writes."""

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from rules.kinds.table import KINDS
from rules.words import WORDS

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def rules_schema() -> dict[str, Any]:
    """Of a whole rules file. Its keys carry titles and descriptions in both languages."""
    entries = [kind.entry for kind in KINDS.values()]
    union: Any = reduce(or_, entries)
    tagged: Any = Annotated[union, Field(discriminator="kind")]
    content = TypeAdapter(tagged).json_schema(mode="validation")
    definitions = content.pop("$defs", {})
    for described in _objects(definitions):
        _describe(described)
    return {
        "$schema": DRAFT,
        "title": "citybrain 规则 · rules",
        "type": "object",
        "properties": {"rules": {"type": "array", "items": content}},
        "required": ["rules"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _objects(content: Any) -> Iterator[dict[str, Any]]:
    """Every schema of an object, at any depth."""
    if isinstance(content, dict):
        if "properties" in content:
            yield content
        for below in content.values():
            yield from _objects(below)
    elif isinstance(content, list):
        for below in content:
            yield from _objects(below)


def _describe(content: dict[str, Any]) -> None:
    words: Mapping[str, tuple[str, str]] = WORDS
    for name, schema in content["properties"].items():
        if name in words:
            zh, en = words[name]
            schema["title"], schema["description"] = name, f"{zh} · {en}"
        if schema.get("type") == "string" and isinstance(schema.get("default"), float):
            schema["default"] = f"{schema['default']:g}s"  # a duration, as a file spells it
