"""An assessment of a station's air as tables for people."""

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from citybrain.air.assessed import row_json, when
from citybrain.air.samples import Samples
from citybrain.air.showing import NAMES
from rules.standards.air.assessment import Assessment, levels
from rules.standards.air.columns import NOTHING
from rules.standards.air.compliance import Tally, Year
from rules.standards.air.editions import Editions
from rules.standards.air.hours import day_of
from rules.standards.air.limits import Mean
from runtime.texts import harmless

ALL_DAYS = 31
"""More days than this are shown by their worst ones, unless all are asked for."""
WORST = 10
_MEANS = {Mean.HOUR: "1 h", Mean.DAY: "24 h", Mean.MAX8H: "日最大8h max 8 h", Mean.YEAR: "年 year"}
_REASONS = {
    "missing": "空值 missing",
    "placeholder": "占位值 placeholder",
    "negative": "负值 negative",
    "not_finite": "非数值 not finite",
    "out_of_range": "超出可信范围 out of range",
    "zero": "零值 zero",
    "duplicate": "重复 duplicate",
    "quality": "质量不合格 not good",
    "hour_too_thin": "小时不足45分钟 hour too thin",
}


def tables(
    found: Assessment, samples: Samples, editions: Editions, *, timezone: str, all_days: bool
) -> Iterator[RenderableType]:
    yield _headline(found, editions)
    yield _days(found, editions, all_days=all_days)
    yield _compliance(found, timezone)
    if found.years:
        yield _years(found)
    yield _leftovers(samples)


def _headline(found: Assessment, editions: Editions) -> Text:
    first, last = (day_of(found.days.day[place]).isoformat() for place in (0, -1))
    ratio = found.good_day_ratio
    text = Text(f"{first} … {last}  {len(found.hours)} 小时 hours  {len(found.days.day)} 天 days\n")
    text.append(f"有效日 valid days {found.valid_days}  优良 good {found.good_days}  优良天数比例 good-day ratio ")
    text.append("–" if ratio is None else f"{ratio:.1f} %", style="bold")
    text.append("\n" + "  ".join(f"{name} {number}" for name, number in levels(found.daily, editions).items()))
    names = dict.fromkeys([*found.daily.edition, *found.hourly.edition])
    text.append("\n" + "；".join(f"{editions[name].zh} · {name}" for name in names) + "\n")
    return text


def _days(found: Assessment, editions: Editions, *, all_days: bool) -> Table:
    aqi = found.daily.highest.tolist()
    rows = list(range(len(aqi)))
    title = "每日 daily"
    if len(rows) > ALL_DAYS and not all_days:
        rows = sorted(sorted(rows, key=lambda row: -aqi[row])[:WORST])
        title = f"最差 {WORST} 天 the worst days (--days: all)"
    table = _table(
        title,
        "日期 date",
        "AQI",
        "级别 level",
        "首要污染物 primary",
        "缺测 missing",
        "PM2.5",
        "O₃ max 8h",
        "最高分指数 highest",
    )
    for row in rows:
        one = row_json(found.daily, row, editions)
        table.add_row(
            day_of(found.days.day[row]).isoformat(),
            "NA" if one["aqi"] is None else str(one["aqi"]),
            one["level"] or "–",
            _names(one["primary"]),
            _names(one["missing"]),
            _value(found, "pm2_5", row),
            _value(found, "o3", row),
            "–" if one["highest"] is None else str(one["highest"]),
        )
    return table


def _compliance(found: Assessment, timezone: str) -> Table:
    table = _table(
        "GB 3095 达标 compliance（按标准判，不按 AQI）",
        "污染物",
        "平均 mean",
        "限值 limits 一级/二级",
        "有效 valid",
        "达标 compliant 一级",
        "达标 compliant 二级",
        "最大 highest",
        "何时 when",
    )
    for tally in (*found.hour_tallies, *found.day_tallies):
        table.add_row(
            NAMES[tally.pollutant],
            _MEANS[tally.mean],
            f"{tally.limits[0]}/{tally.limits[1]}",
            f"{tally.valid}/{tally.total}",
            _share(tally, 0),
            _share(tally, 1),
            "–" if tally.highest is None else _short(tally.highest),
            _local(when(tally, found), timezone),
        )
    return table


def _years(found: Assessment) -> Table:
    table = _table(
        "年度 years",
        "年",
        "污染物",
        "有效日 days",
        "年均 mean",
        "限值 limits",
        "达标 一级/二级",
        "百分位 percentile",
        "限值 limits",
        "达标 一级/二级",
        "无效原因 not valid because",
    )
    for year in found.years:
        table.add_row(
            str(year.year),
            NAMES[year.pollutant],
            str(year.days),
            "–" if year.mean is None else _short(year.mean),
            "–" if year.mean_limits is None else f"{year.mean_limits[0]}/{year.mean_limits[1]}",
            _verdict(year.mean_compliant, year),
            "–" if year.percentile is None else f"P{year.percent} {_short(year.percentile)}",
            f"{year.percentile_limits[0]}/{year.percentile_limits[1]}",
            _verdict(year.percentile_compliant, year),
            year.because or "–",
        )
    return table


def _leftovers(samples: Samples) -> Text:
    text = Text()
    for pollutant, reasons in samples.set_aside.items():
        told = "，".join(f"{_REASONS[reason]} {number}" for reason, number in reasons.items())
        text.append(f"{NAMES.get(pollutant, pollutant)}: {told}\n")
    text.append(f"读取 {samples.lines} 行 lines，无法读取 unreadable {samples.unreadable_lines}\n")
    for line, reason in samples.unreadable:
        text.append(f"  第 {line} 行 line {line}: {harmless(reason)}\n")
    for remark in samples.remarks:
        text.append(f"{harmless(remark)}\n")
    return text


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _names(pollutants: list[str]) -> str:
    return "、".join(NAMES.get(name, name) for name in pollutants) or "–"


def _value(found: Assessment, pollutant: str, row: int) -> str:
    daily = (found.days.windows if pollutant == "o3" else found.days.means).get(pollutant)
    if daily is None or daily.part.numerator[row] == NOTHING:
        return "–"
    return _short(Fraction(int(daily.part.numerator[row]), int(daily.part.denominator[row])))


def _short(value: Fraction) -> str:
    return f"{float(value):.2f}".rstrip("0").rstrip(".")


def _share(tally: Tally, grade: int) -> str:
    if not tally.valid:
        return "–"
    return f"{tally.compliant[grade]} ({100 * tally.compliant[grade] / tally.valid:.1f} %)"


def _verdict(compliant: tuple[bool, bool] | None, year: Year) -> str:
    if compliant is None:
        return "–" if year.is_valid else "无效 not valid"
    return "/".join("达标 yes" if kept else "超标 no" for kept in compliant)


def _local(text: str | None, timezone: str) -> str:
    if text is None or "T" not in text:
        return text or "–"
    local: Any = datetime.fromisoformat(text).astimezone(ZoneInfo(timezone))
    return f"{local:%Y-%m-%d %H}–{local.hour + 1:02d} h"
