"""Hours of an air station from a CSV file: columns by their names, units from the header, local times."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from citybrain.air.concentrations import PLACEHOLDERS, WORDS, folded
from citybrain.air.samples import Samples
from domain.errors import Refused
from domain.instants import MICROS_PER_S
from rules.standards.air.limits import Ambient
from rules.standards.air.units import factor, unit_of
from simulators.recordings import tables
from simulators.recordings.localtime import LocalTimes, parse_stamp

HOUR_S = 3_600
_CHINESE = {
    "二氧化硫": "so2",
    "二氧化氮": "no2",
    "一氧化碳": "co",
    "臭氧": "o3",
    "细颗粒物": "pm2_5",
    "可吸入颗粒物": "pm10",
}
_TIMES = (
    "time",
    "datetime",
    "timestamp",
    "date_time",
    "at",
    "t",
    "date",
    "时间",
    "监测时间",
    "日期时间",
    "数据时间",
    "日期",
)
_PARTS = ("year", "month", "day", "hour")
_UNIT = re.compile(r"^(.*?)\s*[(（\[](.+?)[)）\]]\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a file is to be read. `units`: by pollutant, instead of what the header says. `label`: start or end."""

    timezone: str
    units: Mapping[str, str]
    label: str | None = None
    zero_is_missing: bool = False
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    pollutant: str
    place: int
    factor: float


def read_table(path: Path, how: Reading, ambient: Ambient) -> Samples:
    """Raises Refused when there is no column of time, or none of a pollutant."""
    names = tables.header(path)
    samples = Samples()
    stamp, parts = _stamp(path, names)
    columns = _columns(path, names, how, ambient, samples, is_uci=parts and "wspm" in {name.lower() for name in names})
    label = how.label or ("start" if parts else "end")
    word = "起点" if label == "start" else "终点"
    samples.remarks.append(f"时间标注为时段{word} · times name the {label} of the hour ({how.timezone})")
    times = LocalTimes(how.timezone)
    for line, row in tables.rows(path):
        samples.lines += 1
        try:
            begin_s = times.epoch_s(stamp(row))
        except (ValueError, IndexError) as exc:
            samples.refuse(line, str(exc))
            continue
        _take(samples, line, row, columns, round(begin_s * MICROS_PER_S), how)
    for series in samples.series.values():
        span_s = usual_step_s(series.at)
        series.span_s = [span_s] * len(series.at)
        if label == "start":
            series.at = [at + round(span_s * MICROS_PER_S) for at in series.at]
    return samples


def usual_step_s(at: Sequence[int]) -> float:
    """Seconds from one instant (µs) to the next in most cases, at most an hour; an hour for a single one."""
    steps = np.diff(np.unique(np.array(at, dtype=np.int64))) / MICROS_PER_S
    return float(np.minimum(np.median(steps), HOUR_S)) if len(steps) else float(HOUR_S)


def _take(samples: Samples, line: int, row: Sequence[str], columns: Sequence[_Column], at: int, how: Reading) -> None:
    for column in columns:
        cell = row[column.place].strip() if column.place < len(row) else ""
        if cell.lower() in WORDS:
            samples.put_aside(column.pollutant, "missing")
            continue
        try:
            value = float(cell)
        except ValueError:
            samples.refuse(line, f"{column.pollutant}: {cell!r} is not a number")
            continue
        reason = why_not(value, how)
        if reason:
            samples.put_aside(column.pollutant, reason)
        else:
            samples.keep(column.pollutant, at, 0.0, value if column.factor == 1 else value * column.factor)


def why_not(value: float, how: Reading) -> str:
    """Why a number is no measurement; empty when it is one."""
    if value in PLACEHOLDERS:
        return "placeholder"
    if not value >= 0 or value == float("inf"):
        return "negative" if value < 0 else "not_finite"
    return "zero" if value == 0 and how.zero_is_missing else ""


def _stamp(path: Path, names: Sequence[str]) -> tuple[Callable[[Sequence[str]], datetime], bool]:
    """How a row tells its time, and whether it does so in year, month, day and hour."""
    place = {name.strip().lower(): number for number, name in enumerate(names)}
    if all(part in place for part in _PARTS):
        year, month, day, hour = (place[part] for part in _PARTS)

        def from_parts(row: Sequence[str]) -> datetime:
            numbers = [int(float(row[number])) for number in (year, month, day, hour)]
            return datetime(numbers[0], numbers[1], numbers[2], numbers[3])  # noqa: DTZ001  LocalTimes gives the zone

        return from_parts, True
    column = next((place[name] for name in _TIMES if name in place), None)
    if column is None:
        raise Refused(
            f"{path}: no column of time among {', '.join(names)}; name one `time`, or give year, month, day and hour"
        )
    clock = place.get("hour")
    if clock is None:
        return lambda row: parse_stamp(row[column]), False
    return lambda row: parse_stamp(row[column]).replace(hour=int(float(row[clock]))), False


def _columns(
    path: Path, names: Sequence[str], how: Reading, ambient: Ambient, samples: Samples, *, is_uci: bool
) -> list[_Column]:
    found: dict[str, _Column] = {}
    for place, name in enumerate(names):
        plain, unit = _named(name)
        if plain not in ambient.pollutants:
            continue
        if plain in found:
            raise Refused(f"{path}: two columns of {plain}; keep one")
        asked = how.units.get(plain) or unit or ("µg/m³" if is_uci else ambient.unit(plain))
        try:
            times = factor(plain, unit=asked, into=ambient.unit(plain), per_ppb=ambient.per_ppb)
        except ValueError as exc:
            raise Refused(f"{path}: column {name}: {exc}") from exc
        if times != 1:
            samples.remarks.append(f"{plain}: {asked} → {ambient.unit(plain)} × {float(times):g}")
        found[plain] = _Column(pollutant=plain, place=place, factor=float(times))
    if not found:
        raise Refused(f"{path}: no pollutant among {', '.join(names)}; known are {', '.join(ambient.pollutants)}")
    return list(found.values())


def _named(name: str) -> tuple[str, str | None]:
    """`CO(mg/m3)` is co in mg/m³. What stands in brackets and is no unit is left aside."""
    match = _UNIT.fullmatch(name.strip())
    text = match[1] if match else name
    plain = _CHINESE.get(text.strip()) or folded(text).removesuffix("_1h")
    if match is None:
        return plain, None
    try:
        return plain, unit_of(match[2])
    except ValueError:
        return plain, None
