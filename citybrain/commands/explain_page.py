"""The explanation of an alert as a page of text, both languages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from rich.cells import cell_len

from runtime.texts import harmless

Json = Mapping[str, Any]

BROKEN = {"<": "≥", "<=": ">", ">": "≤", ">=": "<", "=": "≠"}
"""How a value that breaks the limit relates to it, by how a compliant one does."""
KEPT = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "=": "="}
FINDINGS = {
    "ok": "合格 ok",
    "between": "回差内 in dead-band",
    "violated": "超限 violated",
    "unknown": "未知 unknown",
    None: "",
}
MOVES = {
    "open": "开始超限",
    "hold": "发出告警",
    "acknowledge": "确认",
    "return": "恢复正常",
    "return-and-close": "恢复并关闭",
    "violate-again": "再次超限",
    "lose-evidence": "证据中断",
    "regain-evidence": "证据恢复",
    "retire": "不再监测",
}
MOST_READINGS = 60
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def page_of(explanation: Json, zone: tzinfo) -> str:
    """Times in the city's zone."""
    return "\n".join(
        [
            *_head(explanation),
            "",
            *_way(explanation, zone),
            "",
            *_readings(explanation, zone),
            "",
            *_again(explanation, zone),
        ]
    )


def _head(explanation: Json) -> Iterator[str]:
    alert, rule = explanation["alert"], explanation["rule"]
    yield f"{alert['title_zh']} · {alert['title_en']}   [{alert['severity']}] {alert['state']}"
    yield f"{alert['target']}   {harmless(alert['place_zh'])} · {harmless(alert['place_en'])}"
    yield ""
    yield f"依据 clause    {alert['clause_zh']}"
    yield f"               {alert['clause_en']}"
    if rule is None:
        yield f"规则 rule      {alert['rule']}（已不在配置中 · no longer loaded）"
        return
    yield f"规则 rule      {rule['id']}   {rule['file']}:{rule['line']}"
    settings = {name: value for name, value in rule["settings"].items() if value not in ({}, [], None)}
    yield f"设定 settings  {', '.join(f'{name} {_short(value)}' for name, value in settings.items())}"


def _way(explanation: Json, zone: tzinfo) -> Iterator[str]:
    """Each move with the numbers that made it."""
    yield "经过 What happened"
    for step in explanation["steps"]:
        evidence = step["evidence"]
        actor = "" if step["actor"] == "rules" else f"   {harmless(step['actor'])} {harmless(step['note'])}".rstrip()
        yield f"  {_clock(step['at'], zone)}  {_move(step['move'])} → {step['to']:<12} {_sum(evidence)}{actor}"
        if figures := _figures(evidence["figures"], zone):
            yield f"  {'':25}{figures}"


def _move(name: str) -> str:
    """In both languages, as wide as the widest: a Chinese character takes two cells."""
    text = f"{MOVES[name]} {name}"
    return text + " " * (28 - cell_len(text))


def _sum(evidence: Json) -> str:
    """The comparison as a person writes it: 57.3 > 50 dB(A)  (+7.3)."""
    value, limit, unit = evidence["value"], evidence["limit"], evidence["unit"]
    if value is None or limit is None:
        return "无数据 no value" if value is None else f"{_number(value)} {unit}"
    is_kept = _keeps(value, limit, evidence["comparison"])
    sign = (KEPT if is_kept else BROKEN)[evidence["comparison"]]
    return f"{_number(value)} {sign} {_number(limit)} {unit}   ({value - limit:+.4g})"


def _keeps(value: float, limit: float, comparison: str) -> bool:
    return {
        "<": value < limit,
        "<=": value <= limit,
        ">": value > limit,
        ">=": value >= limit,
        "=": value == limit,
    }[comparison]


def _readings(explanation: Json, zone: tzinfo) -> Iterator[str]:
    readings: Sequence[Json] = explanation["readings"]
    if not readings:
        yield "读数 Readings: 库中没有 · none in the store"
        return
    yield "读数 Readings in the store"
    told = explanation["alert"]["active_at"] or explanation["alert"]["opened_at"]
    before = sum(1 for reading in readings if reading["at"] <= told)
    first = max(0, min(before - MOST_READINGS * 3 // 4, len(readings) - MOST_READINGS))
    shown = readings[first : first + MOST_READINGS]
    width = max(len(reading["device"]) for reading in shown)
    for reading in shown:
        bound = "" if reading["limit"] is None else f"  限值 limit {_number(reading['limit'])}"
        span = f"  {reading['span_s']:g} s" if reading["span_s"] else ""
        words = FINDINGS[reading["finding"]] if reading["quality"] == "good" else reading["quality"]
        words = words if reading["live"] else "补传，不评判 history, not judged"
        value = f"{_number(reading['value']):>10}"
        yield (
            f"  {_clock(reading['at'], zone)}  {reading['device']:<{width}}  {reading['metric']:<12}{value}{bound}"
            f"  {words}{span}"
        ).rstrip()
    if rest := len(readings) - len(shown) + explanation["readings_left_out"]:
        yield f"  另有 {rest} 条，见 --json 或 citybrain readings · {rest} more: --json, or citybrain readings"


def _again(explanation: Json, zone: tzinfo) -> Iterator[str]:
    """What the engine says when it judges these readings once more."""
    retold = explanation["retold"]
    if retold is None:
        return
    if not retold["is_whole"]:
        yield "复算：读数过多，只取了一部分 · judged once more: only a part, there are too many readings"
    for told in retold["signals"]:
        yield f"  {_clock(told['at'], zone)}  {told['signal']:<10} 起于 since {_clock(told['since'], zone)}"
    if retold["agrees"]:
        yield "复算一致：由库中读数可重现全部判定 · judged once more: the stored readings give the same moves"
        return
    yield "复算不一致，缺少 · judged once more, the stored readings (or the rule as it is now) do not give:"
    for move in retold["missing"]:
        yield f"  {_clock(move['at'], zone)}  {move['move']}"


def _figures(figures: Json, zone: tzinfo) -> str:
    return ", ".join(f"{name} {_short(_by_the_clock(value, zone))}" for name, value in sorted(figures.items()))


def _by_the_clock(value: object, zone: tzinfo) -> object:
    """An instant among the figures as all other times of the page are told."""
    if not isinstance(value, str) or _INSTANT.fullmatch(value) is None:
        return value
    return _clock(round(datetime.fromisoformat(value).timestamp() * 1000), zone)


def _short(value: object) -> str:
    text = harmless(_written(value))
    return text if cell_len(text) <= 120 else f"{text[:119]}…"


def _written(value: object) -> str:
    """As the file of rules has it, not as Python does."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_written(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_written(one) for one in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    return f"{value:.7g}"


def _clock(millis: int, zone: tzinfo) -> str:
    moment = datetime.fromtimestamp(millis / 1000, tz=UTC).astimezone(zone)
    return moment.isoformat(" ", "milliseconds" if millis % 1000 else "seconds")[: 23 if millis % 1000 else 19]
