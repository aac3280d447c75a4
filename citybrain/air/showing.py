"""A report of the AQI as JSON and as a table that a person can check with a pocket calculator."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from rules.standards.air.editions import Edition, Level
from rules.standards.air.indices import SubIndex, told
from rules.standards.air.reports import Report, pollutants_of

NAMES: Mapping[str, str] = {"pm2_5": "PM2.5", "pm10": "PM10", "so2": "SO₂", "no2": "NO₂", "o3": "O₃", "co": "CO"}
_PERIODS = {"hourly": "小时 hourly", "daily": "日 daily"}


def level_json(level: Level | None) -> dict[str, Any] | None:
    if level is None:
        return None
    return {
        "level": level.level,
        "zh": level.zh,
        "en": level.en,
        "colour_zh": level.colour_zh,
        "colour_en": level.colour_en,
        "hex": level.hex,
    }


def report_json(report: Report) -> dict[str, Any]:
    """`aqi` is null for NA, with `because`. Concentrations are decimals; `exact` fractions stay in the formula."""
    return {
        "standard": report.edition,
        "period": report.period.value,
        "aqi": report.aqi,
        "because": report.because or None,
        "level": level_json(report.level),
        "primary": list(report.primary),
        "exceeding": list(report.exceeding),
        "missing": list(report.missing),
        "not_monitored": list(report.not_monitored),
        "sub": {name: _sub_json(sub) for name, sub in report.sub.items()},
    }


def headline(report: Report, edition: Edition) -> Text:
    """The AQI in its standard's colour, level, primary pollutants."""
    line = Text()
    if report.aqi is None:
        line.append("AQI NA ", style="bold")
        line.append(f"（{report.because}）" if report.because else "")
    else:
        level = edition.level(report.aqi)
        line.append("■ ", style=level.hex)
        line.append(f"AQI {report.aqi} ", style="bold")
        line.append(f"{level.level} {level.zh} {level.en} · {level.colour_zh} {level.colour_en} {level.hex}")
        line.append(f"  首要污染物 primary: {_names(report.primary)}")
    line.append(f"\n{edition.zh} · {edition.id} · {_PERIODS[report.period.value]} · {edition.source}")
    if edition.exceedance_above is not None and report.exceeding:
        line.append(f"\n超标污染物 exceeding (IAQI > {edition.exceedance_above}): {_names(report.exceeding)}")
    for title, names in (("缺测 missing", report.missing), ("未监测 not monitored", report.not_monitored)):
        if names:
            line.append(f"\n{title}: {_names(names)}")
    return line


def sub_table(report: Report, edition: Edition) -> Table:
    """Every sub-index with its breakpoints and its arithmetic; NA for missing, / for not monitored."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (
        "指标 indicator",
        "浓度 given",
        "修约 used",
        "区间 band",
        "IAQI",
        "算式 (Hi−Lo)/(BPHi−BPLo)×(C−BPLo)+Lo",
    ):
        table.add_column(title, overflow="fold")
    for sub in report.sub.values():
        table.add_row(*_cells(sub))
    for pollutant in pollutants_of(edition, report.period):
        if pollutant in report.missing and all(sub.pollutant != pollutant for sub in report.sub.values()):
            table.add_row(NAMES.get(pollutant, pollutant), "NA", "", "", "NA", "")
        if pollutant in report.not_monitored:
            table.add_row(NAMES.get(pollutant, pollutant), "/", "", "", "/", "")
    return table


def _names(pollutants: tuple[str, ...]) -> str:
    return "、".join(NAMES.get(name, name) for name in pollutants) or "–"


def _cells(sub: SubIndex) -> tuple[str, ...]:
    band = "" if sub.band is None else f"{sub.band.low}–{sub.band.high} → {sub.band.index_low}–{sub.band.index_high}"
    index = "NA" if sub.index is None else str(sub.index)
    arithmetic = f"{sub.formula}  {sub.because}".strip()
    return sub.indicator, f"{told(sub.given)} {sub.unit}", told(sub.used), band, index, arithmetic


def _sub_json(sub: SubIndex) -> dict[str, Any]:
    band = sub.band
    return {
        "pollutant": sub.pollutant,
        "unit": sub.unit,
        "given": float(sub.given),
        "used": float(sub.used),
        "breakpoints": None if band is None else [float(band.low), float(band.high)],
        "indices": None if band is None else [band.index_low, band.index_high],
        "index": sub.index,
        "formula": sub.formula,
        "because": sub.because or None,
    }
