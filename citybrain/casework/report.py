"""The one JSON object of `citybrain assess cases --json`, as docs/standards-cases.md describes it."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from cases.counting import Period
from cases.indicators import Figures, Judged, Rate
from cases.recorded import Step
from citybrain.casework.assessing import AssessedList
from domain.instants import MICROS_PER_S, from_micros

Json = dict[str, Any]


def report_of(found: AssessedList) -> Json:
    """Local times with their offset; shares in percent with three decimals, null where they would be a guess."""
    zone, read, period = found.options.zone, found.read, found.performance.period
    return {
        "file": found.path.name,
        "method": _method(found),
        "period": {
            "since": _local(period.since, zone),
            "until": _local(period.until, zone),
            "until_told_by": "latest-time-of-the-file" if found.options.until is None else "option",
        },
        "columns": {role.value: name for role, name in read.columns.items()},
        "ignored": list(read.ignored),
        "rows": {"total": read.rows, "used": len(read.cases.cases), "left_out": len(read.left_out)},
        "total": _figures(found.performance.total),
        "departments": [{"department": one.department, **_figures(one)} for one in found.performance.departments],
        "codes": list(_codes(found)),
        "cases": [_case(one, period, zone) for one in found.performance.judged],
        "left_out": [{"line": line, "why": why} for line, why in read.left_out],
        "doubts": [{"line": line, "why": why} for line, why in read.doubts],
        "notes": list(_notes(found)),
    }


def _method(found: AssessedList) -> Json:
    options = found.options
    spoken = options.method.model_dump(
        mode="json", include={"id", "zh", "en", "source", "confidence", "of_day", "limits"}
    )
    hours = [f"{one.begin:%H:%M}-{'24:00' if one.end is None else f'{one.end:%H:%M}'}" for one in options.method.hours]
    return {
        **spoken,
        "hours": hours,
        "calendar": options.calendar.id,
        "timezone": options.zone.key,
        "codes": {"generation": options.generation, "source": options.codes.source},
    }


def _figures(figures: Figures) -> Json:
    return {
        "cases": figures.cases,
        "counts": dict(figures.counts),
        "rates": [_rate(rate) for rate in figures.rates],
    }


def _rate(rate: Rate) -> Json:
    indicator = rate.indicator
    return {
        "id": indicator.id,
        "zh": indicator.zh,
        "en": indicator.en,
        "part": indicator.part,
        "whole": indicator.whole,
        "numerator": rate.part,
        "denominator": rate.whole,
        "percent": None if rate.percent is None else round(rate.percent, 3),
        "because": list(rate.because),
        "confidence": indicator.confidence,
    }


def _codes(found: AssessedList) -> Iterator[Json]:
    """Cases by kind and code; what the table does not name has no name."""
    codes = found.options.codes
    numbers = Counter((case.kind, case.code) for case in found.read.cases.cases if case.code)
    for (kind, code), number in sorted(numbers.items(), key=lambda pair: (-pair[1], str(pair[0]))):
        yield {
            "kind": kind,
            "code": code,
            "major": kind and codes.major(kind, code),
            "name": kind and codes.minor(kind, code),
            "cases": number,
        }


def state_of(one: Judged, period: Period) -> str:
    """How the disposal of a case stands at the end of the period."""
    case, done = one.case, one.case.times.get(Step.DISPOSED)
    if Step.DISPATCHED not in case.times or case.times[Step.DISPATCHED] >= period.until:
        return "not-dispatched"
    if case.limit is None:
        return "no-limit"
    if done is not None and done < period.until:
        return "in-time" if one.deadline is None or done <= one.deadline else "late"
    if one.deadline is None:
        return "suspended"
    return "overdue" if one.deadline < period.until else "open"


def _case(one: Judged, period: Period, zone: ZoneInfo) -> Json:
    case = one.case
    differs = None if case.due is None or one.deadline is None else (case.due - one.deadline) / MICROS_PER_S
    return {
        "id": case.id,
        "line": case.line,
        "department": case.department,
        "dispatched": _local(case.times.get(Step.DISPATCHED), zone),
        "deadline": _local(one.deadline, zone),
        "disposed": _local(case.times.get(Step.DISPOSED), zone),
        "state": state_of(one, period),
        "recorded_deadline": _local(case.due, zone),
        "recorded_later_s": differs,
    }


def _notes(found: AssessedList) -> Iterator[str]:
    """What a reader has to know before a figure is used."""
    if found.options.until is None:
        yield "未给 --until，截至文件中最晚时间 · without --until things stand as at the latest time of the file"
    if found.read.plain_limits:
        yield (
            f"{found.read.plain_limits} 个时限用词未指明计时方式，天按工作日、小时按工作时 · limits told by a plain "
            "word: days are taken for working days, hours for working hours"
        )
    differing = sum(
        one.case.due is not None and one.deadline is not None and one.case.due != one.deadline
        for one in found.performance.judged
    )
    if differing:
        yield (
            f"{differing} 个案卷的截止时间与文件所载不同，评价按本方法 · deadlines of {differing} cases differ from "
            "those of the file; judged by this method"
        )
    yield from (f"日历 calendar {doubt}" for doubt in found.calendar_doubts)


def _local(at: int | None, zone: ZoneInfo) -> str | None:
    return None if at is None else from_micros(at).astimezone(zone).isoformat(timespec="seconds")
