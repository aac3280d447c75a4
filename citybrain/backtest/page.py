"""A backtest as one HTML file that needs nothing else: no script, no network; it prints as a document."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from citybrain.backtest.drawing import bars_by_day, heat_map, load_curve
from citybrain.backtest.words import VERDICTS, local, span
from runtime.texts import harmless

Json = Mapping[str, Any]

_STYLE = """
:root{color-scheme:light}
body{margin:0;background:#EEF1F3;color:#1B2730;
 font:14px/1.55 "Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC",sans-serif}
main{max-width:960px;margin:24px auto;padding:36px 44px 48px;background:#FFF;border:1px solid #D5DCE1}
h1{font-size:24px;margin:0 0 4px}h2{font-size:17px;margin:34px 0 8px;border-bottom:2px solid #1B2730;padding-bottom:4px}
.en{color:#5D6B76;font-weight:400;font-size:.86em}p{margin:6px 0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:13px}
th,td{padding:5px 8px;border-bottom:1px solid #D5DCE1;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{background:#F3F6F8;font-weight:600}td.n,th.n{text-align:right;white-space:nowrap}
.facts{display:grid;grid-template-columns:repeat(4,1fr);gap:12px;margin:16px 0}
.facts div{border:1px solid #D5DCE1;padding:10px 12px}.facts b{display:block;font-size:22px;line-height:1.3}
.ok{color:#1E7A46}.bad{color:#C8321F;font-weight:600}svg{width:100%;height:auto;font-size:11px}
i{display:inline-block;width:9px;height:9px;margin-right:6px;border:1px solid #8593A0}
i.red{background:#C8321F}i.yellow{background:#E0A100}i.white{background:#FFF}
@media print{body{background:#FFF}main{border:0;margin:0;padding:0;max-width:none}h2,tr{break-inside:avoid}}
"""


def page_of(report: Json) -> str:
    """The whole document."""
    title = f"{report['city']['zh']} 规则回测报告"
    body = "".join(_sections(report))
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{_safe(title)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def _sections(report: Json) -> Iterator[str]:
    yield _head(report)
    yield _facts(report)
    yield _titled("负荷评价", "Alarm load", _load(report))
    yield _titled(
        "负荷曲线",
        "Load: the fullest 10 minutes of each stretch, against EEMUA 191",
        load_curve(
            report["load_course"],
            report["load"]["bands"],
            flood=report["load"]["aims"]["flood_above"],
            timezone=report["timezone"],
        ),
    )
    yield _titled("每日告警", "Alerts per day", bars_by_day(report["by_day"]))
    yield _titled("时段分布", "By weekday and hour", heat_map(report["hours"]))
    yield _titled("各规则", "By rule", _rules(report["rules"]))
    if report["comparison"] is not None:
        yield _titled("与既有告警比较", "Against what was told", _comparison(report["comparison"], report["timezone"]))
    yield _titled("告警来源", "Where they come from", _places(report))
    shown, number = len(report["listed"]), report["alerts"]
    which = "" if shown == number else f"（前 {shown} 条，共 {number} 条 the first {shown} of {number}）"
    yield _titled(f"告警清单与依据{which}", "Alerts with their evidence", _alerts(report["listed"], report["timezone"]))


def _head(report: Json) -> str:
    zone, readings = report["timezone"], report["readings"]
    notes = [
        f"{local(report['since'], zone)} 至 {local(report['until'], zone)}（{zone}，{report['days']:g} 天）；"
        f"读数 {readings['read']:,} 条，来自 {readings['source']}"
    ]
    if readings["unknown"]:
        notes.append(
            f"未知设备 {readings['unknown_device_count']} 台（{readings['unknown']:,} 条）未评判 · "
            "readings of unknown devices are not judged: " + "、".join(readings["unknown_devices"])
        )
    if readings["gap_count"]:
        notes.append(
            f"全市无数据时段 {readings['gap_count']} 段，其间不计设备离线 · "
            "stretches without any reading: silence is counted from their end"
        )
    if readings["history"]:
        notes.append(
            f"补传数据 {readings['history']:,} 条，不评判 · history that devices sent later on purpose is not judged"
        )
    en = f'<p class="en">{_safe(report["city"]["en"])} · Backtest of rules</p>'
    return f"<h1>{_safe(report['city']['zh'])} 规则回测报告</h1>{en}" + "".join(f"<p>{_safe(n)}</p>" for n in notes)


def _facts(report: Json) -> str:
    load, nuisance = report["load"], report["nuisance"]
    facts = (
        (f"{report['alerts']:,}", "告警 alerts"),
        (f"{report['per_day']:g}", "每天 per day"),
        (f"{load['per_10_min']:.2f}", "每岗每 10 分钟 per operator in 10 min"),
        (VERDICTS[load["verdict"]].split()[0], VERDICTS[load["verdict"]].split(maxsplit=1)[1]),
        (f"{load['in_flood_percent']:.2f} %", f"洪峰时间 in flood（{load['flood_count']} 次 floods）"),
        (f"{report['top_ten_share']:g} %", "前十来源占比 top ten sources"),
        (f"{nuisance['chattering_percent']:g} %", "抖动 chattering"),
        (f"{nuisance['fleeting_percent']:g} %", "短促 fleeting"),
    )
    return (
        '<div class="facts">'
        + "".join(f"<div><b>{_safe(big)}</b>{_safe(small)}</div>" for big, small in facts)
        + "</div>"
    )


def _load(report: Json) -> str:
    load, aims = report["load"], report["load"]["aims"]
    rows = [
        _aim(
            f"10 分钟告警数超过 {aims['flood_above']:g} 的时段", "10-minute periods above", load, "windows_over_percent"
        ),
        _aim(f"每小时告警数超过 {aims['busy_hour']:g} 的小时", "hours above", load, "hours_over_percent"),
        _aim("处于告警洪峰的时间", "time in flood", load, "in_flood_percent"),
        _verdict(
            "前十来源占比", "share of the top ten sources", report["top_ten_share"], aims["top_ten_percent"], " %"
        ),
        _verdict(
            "一天内超过 24 h 的告警",
            "stale alerts on the worst day",
            report["nuisance"]["stale_on_worst_day"],
            aims["stale_per_day"],
            "",
        ),
    ]
    names = {"red": "红", "yellow": "黄", "white": "白"}
    rows += [
        (
            f"优先级 {names[severity]}",
            f"priority {severity}",
            f"{split['percent']:g} %",
            f"{split['aim_percent']:g} %",
            "",
        )
        for severity, split in report["priorities"].items()
    ]
    table = _table(
        (("指标", "measure"), ("实际", "is"), ("目标", "aim"), ("结论", "verdict")),
        [
            [f'{_safe(zh)} <span class="en">{_safe(en)}</span>', _safe(now), _safe(aim), word]
            for zh, en, now, aim, word in rows
        ],
        numbers={1, 2},
    )
    return (
        f'<p>{_safe(load["source"]["zh"])} <span class="en">{_safe(load["source"]["en"])}</span>；'
        f"岗位 operators {load['operators']}；全部 {load['windows']} 个 10 分钟时段，含无告警时段"
        f' <span class="en">all 10-minute periods, empty ones included</span></p>{table}'
    )


def _aim(zh: str, en: str, load: Json, key: str) -> tuple[str, str, str, str, str]:
    return _verdict(zh, en, load[key], load["aims"][key], " %")


def _verdict(zh: str, en: str, now: float, aim: float, unit: str) -> tuple[str, str, str, str, str]:
    word = '<span class="ok">达标 met</span>' if now < aim else '<span class="bad">未达标 not met</span>'
    return zh, en, f"{now:g}{unit}", f"< {aim:g}{unit}", word


def _rules(rules: Sequence[Json]) -> str:
    heads = (
        ("规则", "rule"),
        ("告警", "alerts"),
        ("每天", "/day"),
        ("对象", "targets"),
        ("中位时长", "median"),
        ("P90", "P90"),
        ("抖动", "chattering"),
        ("短促", "fleeting"),
        ("> 24 h", "stale"),
    )
    rows = [
        [
            f'<i class="{rule["severity"]}"></i>{_safe(rule["zh"])} <span class="en">{_safe(rule["en"])}</span><br>'
            f'<span class="en">{_safe(rule["id"])} · {_safe(rule["clause"]["zh"])}</span>',
            str(rule["alerts"]),
            f"{rule['per_day']:g}",
            str(rule["targets"]),
            span(rule["lasted_s"]["median"]),
            span(rule["lasted_s"]["p90"]),
            str(rule["chattering"]),
            str(rule["fleeting"]),
            str(rule["stale"]),
        ]
        for rule in rules
    ]
    return _table(heads, rows, numbers=set(range(1, 9)))


def _comparison(found: Json, zone: str) -> str:
    delay = found["delay_min"]
    rows = [
        ['原有告警 <span class="en">old</span>', str(found["old"]), "其中新规则亦报 told too", str(found["both_old"])],
        ["", "", "不再报出 no longer told", str(found["only_old"])],
        ['新规则告警 <span class="en">new</span>', str(found["new"]), "其中原有亦报 known", str(found["both_new"])],
        ["", "", "仅新规则 only new", str(found["only_new"])],
    ]
    text = f"<p>对照 against：{_safe(found['against'])}</p>"
    text += _table((("", ""), ("数量", "number"), ("", ""), ("数量", "number")), rows, numbers={1, 3})
    if delay["median"] is not None:
        text += (
            f"<p>检出延迟 detection delay：中位 median {delay['median']:+.1f} min，P90 {delay['p90']:+.1f} min，"
            f"范围 range {delay['min']:+.1f} … {delay['max']:+.1f} min</p>"
        )
    for key, title in (("only_old_listed", "不再报出 No longer told"), ("only_new_listed", "仅新规则 Only new")):
        if found[key]:
            text += f"<h3>{title}</h3>" + _alerts(found[key], zone)
    return text


def _places(report: Json) -> str:
    places = report["places"]
    text = ""
    for key, zh, en in (("districts", "区", "district"), ("roads", "道路", "road"), ("targets", "对象", "target")):
        if places[key]:
            rows = [
                [f'{_safe(row["zh"])} <span class="en">{_safe(row["en"])}</span>', str(row["alerts"])]
                for row in places[key]
            ]
            text += _table(((zh, en), ("告警", "alerts")), rows, numbers={1})
    return text or "<p>没有告警 no alerts</p>"


def _alerts(rows: Sequence[Json], zone: str) -> str:
    heads = (("发生", "held"), ("规则", "rule"), ("对象", "target"), ("值 / 限值", "value / limit"), ("持续", "lasted"))
    cells = [
        [
            _safe(local(row["held"], zone)),
            f'<i class="{row["severity"] or "none"}"></i>{_safe(row["rule"])}',
            f'{_safe(row["zh"])} <span class="en">{_safe(row["target"])}</span>',
            _evidence(row),
            span(row["lasted_s"]) + ("" if row["cleared"] else " …"),
        ]
        for row in rows
    ]
    return _table(heads, cells, numbers={4}) if cells else "<p>没有告警 no alerts</p>"


def _evidence(row: Json) -> str:
    if row["value"] is None:
        return "–"
    limit = "" if row["limit"] is None else f"（{row['comparison']} {row['limit']:g}）"
    figures = "，".join(f"{name} {_figure(value)}" for name, value in row["figures"].items())
    return f'{row["value"]:.4g}{_safe(limit)} {_safe(row["unit"])} <span class="en">{_safe(figures)}</span>'


def _figure(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _table(heads: Iterable[tuple[str, str]], rows: Iterable[Sequence[str]], *, numbers: set[int]) -> str:
    """Cells are HTML already; `numbers` are the columns that stand to the right."""

    def classed(place: int) -> str:
        return ' class="n"' if place in numbers else ""

    head = "".join(
        f'<th{classed(place)}>{_safe(zh)} <span class="en">{_safe(en if en != zh else "")}</span></th>'
        for place, (zh, en) in enumerate(heads)
    )
    body = "".join(
        "<tr>" + "".join(f"<td{classed(place)}>{cell}</td>" for place, cell in enumerate(row)) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _titled(zh: str, en: str, content: str) -> str:
    return f'<h2>{_safe(zh)} <span class="en">{_safe(en)}</span></h2>{content}'


def _safe(text: object) -> str:
    """Names come from files and from the wire: no markup, no control characters."""
    return escape(harmless(str(text)))
