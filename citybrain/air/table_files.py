"""Hourly means of a station from CSV, as people export them: headers in English or Chinese, local times, gaps."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from citybrain.air.columns import Layout, Place, is_normal, named
from citybrain.air.concentrations import PLACEHOLDERS, WORDS
from citybrain.air.samples import Samples
from citybrain.air.table_text import Table, open_table
from citybrain.air.table_times import times_of
from citybrain.noise.columns import stamp_words
from domain.errors import Refused
from domain.instants import MICROS_PER_S
from rules.standards.air.limits import Ambient
from rules.standards.air.units import factor, unit_of

HOUR_S = 3_600
_SHOWN = 12
"""So many names are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a file is to be read. `units`: by pollutant, instead of what the header says. `label`: start or end."""

    timezone: str
    units: Mapping[str, str]
    label: str | None = None
    zero_is_missing: bool = False
    device: str | None = None


@dataclass(slots=True, kw_only=True)
class _Cells:
    """One pollutant's cells: row of the table, line of the file, text, and the factor of its unit."""

    rows: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    factors: list[float] = field(default_factory=list)


def read_table(path: Path, how: Reading, ambient: Ambient) -> Samples:
    """Raises Refused when there is no column of time, none of a pollutant, or several stations and none is chosen."""
    samples = Samples()
    table = open_table(path, ambient.pollutants)
    rows = _of_one_station(table, how, samples)
    label = how.label or _label(table.layout)
    word = "起点" if label == "start" else "终点"
    samples.remarks.append(f"时间标注为时段{word} · times name the {label} of the hour ({how.timezone})")
    samples.lines = len(rows)
    at = times_of(table, rows, how.timezone, samples.refuse)
    found = _cells(table, rows, how, ambient, samples)
    if table.layout.flag is not None:
        _leave_marked(table, table.layout.flag, found, at, samples)
    for pollutant, cells in found.items():
        _take(samples, pollutant, cells, at, how, ambient)
    _spans(samples, label)
    return samples


def usual_step_s(at: Sequence[int]) -> float:
    """Seconds from one instant (µs) to the next in most cases, at most an hour; an hour for a single one."""
    return min(_step_s(at), HOUR_S)


def why_not(value: float, how: Reading, highest: float) -> str:
    """Why a number is no measurement; empty when it is one."""
    if value in PLACEHOLDERS:
        return "placeholder"
    if not value >= 0 or value == float("inf"):
        return "negative" if value < 0 else "not_finite"
    if value > highest:
        return "out_of_range"
    return "zero" if value == 0 and how.zero_is_missing else ""


def _step_s(at: Sequence[int]) -> float:
    steps = np.diff(np.unique(np.array(at, dtype=np.int64))) / MICROS_PER_S
    return float(np.median(steps)) if len(steps) else float(HOUR_S)


def _label(layout: Layout) -> str:
    """The start in year, month, day and hour, or where the header says so; bulletins name the end."""
    if layout.parts is not None or layout.time is None:
        return "start"
    return "start" if stamp_words(layout.names[layout.time]) == "begin" else "end"


def _of_one_station(table: Table, how: Reading, samples: Samples) -> list[int]:
    """Places of the rows of the station; told are the columns without a meaning here."""
    ignored = [name for place, name in enumerate(table.layout.names) if place not in table.layout.used and name]
    if ignored:
        more = " …" if len(ignored) > _SHOWN else ""
        samples.remarks.append(f"未使用的列 columns not used: {', '.join(ignored[:_SHOWN])}{more}")
    every = list(range(len(table.rows)))
    place = table.layout.point
    if place is None:
        if how.device is not None:
            raise Refused(f"{table.where}: no column of stations; leave --device out")
        return every
    found = [row[place].strip() if place < len(row) else "" for row in table.rows]
    known = sorted(set(found))
    if how.device is None and len(known) > 1:
        names = ", ".join(known[:8])
        raise Refused(f"{table.where} holds {len(known)} stations: {names}; choose one with --device")
    if how.device is not None and how.device not in known:
        raise Refused(f"{table.where}: no station {how.device!r}; it holds {', '.join(known[:8]) or 'none'}")
    return [number for number in every if how.device is None or found[number] == how.device]


def _cells(table: Table, rows: Sequence[int], how: Reading, ambient: Ambient, samples: Samples) -> dict[str, _Cells]:
    found: dict[str, _Cells] = {}
    if table.layout.wide:
        for column in table.layout.wide:
            if column.pollutant in found:
                raise Refused(f"{table.where}: two columns of {column.pollutant}; keep one")
            times = _factor(table, column, how, ambient, samples)
            found[column.pollutant] = _Cells(
                rows=list(rows),
                lines=[table.lines[number] for number in rows],
                texts=[_cell(table.rows[number], column.place) for number in rows],
                factors=[times] * len(rows),
            )
        return found
    return _long(table, rows, how, ambient, samples)


def _long(table: Table, rows: Sequence[int], how: Reading, ambient: Ambient, samples: Samples) -> dict[str, _Cells]:
    """Each row names its pollutant; those of other things are counted and told."""
    found: dict[str, _Cells] = {}
    beside: Counter[str] = Counter()
    factors: dict[tuple[str, str], float] = {}
    kind, value, unit = table.layout.kind or 0, table.layout.value or 0, table.layout.unit
    for number in rows:
        row = table.rows[number]
        said = _cell(row, kind)
        pollutant, written = named(said, ambient.pollutants)
        if pollutant is None:
            beside[said] += 1
            continue
        asked = _cell(row, unit) if unit is not None else ""
        if (pollutant, asked) not in factors:
            told = written or (_unit(table, asked) if asked else None)
            column = Place(pollutant=pollutant, name=said, place=value, unit=told)
            factors[pollutant, asked] = _factor(table, column, how, ambient, samples)
        cells = found.setdefault(pollutant, _Cells())
        cells.rows.append(number)
        cells.lines.append(table.lines[number])
        cells.texts.append(_cell(row, value))
        cells.factors.append(factors[pollutant, asked])
    if beside:
        told = ", ".join(f"{name or '–'} × {times}" for name, times in beside.most_common(_SHOWN))
        samples.remarks.append(f"未使用的行 rows not used: {told}")
    return found


def _leave_marked(table: Table, flag: int, found: Mapping[str, _Cells], at: dict[int, int], samples: Samples) -> None:
    """Rows with a mark other than normal lose their instant, and are counted for each of their pollutants."""
    marked = {number for number in at if not is_normal(_cell(table.rows[number], flag))}
    for pollutant, cells in found.items():
        for _ in marked.intersection(cells.rows):
            samples.put_aside(pollutant, "quality")
    for number in marked:
        del at[number]


def _unit(table: Table, text: str) -> str:
    try:
        return unit_of(text)
    except ValueError as exc:
        raise Refused(f"{table.where}: {exc}") from exc


def _factor(table: Table, column: Place, how: Reading, ambient: Ambient, samples: Samples) -> float:
    plain = column.pollutant
    asked = how.units.get(plain) or column.unit or ("µg/m³" if table.is_uci else ambient.unit(plain))
    try:
        times = factor(plain, unit=asked, into=ambient.unit(plain), per_ppb=ambient.per_ppb)
    except ValueError as exc:
        raise Refused(f"{table.where}: column {column.name}: {exc}") from exc
    if times != 1:
        samples.remarks.append(f"{plain}: {asked} → {ambient.unit(plain)} × {float(times):g}")
    return float(times)


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _take(
    samples: Samples, pollutant: str, cells: _Cells, at: Mapping[int, int], how: Reading, ambient: Ambient
) -> None:
    for number, line, text, times in zip(cells.rows, cells.lines, cells.texts, cells.factors, strict=True):
        if number not in at:
            continue
        if text.lower() in WORDS:
            samples.put_aside(pollutant, "missing")
            continue
        try:
            value = float(text)
        except ValueError:
            samples.refuse(line, f"{pollutant}: {text!r} is not a number")
            continue
        reason = why_not(value, how, ambient.believed_up_to[pollutant] / times)
        if reason:
            samples.put_aside(pollutant, reason)
        else:
            samples.keep(pollutant, at[number], 0.0, value if times == 1 else value * times)


def _spans(samples: Samples, label: str) -> None:
    """A mean stands for the usual step of its column, at most an hour."""
    longest = 0.0
    for series in samples.series.values():
        longest = max(longest, _step_s(series.at))
        span_s = usual_step_s(series.at)
        series.span_s = [span_s] * len(series.at)
        if label == "start":
            series.at = [at + round(span_s * MICROS_PER_S) for at in series.at]
    if longest > HOUR_S:
        samples.remarks.append(
            f"相邻行相隔 {longest / HOUR_S:g} 小时，每行按一小时均值计；日均值请用 citybrain aqi · rows are "
            f"{longest / HOUR_S:g} h apart and each is read as the mean of one hour; for daily means use citybrain aqi"
        )
