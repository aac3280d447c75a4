"""The report of `citybrain assess cases` for people: the rates of all, then by department, then what was left out."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from runtime.texts import harmless

Json = Mapping[str, Any]

WIDTH_OF_PIPES = 160
SHOWN = 20
"""Lines left out or doubted that are told one by one."""
_STATES = {
    "in-time": "按期 in time",
    "late": "超期处置 late",
    "overdue": "超期待处置 overdue",
    "open": "处置中 open",
    "suspended": "挂账 suspended",
    "not-dispatched": "未派遣 not dispatched",
    "no-limit": "无时限 no limit",
}
_BY_DEPARTMENT = ("disposal", "disposal_in_time", "overdue_pending", "closing", "closing_in_time", "rework")


def print_report(report: Json, *, cases: bool) -> None:
    """Everything that the JSON says and a person needs at once; every case with `cases`."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_PIPES)
    method, period = report["method"], report["period"]
    console.print(Text(f"{method['zh']} · {method['en']}", style="bold"))
    console.print(
        f"时段 period {period['since'] or '…'} – {period['until']}，工作时间 work hours {' '.join(method['hours'])}，"
        f"日历 calendar {method['calendar']}，{method['timezone']}",
        markup=False,
    )
    console.print(_rates(report["total"]["rates"]))
    console.print(_departments(report["departments"]))
    if report["codes"]:
        console.print(_codes(report["codes"]))
    if cases:
        console.print(_cases(report["cases"]))
    _print_rest(console, report)


def _rates(rates: Sequence[Json]) -> Table:
    rows = [
        (
            f"{rate['zh']} {rate['en']}",
            _share(rate),
            _fraction(rate),
            f"{rate['part']} ÷ {rate['whole']}",
            "，".join(rate["because"]) and f"缺 lacking: {', '.join(rate['because'])}",
        )
        for rate in rates
    ]
    return _table("全部 total", ("指标 rate", "", "", "公式 formula", ""), rows)


def _departments(departments: Sequence[Json]) -> Table:
    rows = []
    for one in departments:
        rates = {rate["id"]: rate for rate in one["rates"]}
        shown = [rates[name] for name in _BY_DEPARTMENT if name in rates]
        rows.append(
            (
                one["department"] or "未填写 none",
                str(one["cases"]),
                *(f"{_share(rate)} {_fraction(rate)}".strip() for rate in shown),
            )
        )
    known = {rate["id"]: f"{rate['zh']} {rate['en']}" for rate in departments[0]["rates"]} if departments else {}
    heads = tuple(known[name] for name in _BY_DEPARTMENT if name in known)
    return _table("按部门 by department", ("部门 department", "案卷 cases", *heads), rows)


def _codes(codes: Sequence[Json]) -> Table:
    kinds = {"part": "部件 part", "event": "事件 event", None: "–"}
    rows = [(kinds[one["kind"]], one["code"], one["name"] or one["major"] or "–", str(one["cases"])) for one in codes]
    return _table("按类别 by code", ("", "代码 code", "名称 name", "案卷 cases"), rows)


def _cases(cases: Iterable[Json]) -> Table:
    rows = [
        (
            one["id"],
            one["department"],
            *(one[name] or "–" for name in ("dispatched", "deadline", "disposed")),
            _STATES[one["state"]],
        )
        for one in cases
    ]
    heads = ("案卷 case", "部门 department", "派遣 dispatched", "截止 deadline", "处置 disposed", "")
    return _table("案卷 cases", heads, rows)


def _print_rest(console: Console, report: Json) -> None:
    rows = report["rows"]
    console.print(
        f"行 rows {rows['total']} = 采用 used {rows['used']} + 未采用 left out {rows['left_out']}", markup=False
    )
    for title, found in (("未采用 left out", report["left_out"]), ("存疑 doubtful", report["doubts"])):
        for one in found[:SHOWN]:
            line = f"  {title}: {report['file']}:{one['line']}: {harmless(one['why'])}"
            console.print(line, markup=False)
        if len(found) > SHOWN:
            console.print(f"  {title}: … {len(found) - SHOWN}（--json）", markup=False)
    if report["ignored"]:
        console.print(f"  未使用的列 columns not used: {harmless(', '.join(report['ignored']))}", markup=False)
    for note in report["notes"]:
        console.print(f"  注 note: {harmless(note)}", markup=False)


def _share(rate: Json) -> str:
    return "–" if rate["percent"] is None else f"{rate['percent']:.1f} %"


def _fraction(rate: Json) -> str:
    return (
        "" if rate["denominator"] is None or rate["numerator"] is None else f"{rate['numerator']}/{rate['denominator']}"
    )


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(harmless(cell)) for cell in row))
    return table
