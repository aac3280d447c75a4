"""How the story of an alert is told: words that fit the kind of its rule, and names for the numbers beside a value."""

import re
from collections.abc import Mapping

from dashboard.languages import Language
from dashboard.words import Words

BY_LIMIT = frozenset({"threshold", "window", "change", "schedule", "index", "guarded"})
MANNERS = {
    "absence": "silence",
    "frozen": "stuck",
    "clock": "clock",
    "drift": "drift",
    "agreement": "match",
    "dimming": "match",
    "ratio": "rate",
    "outage": "outage",
    "correlation": "together",
}
"""By kind of rule. Those that hold a value against a limit are spoken of as such, and a state of which only one is
normal as any other: it is neither above nor below anything.
"""
MOVE_OF = {"violated": "open", "held": "hold", "cleared": "return", "lost": "lose-evidence"}
"""What a signal of the rules is called: as the move that it makes."""
_NUMBERED = re.compile(r"(\d+)(?:_(\w+))?")
_SUB_INDEX = re.compile(r"iaqi_(\w+?)_(\d+h)")


class StoryWords:
    """`metrics`: the names of every metric of the catalogue in both languages, by code."""

    def __init__(self, words: Words, metrics: Mapping[str, Mapping[str, str]]) -> None:
        self._words = words
        self._metrics = metrics

    def move(self, move: str, language: Language, *, kind: str, comparison: str) -> str:
        """Of an alert of a rule of this kind; `comparison` is that of its evidence."""
        manner = "limit" if kind in BY_LIMIT and comparison != "=" else MANNERS.get(kind, "")
        by_kind = f"move.{move}.{manner}"
        return self._words.of(by_kind if self._words.has(by_kind) else f"move.{move}", language)

    def figure(self, name: str, language: Language) -> str:
        """One that we have no word for goes by the name that the rule gave it."""
        if self._words.has(f"figure.{name}"):
            return self._words.of(f"figure.{name}", language)
        if numbered := _NUMBERED.fullmatch(name):
            number, rest = numbered.groups()
            key = f"figure.condition_{rest}" if rest else "figure.condition"
            return self._words.of(key, language).format(number=number) if self._words.has(key) else name
        if part := _SUB_INDEX.fullmatch(name):
            metric, over = self.metric(part[1], language), part[2].replace("h", " h")
            return self._words.of("figure.sub_index", language).format(metric=metric, over=over)
        if name.startswith("minutes_"):
            metric = self.metric(name.removeprefix("minutes_"), language)
            return self._words.of("figure.minutes", language).format(metric=metric)
        return self.metric(name, language)

    def text(self, figure: str, value: str, language: Language) -> str:
        """A figure that is a text: its word, or the names of the metrics that it lists, or itself."""
        if self._words.has(f"figure_value.{value}"):
            return self._words.of(f"figure_value.{value}", language)
        if figure in {"primary", "missing", "expected_from"}:
            return ", ".join(self.metric(code, language) for code in value.split(", "))
        return value

    def metric(self, code: str, language: Language) -> str:
        """What a metric is called; one that the catalogue does not know goes by its code."""
        known = self._metrics.get(code)
        return known[language.field] if known else code
