"""A city's noise after HJ 640, from a table of cells or roads: the mean as the standard wants it, and its grade."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from citybrain.noise.table_file import encoding_of
from config.separators import named_separator
from domain.errors import Refused
from rules.standards.noise.regional import Grade, Survey, load_grades, region_mean, road_mean

LEVELS = ("leq", "laeq", "level", "db", "等效声级", "声级", "leq dB(A)", "等效声级dB(A)")
LENGTHS = ("length", "length_m", "length_km", "长度", "路长", "道路长度")
MISSING = frozenset({"", "-", "--", "—", "na", "nan", "null"})
PLACEHOLDERS = frozenset({-99.0, -999.0, 0.0})
"""Written instead of a level; none of them is one."""
LOWEST, HIGHEST = 10.0, 140.0
"""dB(A) that a meter can mean; the range of `laeq` in the catalogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """`mean` in dB(A), not rounded; `left_out`: line and why."""

    survey: Survey
    period: Literal["day", "night"]
    points: int
    length: float | None
    mean: float
    grade: Grade
    left_out: tuple[tuple[int, str], ...]

    def as_json(self) -> dict[str, Any]:
        """See docs/standards-noise.md."""
        return {
            "survey": self.survey.value,
            "period": self.period,
            "points": self.points,
            "length": self.length,
            "mean": round(self.mean, 6),
            "graded": self.grade.mean,
            "grade": self.grade.number,
            "grade_zh": self.grade.name.zh,
            "grade_en": self.grade.name.en,
            "edition": self.grade.edition,
            "left_out": [{"line": line, "why": why} for line, why in self.left_out],
        }


def survey_of(path: Path, survey: Survey, period: Literal["day", "night"], *, on: date) -> Surveyed:
    """One row a cell or road: a level in dB(A), and for roads a length in any one unit.

    Raises Refused when the file cannot be read, lacks a column, or has no usable row.
    """
    levels: list[float] = []
    lengths: list[float] = []
    left_out: list[tuple[int, str]] = []
    for line, level, length in _rows(path, survey):
        why = _fault(level, length, survey)
        if why:
            left_out.append((line, why))
            continue
        levels.append(_number(level))
        lengths.append(_number(length or "1"))
    if not levels:
        raise Refused(f"{path}: no row has a usable level; a cell or road in each row, with its Leq in dB(A)")
    mean = region_mean(levels) if survey is Survey.REGION else road_mean(levels, lengths)
    return Surveyed(
        survey=survey,
        period=period,
        points=len(levels),
        length=sum(lengths) if survey is Survey.ROAD else None,
        mean=mean,
        grade=load_grades().grade(mean, survey, period, on=on),
        left_out=tuple(left_out),
    )


def _rows(path: Path, survey: Survey) -> Iterator[tuple[int, str, str | None]]:
    """Line, level and length of every row below the header."""
    try:
        text = path.read_text(encoding=encoding_of(path))
    except (OSError, UnicodeError) as exc:
        raise Refused(f"{path} cannot be read: {exc}; give a CSV file in UTF-8") from exc
    lines = text.splitlines()
    above = 1 if lines and named_separator(lines[0]) else 0
    head = lines[above] if len(lines) > above else ""
    reader = csv.DictReader(lines[above:], delimiter=max(",;\t", key=head.count))
    names = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
    level = _column(names, LEVELS, path, "a level, such as `leq`")
    length = _column(names, LENGTHS, path, "a length of road, such as `length`") if survey is Survey.ROAD else None
    for row in reader:
        yield above + reader.line_num, (row[level] or "").strip(), (row[length] or "").strip() if length else None


def _column(names: dict[str, str], known: tuple[str, ...], path: Path, what: str) -> str:
    found = [names[name.lower()] for name in known if name.lower() in names]
    if not found:
        raise Refused(f"{path}:1: no column names {what}; the columns are {', '.join(names) or 'none'}")
    return found[0]


def _fault(level: str, length: str | None, survey: Survey) -> str | None:
    """Why a row cannot count; None for a good one."""
    try:
        value = _number(level)
        extent = _number(length) if length is not None else 1.0
    except ValueError:
        return f"{level!r}{'' if length is None else f' with length {length!r}'} is no number"
    if value in PLACEHOLDERS or not (isfinite(value) and LOWEST <= value <= HIGHEST):
        return f"{value:g} is no level in dB(A)"
    return (
        f"length {extent:g} is not above 0" if survey is Survey.ROAD and not (isfinite(extent) and extent > 0) else None
    )


def _number(text: str) -> float:
    """Raises ValueError for a placeholder or a word. A decimal comma is a point."""
    if text.lower() in MISSING:
        raise ValueError(text)
    return float(text.replace(",", "."))
