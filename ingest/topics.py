"""MQTT topic filters: which messages a feed asks for, and which decoder a topic belongs to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TopicFilter:
    """A filter after MQTT 5 section 4.7: `+` is one level, a last `#` is any number of levels, also none."""

    text: str

    def __post_init__(self) -> None:
        levels = self.text.split("/")
        if not self.text or "\0" in self.text:
            raise ValueError(f"topic filter {self.text!r} is empty or holds a NUL; write one such as citybrain/v1/#")
        if "#" in "".join(levels[:-1]) or any(len(level) > 1 and ("+" in level or "#" in level) for level in levels):
            raise ValueError(f"topic filter {self.text!r}: + stands for a whole level, # only for all the last ones")

    def matches(self, topic: str) -> bool:
        """False for topics that begin with `$` unless the filter names that first level itself (MQTT 5, 4.7.2)."""
        wanted, given = self.text.split("/"), topic.split("/")
        if topic.startswith("$") and wanted[0] != given[0]:
            return False
        if wanted[-1] == "#":
            wanted = wanted[:-1]
            given = given[: len(wanted)]
        return len(wanted) == len(given) and all(w in ("+", g) for w, g in zip(wanted, given, strict=True))
