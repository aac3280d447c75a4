"""Topics with named parts: `acme/{district}/{device}/up`."""

import re
from dataclasses import dataclass

from ingest.topics import TopicFilter

_PART = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class TopicPattern:
    """Every `{name}` of the text is one level; `+` and a last `#` are as in any filter."""

    text: str
    filter: TopicFilter
    """What to subscribe to."""
    places: tuple[tuple[str, int], ...]
    """Name of a part, and which level it is."""

    def parts(self, topic: str) -> dict[str, str] | None:
        """The named parts of a topic; None for one that does not match."""
        if not self.filter.matches(topic):
            return None
        levels = topic.split("/")
        return {name: levels[place] for name, place in self.places}

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.places)


def topic_pattern(text: str) -> TopicPattern:
    """Raises ValueError that says what to write instead."""
    levels = text.split("/")
    odd = [level for level in levels if ("{" in level or "}" in level) and not _PART.fullmatch(level)]
    if odd:
        raise ValueError(f"topic {text!r}: a part is a whole level of a-z and _, such as {{device}}; not {odd[0]!r}")
    places = tuple((part[1], place) for place, level in enumerate(levels) if (part := _PART.fullmatch(level)))
    pattern = TopicPattern(text, TopicFilter(_PART.sub("+", text)), places)
    if len(pattern.names) != len(places):
        raise ValueError(f"topic {text!r} names a part twice; give every part its own name")
    return pattern
