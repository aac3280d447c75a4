"""A backtest in words, for a terminal."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table

Json = Mapping[str, Any]

VERDICTS = {
    "acceptable": "可接受 acceptable",
    "manageable": "可应对 manageable",
    "over_demanding": "要求过高 over-demanding",
    "unacceptable": "不可接受 unacceptable",
}


def local(text: str, zone: str) -> str:
    """An instant of the report by the city's clock."""
    return f"{datetime.fromisoformat(text).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def lines_of(report: Json) -> Iterator[str]:
    """What stands above and below the table of rules."""
    readings, load = report["readings"], report["load"]
    zone = report["timezone"]
    yield f"{local(report['since'], zone)} – {local(report['until'], zone)}（{report['days']:g} 天 days，{zone}）"
    yield f"读数 readings {readings['read']:,}，来自 from {readings['source']}" + _left_out(readings)
    if readings["gap_count"]:
        first = readings["gaps"][0]
        yield (
            f"全市无数据 gaps without any reading {readings['gap_count']}，首段 first "
            f"{local(first['begin'], zone)} – {local(first['end'], zone)}"
            "：期间不计离线 silence is counted from their end"
        )
    yield (
        f"告警 alerts {report['alerts']:,}，每天 per day {report['per_day']:g}；"
        f"起始时已存在 standing at the begin {report['standing_at_begin']}"
    )
    yield (
        f"负荷 load：每岗每 10 分钟 {load['per_10_min']:.2f} / 10 min of each of {load['operators']} operators"
        f" → {VERDICTS[load['verdict']]}；最多 most {load['most_in_10_min']:g}"
    )
    yield (
        f"  告警洪峰 in flood {_aim(load['in_flood_percent'], load['aims']['in_flood_percent'])}"
        f"（{load['flood_count']} 次 floods）；10 分钟 > {load['aims']['flood_above']:g}："
        f"{_aim(load['windows_over_percent'], load['aims']['windows_over_percent'])}；"
        f"每小时 hours > {load['aims']['busy_hour']:g}："
        f"{_aim(load['hours_over_percent'], load['aims']['hours_over_percent'])}"
    )
    yield _nuisance(report)
    yield "优先级 priorities  " + "，".join(
        f"{severity} {split['percent']:g} %（{split['aim_percent']:g} %）"
        for severity, split in report["priorities"].items()
    )


def rules_table(report: Json) -> Table:
    """One line for each rule that told anything."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("规则 rule")
    for title in (
        "告警 alerts",
        "每天 /day",
        "对象 targets",
        "中位 median",
        "P90",
        "抖动 chatter",
        "短促 fleeting",
        ">24 h",
        "未结束 open",
    ):
        table.add_column(title, justify="right")
    for rule in report["rules"]:
        if not rule["alerts"]:
            continue
        lasted = rule["lasted_s"]
        table.add_row(
            rule["id"],
            str(rule["alerts"]),
            f"{rule['per_day']:g}",
            str(rule["targets"]),
            span(lasted["median"]),
            span(lasted["p90"]),
            str(rule["chattering"]),
            str(rule["fleeting"]),
            str(rule["stale"]),
            str(rule["standing"]),
        )
    return table


def silent_rules(report: Json) -> str | None:
    """Those that told nothing."""
    silent = [rule["id"] for rule in report["rules"] if not rule["alerts"]]
    return f"没有告警的规则 rules without an alert（{len(silent)}）：{'，'.join(silent)}" if silent else None


def comparison_lines(comparison: Json) -> Iterator[str]:
    """Old against new."""
    delay = comparison["delay_min"]
    yield f"比较 against {comparison['against']}"
    yield (
        f"  原有 old {comparison['old']}：同时报出 told too {comparison['both_old']}，"
        f"不再报出 no longer {comparison['only_old']}{_rules(comparison['only_old_by_rule'])}"
    )
    yield (
        f"  新增 new {comparison['new']}：原有亦报 known {comparison['both_new']}，"
        f"仅新规则 only new {comparison['only_new']}{_rules(comparison['only_new_by_rule'])}"
    )
    if delay["median"] is not None:
        yield (
            f"  检出延迟 detection delay（分钟 min）：中位 median {delay['median']:+.1f}，"
            f"P90 {delay['p90']:+.1f}，{delay['min']:+.1f} … {delay['max']:+.1f}"
        )


def span(seconds: float | None) -> str:
    """A duration for people."""
    if seconds is None:
        return "–"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(seconds) >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _aim(percent: float, aim: float) -> str:
    return f"{percent:.2f} % {'✓' if percent < aim else '✗'} (< {aim:g} %)"


def _nuisance(report: Json) -> str:
    nuisance, aims = report["nuisance"], report["load"]["aims"]
    return (
        f"  抖动 chattering {nuisance['chattering']}（{nuisance['chattering_percent']:g} %）；"
        f"短促 fleeting {nuisance['fleeting']}（{nuisance['fleeting_percent']:g} %）；"
        f"超过 24 h stale {nuisance['stale']}，最多一天 on the worst day {nuisance['stale_on_worst_day']}"
        f"（< {aims['stale_per_day']}）；前十来源 top ten sources {report['top_ten_share']:g} %"
        f"（< {aims['top_ten_percent']:g} %）"
    )


def _left_out(readings: Json) -> str:
    parts = []
    if readings["unknown"]:
        names = "、".join(list(readings["unknown_devices"])[:3])
        number = readings["unknown_device_count"]
        parts.append(f"未知设备 unknown devices {number}（{readings['unknown']:,} 条 readings：{names}…）")
    if readings["not_good"]:
        parts.append(f"质量不佳 not good {readings['not_good']:,}")
    if readings["history"]:
        parts.append(f"补传不判 history, not judged {readings['history']:,}")
    return "；" + "；".join(parts) if parts else ""


def _rules(counts: Mapping[str, int]) -> str:
    return "（" + "，".join(f"{rule} {count}" for rule, count in list(counts.items())[:6]) + "）" if counts else ""
