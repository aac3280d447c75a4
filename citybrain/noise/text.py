"""The report of `citybrain assess noise` for people: days first, then what was left out and why."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from runtime.texts import harmless

Json = Mapping[str, Any]

WIDTH_OF_PIPES = 160
_OUTCOMES = {
    "compliant": ("达标 compliant", "green"),
    "not-compliant": ("超标 not compliant", "bold red"),
    "invalid": ("无效 invalid", "yellow"),
    "undetermined": ("无法判定 undetermined", "yellow"),
}
_WHY = {
    "too-little": "有效数据不足 too few valid data",
    "only-a-lower-bound": "未测最大声级 maximum not measured",
    "no-edition": "无适用版本 no edition in force",
    "background": "与背景相差不足 3 dB，重测 too close to the background",
}
_MASKS = {
    "placeholder": "缺测占位 placeholder",
    "out-of-range": "超出量程 out of range",
    "too-long": "时长超过一小时 longer than an hour",
    "flag": "标记异常 marked",
    "wind": "风速过大 wind",
    "rain": "降雨 rain",
    "weather": "恶劣天气 weather",
    "duplicate": "重复 duplicate",
}
_NAMES = {
    "ld": "Ld",
    "ln": "Ln",
    "lmax_night": "夜间 Lmax at night",
    "leq": "Leq",
    "lmax_sudden": "夜间 Lmax at night",
    "lmax_frequent": "频发 Lmax frequent",
    "lmax_occasional": "偶发 Lmax occasional",
    "lmax_unsteady": "非稳态 Lmax unsteady",
}
_PERIODS = {"day": "昼间 day", "night": "夜间 night", "lmax_night": "夜间最大声级 Lmax at night"}


def print_report(report: Json, *, hourly: bool) -> None:
    """Everything that the JSON says and a person needs at once."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_PIPES)
    standard = report["standard"]
    console.print(Text(f"{standard['zh']} · {standard['en']}（{standard['id']}）", style="bold"))
    for point in report["points"]:
        name = f"{harmless(point['point'])}  " if point["point"] else ""
        console.print(
            f"{name}{point['from']} … {point['until']}，功能区 zone {point['zone']}，每 {point['span_s']:g} s，"
            f"时标 stamps {point['stamps']} ({point['stamps_told_by']})，Lmax: {point['lmax_from']}",
            markup=False,
        )
    console.print(_days(report["daily"]))
    if report["measurements"]:
        console.print(_measurements(report["measurements"]))
    elif verdicts := list(_verdicts(report["daily"], "date")):
        console.print(
            _table(("日期 date", "", "dB(A)", "限值 limit", "超出 excess dB", "结论 verdict", "依据 clause"), verdicts)
        )
    if hourly:
        console.print(_hours(report["hourly"]))
    _print_rest(console, report)


def _days(days: Sequence[Json]) -> Table:
    columns = (
        "测点 point",
        "日期 date",
        "Ld",
        "Ln",
        "Ldn",
        "Leq24",
        "夜间 Lmax",
        "昼有效小时 day hours",
        "夜有效小时 night hours",
    )
    rows = [
        (
            *(day["point"], day["date"]),
            *(_level(day[name]) for name in ("ld", "ln", "ldn", "leq24", "lmax_night")),
            f"{day['day_hours']}/{day['day_hours_due']}",
            f"{day['night_hours']}/{day['night_hours_due']}",
        )
        for day in days
    ]
    return _table(columns, rows)


def _hours(hours: Sequence[Json]) -> Table:
    columns = (
        "测点 point",
        "时段 begin",
        "Leq",
        "Lmax",
        "L10",
        "L50",
        "L90",
        "分钟 minutes",
        "有效 valid",
        "限值 limit",
        "",
    )
    rows = [
        (
            *(hour["point"], hour["begin"]),
            *(_level(hour[name]) for name in ("leq", "lmax", "l10", "l50", "l90")),
            *(f"{hour['minutes']:g}", "是 yes" if hour["valid"] else "否 no", _level(hour["limit"])),
            "预警 alert" if hour["over_limit"] else "",
        )
        for hour in hours
    ]
    return _table(columns, rows)


def _measurements(measured: Sequence[Json]) -> Table:
    columns = ("测量 begin", "", "dB(A)", "限值 limit", "超出 excess dB", "结论 verdict", "依据 clause")
    return _table(columns, list(_verdicts(measured, "begin")))


def _verdicts(rows: Iterable[Json], when: str) -> Iterable[tuple[Any, ...]]:
    for row in rows:
        for name, verdict in row["verdicts"].items():
            words, style = _OUTCOMES[verdict["outcome"]]
            why = f"：{_WHY[verdict['why']]}" if verdict["why"] else ""
            clause = verdict["clause"]
            doubt = "" if verdict["confidence"] in {"S", None} else "（未核实 unverified）"
            yield (
                f"{row['point']} {row[when]}".strip(),
                _NAMES[name],
                _level(verdict["level"]),
                _level(verdict["limit"]),
                "" if verdict["excess"] is None else f"{verdict['excess']:+.1f}",
                Text(words + why, style=style),
                f"{clause['zh']} · {verdict['edition']}{doubt}" if clause else "",
            )


def _print_rest(console: Console, report: Json) -> None:
    totals = report["totals"]
    for name, rate in report["compliance"].items():
        if name in _PERIODS and rate["valid"]:
            console.print(f"{_PERIODS[name]}: 达标 {rate['compliant']}/{rate['valid']} = {rate['rate']:.1f} %")
    console.print(
        f"超限值小时（预警，非超标）hours over the limit (alerts, not non-compliance): {totals['hours_over_limit']}"
        f" / {totals['valid_hours']} 有效 valid / {totals['hours']}"
    )
    console.print(
        f"行 rows {totals['rows']} = 采用 used {totals['used']} + 剔除 masked {totals['masked']}"
        f" + 无法读取 unread {totals['unread']} + 其他 beside {totals['beside']}"
    )
    for masked in report["masked"]:
        words = f"  剔除 masked: {_MASKS[masked['reason']]} {masked['samples']}（{masked['minutes']:g} min）"
        console.print(words)
    for unread in report["unread"]:
        lines = ", ".join(unread["lines"][:10]) + (" …" if len(unread["lines"]) > 10 else "")
        used = "，行已采用 row used" if unread["row_used"] else ""
        console.print(
            f"  无法读取 unread: {harmless(unread['reason'])} × {unread['count']}，行 lines {lines}{used}", markup=False
        )
    for note in report["notes"]:
        console.print(f"  注 note: {harmless(note)}", markup=False)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in columns:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(harmless(str(cell))) for cell in row))
    return table


def _level(level: float | None) -> str:
    return "–" if level is None else f"{level:.1f}"
