"""Readings in a text file: NDJSON as `citybrain readings --json` writes it, or CSV with a head line."""

import csv
import math
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from pathlib import Path

import msgspec

from citybrain.backtest.scratch import Row
from config.separators import Head, head_of
from domain.errors import Misconfigured, Problem
from domain.instants import to_micros
from domain.readings import Quality

MOST_PROBLEMS = 10
"""A file of another kind is wrong in every line: the first ones say enough."""
NEEDED = ("device", "metric", "at", "value")
_TRUTHS = {"true": True, "false": False, "1": True, "0": False}
_QUALITIES = {quality.name.lower(): int(quality) for quality in Quality}


class _Line(msgspec.Struct):
    """One line of NDJSON; what else it says does not matter here."""

    device: str
    metric: str
    at: str
    value: float
    quality: str = "good"
    span_s: float = 0.0
    span: float = 0.0
    live: bool = True


def read_listing(path: Path) -> Iterator[Row]:
    """Row by row, in the order of the file. Raises Misconfigured with the first problems, each with its line."""
    problems: list[Problem] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for number, row in _rows(path, lines):
                if isinstance(row, str):
                    problems.append(Problem(file=str(path), line=number, message=row))
                else:
                    yield row
                if len(problems) >= MOST_PROBLEMS:
                    break
    except OSError as exc:
        message = f"cannot be read: {exc.strerror}; check the path and its rights"
        raise Misconfigured([Problem(file=str(path), line=None, message=message)]) from exc
    except UnicodeDecodeError as exc:
        raise Misconfigured([Problem(file=str(path), line=None, message="not UTF-8; save it as UTF-8")]) from exc
    if problems:
        raise Misconfigured(problems)


def _rows(path: Path, lines: Iterator[str]) -> Iterator[tuple[int, Row | str]]:
    """Line number with the row, or with what is wrong."""
    first = next(lines, "")
    lines = chain([first], lines)
    if first.lstrip().startswith("{") or path.suffix in {".ndjson", ".jsonl", ".json"}:
        yield from _ndjson(lines)
    else:
        yield from _table(lines)


def _ndjson(lines: Iterator[str]) -> Iterator[tuple[int, Row | str]]:
    decoder = msgspec.json.Decoder(_Line)
    for number, text in enumerate(lines, start=1):
        if text.strip():
            try:
                line = decoder.decode(text)
                yield number, _row(line)
            except (msgspec.MsgspecError, ValueError) as exc:
                yield number, f"no reading: {exc}; write a line as `citybrain readings --json` does"


def _table(lines: Iterator[str]) -> Iterator[tuple[int, Row | str]]:
    head = head_of(lines)
    names = [name.strip() for name in next(csv.reader([head.text], delimiter=head.delimiter), [])]
    missing = [name for name in NEEDED if name not in names]
    if missing:
        yield (
            head.line,
            f"lacks the columns {', '.join(missing)}; the head line names device, metric, at, value[, span]",
        )
        return
    reader = csv.DictReader(lines, fieldnames=names, restval="", delimiter=head.delimiter)
    line = head.line
    try:
        for found in reader:
            line = head.line + reader.line_num
            yield line, _reading(found, head)
    except csv.Error as exc:
        yield line + 1, f"no CSV: {exc}; close its quotation marks"


def _reading(found: Mapping[str, str], head: Head) -> Row | str:
    try:
        return _cells(found, head)
    except ValueError as exc:
        return f"no reading: {exc}; write device, metric, a time with zone, and a number"


def _cells(found: Mapping[str, str], head: Head) -> Row:
    """Cells that are empty say what a line without them says."""
    told = (found.get("live") or "true").strip().lower()
    if told not in _TRUTHS:
        raise ValueError(f"live {told!r} is none of {', '.join(_TRUTHS)}")
    line = _Line(
        device=found["device"],
        metric=found["metric"],
        at=found["at"],
        value=float(head.pointed(found["value"])),
        quality=found.get("quality") or "good",
        span_s=float(head.pointed(found.get("span_s") or found.get("span") or "0")),
        live=_TRUTHS[told],
    )
    return _row(line)


def _row(line: _Line) -> Row:
    """Raises ValueError for what is no reading."""
    moment = datetime.fromisoformat(line.at)
    if moment.tzinfo is None:
        raise ValueError(f"time {line.at!r} has no zone")
    if not math.isfinite(line.value):
        raise ValueError(f"value {line.value} is not a number")
    if line.quality not in _QUALITIES:
        raise ValueError(f"quality {line.quality!r} is none of {', '.join(_QUALITIES)}")
    span = line.span_s or line.span
    return line.device, line.metric, to_micros(moment), line.value, span, _QUALITIES[line.quality], line.live
