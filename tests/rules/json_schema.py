"""As much of JSON Schema (2020-12) as the schema of the rules uses; a word that it does not know is an error."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
}
_SILENT = frozenset({"$schema", "$defs", "title", "description", "default", "discriminator", "format", "examples"})


class Validator:
    """Over one whole schema, whose definitions `$ref` names."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._root = schema

    def faults(self, value: Any) -> list[str]:
        """Where the value is not what the schema asks; empty when it is."""
        return list(self._faults(value, self._root, "$"))

    def _faults(self, value: Any, schema: Any, where: str) -> Iterator[str]:
        if schema is True:
            return
        for word, asked in schema.items():
            if word in _SILENT:
                continue
            check = getattr(self, f"_{word.lstrip('$').lower()}", None)
            assert check is not None, f"the schema says {word}, which this validator does not know"
            yield from check(value, asked, where, schema)

    def _ref(self, value: Any, name: str, where: str, _: Any) -> Iterator[str]:
        yield from self._faults(value, self._root["$defs"][name.removeprefix("#/$defs/")], where)

    def _type(self, value: Any, kind: str, where: str, _: Any) -> Iterator[str]:
        if not _KINDS[kind](value):
            yield f"{where}: {value!r} is no {kind}"

    def _const(self, value: Any, only: Any, where: str, _: Any) -> Iterator[str]:
        if value != only:
            yield f"{where}: {value!r} is not {only!r}"

    def _enum(self, value: Any, known: list[Any], where: str, _: Any) -> Iterator[str]:
        if value not in known:
            yield f"{where}: {value!r} is none of {known}"

    def _properties(self, value: Any, known: Mapping[str, Any], where: str, _: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for name in known.keys() & value.keys():
                yield from self._faults(value[name], known[name], f"{where}.{name}")

    def _required(self, value: Any, names: list[str], where: str, _: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from (f"{where}: {name} is missing" for name in names if name not in value)

    def _additionalproperties(self, value: Any, allowed: Any, where: str, schema: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for name in value.keys() - schema.get("properties", {}).keys():
                if allowed is False:
                    yield f"{where}: {name} is unknown"
                else:
                    yield from self._faults(value[name], allowed, f"{where}.{name}")

    def _propertynames(self, value: Any, names: Any, where: str, _: Any) -> Iterator[str]:
        for name in value if isinstance(value, dict) else ():
            yield from self._faults(name, names, f"{where} (key)")

    def _items(self, value: Any, each: Any, where: str, schema: Any) -> Iterator[str]:
        first = len(schema.get("prefixItems", ()))
        for number, item in enumerate(value if isinstance(value, list) else ()):
            if number >= first:
                yield from self._faults(item, each, f"{where}[{number}]")

    def _prefixitems(self, value: Any, each: list[Any], where: str, _: Any) -> Iterator[str]:
        for number, (item, asked) in enumerate(zip(value if isinstance(value, list) else (), each, strict=False)):
            yield from self._faults(item, asked, f"{where}[{number}]")

    def _anyof(self, value: Any, ways: list[Any], where: str, _: Any) -> Iterator[str]:
        found = [list(self._faults(value, way, where)) for way in ways]
        if all(found):
            yield min(found, key=len)[0]

    def _oneof(self, value: Any, ways: list[Any], where: str, _: Any) -> Iterator[str]:
        found = [list(self._faults(value, way, where)) for way in ways]
        if sum(not faults for faults in found) != 1:
            # the way whose `kind` fits says best what is wrong
            yield min(
                (faults for faults in found if faults),
                key=lambda faults: (any(".kind" in f for f in faults), len(faults)),
            )[0]

    def _pattern(self, value: Any, pattern: str, where: str, _: Any) -> Iterator[str]:
        if isinstance(value, str) and not re.search(pattern, value):
            yield f"{where}: {value!r} does not read as {pattern}"

    def _minimum(self, value: Any, low: float, where: str, _: Any) -> Iterator[str]:
        if _KINDS["number"](value) and value < low:
            yield f"{where}: {value!r} is below {low}"

    def _maximum(self, value: Any, high: float, where: str, _: Any) -> Iterator[str]:
        if _KINDS["number"](value) and value > high:
            yield f"{where}: {value!r} is above {high}"

    def _exclusiveminimum(self, value: Any, low: float, where: str, _: Any) -> Iterator[str]:
        if _KINDS["number"](value) and value <= low:
            yield f"{where}: {value!r} is not above {low}"

    def _exclusivemaximum(self, value: Any, high: float, where: str, _: Any) -> Iterator[str]:
        if _KINDS["number"](value) and value >= high:
            yield f"{where}: {value!r} is not below {high}"

    def _minlength(self, value: Any, least: int, where: str, _: Any) -> Iterator[str]:
        if isinstance(value, str) and len(value) < least:
            yield f"{where}: {value!r} is shorter than {least}"

    def _minitems(self, value: Any, least: int, where: str, _: Any) -> Iterator[str]:
        if isinstance(value, list) and len(value) < least:
            yield f"{where}: fewer than {least}"

    def _maxitems(self, value: Any, most: int, where: str, _: Any) -> Iterator[str]:
        if isinstance(value, list) and len(value) > most:
            yield f"{where}: more than {most}"

    def _minproperties(self, value: Any, least: int, where: str, _: Any) -> Iterator[str]:
        if isinstance(value, dict) and len(value) < least:
            yield f"{where}: fewer than {least}"

    def _uniqueitems(self, value: Any, _asked: bool, where: str, _: Any) -> Iterator[str]:
        if isinstance(value, list) and len({repr(item) for item in value}) != len(value):
            yield f"{where}: something stands twice"
