"""The explanation of an alert as a page of text, both languages."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from rich.cells import cell_len

from dashboard.languages import Language
from dashboard.story_words import MOVE_OF, StoryWords
from dashboard.verdicts import verdict
from dashboard.words import Words
from runtime.texts import harmless

Json = Mapping[str, Any]

BROKEN = {"<": "≥", "<=": ">", ">": "≤", ">=": "<", "=": "≠"}
"""How a value that breaks the limit relates to it, by how a compliant one does."""
KEPT = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "=": "="}
DURATIONS = frozenset(
    {
        *("hold", "clear", "window", "every", "within", "together", "lasts", "lateness", "ahead", "behind", "grace"),
        *("after_sunset", "before_sunrise", "later", "earlier"),
    }
)
"""Settings of a rule that are seconds."""
MOST_READINGS = 60
WIDTH = 118
LATE_MS = 5_000
"""When all readings came sooner after their time, nobody asks when they came."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def page_of(explanation: Json, zone: tzinfo, speech: "Speech") -> str:
    """Times in the city's zone."""
    parts = [speech.head(explanation), speech.way(explanation, zone), speech.readings(explanation, zone)]
    parts.append(speech.again(explanation, zone))
    return "\n\n".join("\n".join(part) for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Speaks Chinese and English at once, in the words of the wall."""

    words: Words
    story: StoryWords

    def head(self, explanation: Json) -> Iterator[str]:
        alert, rule = explanation["alert"], explanation["rule"]
        state, colour = self._both(f"state.{alert['state']}"), alert["severity"]
        yield f"{alert['title_zh']} · {alert['title_en']}   [{self._zh(f'severity.{colour}')} {colour}] {state}"
        yield f"{alert['target']}   {harmless(alert['place_zh'])} · {harmless(alert['place_en'])}"
        yield ""
        yield f"依据 clause    {alert['clause_zh']}"
        yield f"               {alert['clause_en']}"
        if rule is None:
            yield f"规则 rule      {alert['rule']}（已不在配置中 · no longer loaded）"
            return
        yield f"规则 rule      {rule['id']}   {rule['file']}:{rule['line']}"
        said = {name: value for name, value in rule["settings"].items() if value not in ({}, [], None)}
        in_seconds = DURATIONS | {"coverage"} if said["kind"] == "index" else DURATIONS
        settings = [f"{name} {_written(value, name, in_seconds)}" for name, value in said.items()]
        yield from _wrapped(settings, first="设定 settings  ", rest=" " * 15)

    def way(self, explanation: Json, zone: tzinfo) -> Iterator[str]:
        """Each move with the numbers that made it."""
        yield "经过 What happened"
        units = {reading["metric"]: _spelled(reading["unit"]) for reading in explanation["readings"]}
        for step in explanation["steps"]:
            evidence = step["evidence"]
            person = (
                "" if step["actor"] == "rules" else f"   {harmless(step['actor'])} {harmless(step['note'])}".rstrip()
            )
            yield f"  {_clock(step['at'], zone)}  {self._move(explanation, step['move'])} → {step['to']}{person}"
            yield f"  {'':21}{_sum(evidence)}"
            yield from _wrapped(_grounds(evidence, units, zone), first=f"{'':23}据 by ", rest=" " * 23)
            yield from _wrapped(self._figures(evidence["figures"], zone), first=" " * 23, rest=" " * 23)

    def readings(self, explanation: Json, zone: tzinfo) -> Iterator[str]:
        readings: Sequence[Json] = explanation["readings"]
        if not readings:
            yield "读数 Readings: 库中没有 · none in the store"
            return
        yield "读数 Readings in the store"
        told = explanation["alert"]["active_at"] or explanation["alert"]["opened_at"]
        before = sum(1 for reading in readings if reading["at"] <= told)
        first = max(0, min(before - MOST_READINGS * 3 // 4, len(readings) - MOST_READINGS))
        shown = readings[first : first + MOST_READINGS]
        is_late = any(abs(reading["received"] - reading["at"]) >= LATE_MS for reading in shown)
        names = [f"{reading['device']}  {reading['metric']}" for reading in shown]
        width = max(len(name) for name in names)
        for name, reading in zip(names, shown, strict=True):
            came = f"  收到 received {_clock(reading['received'], zone)}" if is_late else ""
            value = f"{_number(reading['value']):>10} {_spelled(reading['unit']):<6}"
            said = f"  {_clock(reading['at'], zone)}  {name:<{width}}{value}{_bound(reading)}  {self._finding(reading)}"
            yield f"{said.rstrip()}{came}"
        if rest := len(readings) - len(shown) + explanation["readings_left_out"]:
            least, at_least = ("", "") if explanation["all_counted"] else ("至少 ", "at least ")
            where = ("见 --json 或 citybrain readings", "--json, or citybrain readings")
            yield f"  另有{least} {rest} 条，{where[0]} · {at_least}{rest} more: {where[1]}"

    def again(self, explanation: Json, zone: tzinfo) -> Iterator[str]:
        """What the engine says when it judges these readings once more."""
        retold = explanation["retold"]
        if retold is None:
            yield f"复算 {self._both('explain.gone')}"
            return
        yield "复算 Judged once more"
        for told in retold["signals"]:
            name = self._move(explanation, MOVE_OF[told["signal"]])
            yield f"  {_clock(told['at'], zone)}  {name}   起于 since {_clock(told['since'], zone)}"
        yield from self._verdict(explanation, zone)
        for move in retold["missing"]:
            yield f"  {_clock(move['at'], zone)}  {self._move(explanation, move['move'])}"

    def _verdict(self, explanation: Json, zone: tzinfo) -> Iterator[str]:
        key, retold = verdict(explanation), explanation["retold"]
        at = "" if retold["watched_from"] is None else _clock(retold["watched_from"], zone)
        for language in Language:
            yield self.words.of(key, language).format(at=at, off=_number(retold["off_s"]), count=len(retold["missing"]))

    def _move(self, explanation: Json, move: str) -> str:
        rule = explanation["rule"]
        kind = "" if rule is None else rule["settings"]["kind"]
        comparison = explanation["alert"]["comparison"]
        return " ".join(self.story.move(move, language, kind=kind, comparison=comparison) for language in Language)

    def _figures(self, figures: Json, zone: tzinfo) -> Iterator[str]:
        for name, value in sorted(figures.items()):
            text = self._text(name, value, zone) if isinstance(value, str) else _written(value, name, frozenset())
            unit = " s" if name.endswith("_s") else ""
            yield f"{self.story.figure(name, Language.CHINESE)} {name} {harmless(text)}{unit}"

    def _text(self, name: str, value: str, zone: tzinfo) -> str:
        """An instant as all other times of the page are told; a word of ours in Chinese too."""
        if _INSTANT.fullmatch(value):
            return _clock(round(datetime.fromisoformat(value).timestamp() * 1000), zone)
        chinese = self.story.text(name, value, Language.CHINESE)
        return value if chinese == value else f"{chinese} {value}"

    def _finding(self, reading: Json) -> str:
        span = [f"时长 span {reading['span_s']:g} s"] if reading["span_s"] else []
        if not reading["live"]:
            said = [self._both("finding.history")]
        elif reading["quality"] != "good":
            said = [self._both(f"finding.{reading['quality']}")]
        else:
            said = [self._both(f"finding.{reading['finding']}")] if reading["finding"] else []
            said += [self._both("finding.overtaken")] if reading["overtaken"] else []
        return "  ".join([*said, *span])

    def _both(self, key: str) -> str:
        return " ".join(self.words.of(key, language) for language in Language)

    def _zh(self, key: str) -> str:
        return self.words.of(key, Language.CHINESE)


def _grounds(evidence: Json, units: Mapping[str, str], zone: tzinfo) -> Iterator[str]:
    """The readings that the numbers come from."""
    for reading in evidence["readings"]:
        value = f"{_number(reading['value'])} {units.get(reading['metric'], '')}".rstrip()
        yield f"{reading['device']} {reading['metric']} {value} ({_clock(reading['at'], zone)})"


def _sum(evidence: Json) -> str:
    """The comparison as a person writes it: 57.3 > 50 dB(A)  (+7.3)."""
    value, limit, unit = evidence["value"], evidence["limit"], _spelled(evidence["unit"])
    if value is None or limit is None:
        return "无数据 no value" if value is None else f"{_number(value)} {unit}"
    comparison = evidence["comparison"]
    sign = (KEPT if _keeps(value, limit, comparison) else BROKEN)[comparison]
    said = f"{_number(value)} {sign} {_number(limit)} {unit}".rstrip()
    return said if comparison == "=" else f"{said}   ({value - limit:+.4g})"


def _keeps(value: float, limit: float, comparison: str) -> bool:
    return {
        "<": value < limit,
        "<=": value <= limit,
        ">": value > limit,
        ">=": value >= limit,
        "=": value == limit,
    }[comparison]


def _bound(reading: Json) -> str:
    return "" if reading["limit"] is None else f"  限值 limit {_number(reading['limit'])}"


def _spelled(unit: str) -> str:
    """The unit 1 is not written."""
    return "" if unit == "1" else unit


def _wrapped(items: Iterable[str], *, first: str, rest: str) -> Iterator[str]:
    """Lines of items, none of them cut."""
    line, is_empty = first, True
    for item in items:
        if not is_empty and cell_len(line) + cell_len(item) + 2 > WIDTH:
            yield f"{line},"
            line, is_empty = rest, True
        line, is_empty = (line if is_empty else f"{line}, ") + item, False
    if not is_empty:
        yield line


def _written(value: object, name: str, in_seconds: frozenset[str]) -> str:
    """As the file of rules has it, not as Python does; `name` is the key that it stands under."""
    if isinstance(value, Mapping):
        inside = (f"{key}: {_written(one, str(key), in_seconds)}" for key, one in value.items())
        return "{" + ", ".join(inside) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_written(one, name, in_seconds) for one in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    unit = " s" if name in in_seconds and isinstance(value, int | float) else ""
    return f"{_number(value)}{unit}" if isinstance(value, float) else harmless(f"{value}{unit}")


def _number(value: float) -> str:
    return f"{value:.7g}"


def _clock(millis: int, zone: tzinfo) -> str:
    moment = datetime.fromtimestamp(millis / 1000, tz=UTC).astimezone(zone)
    return moment.isoformat(" ", "milliseconds" if millis % 1000 else "seconds")[: 23 if millis % 1000 else 19]
