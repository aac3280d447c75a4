"""The one JSON object of `citybrain assess noise --json`, as docs/standards-noise.md describes it."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from zoneinfo import ZoneInfo

from citybrain.noise.assessing import AssessedFile, AssessedPoint
from citybrain.noise.objects import Json, day_json, figures_json, hour_json, measurement_json, rate_json
from citybrain.noise.rows import MOST_RANGES, ranges
from domain.instants import from_micros
from rules.standards.noise.ambient import LMAX_NIGHT, JudgedDay, point_times
from rules.standards.noise.days import DAY, NIGHT
from rules.standards.noise.levels import figures
from rules.standards.noise.masking import Removed
from rules.standards.noise.standards import Kind
from rules.standards.noise.verdicts import Outcome, rate_of

UNSURE = ("minutes_of_hour", "hours_of_day", "hours_of_night", "rounding", "weather_margin")
"""Settings whose figures in HJ 906-2017 were not seen."""
NIGHT_RULE = "22:00 of the date to 06:00 of the next; not the Ln of a 0-24 h day packet (HJ 212)"
ALERT_ONLY = (
    "小时超限只是预警，达标与否按 Ld、Ln 评价 · an hour over its limit is an alert, not non-compliance; that is judged"
    " by Ld and Ln"
)


def report_of(found: AssessedFile) -> Json:
    """Levels in dB(A) with three decimals, shares in percent, local times with their offset."""
    is_ambient = found.options.kind is Kind.AMBIENT
    points, zone = found.points, ZoneInfo(found.options.series.timezone)
    return {
        "file": found.path.name,
        "kind": str(found.options.kind),
        "standard": {"id": found.standard.id, "zh": found.standard.zh, "en": found.standard.en},
        "timezone": found.options.series.timezone,
        "place": found.options.place,
        "method": _method(found),
        "points": [_point(point, zone) for point in points],
        "hourly": [hour_json(point, hour) for point in points for hour in point.assessment.hours],
        "daily": [day_json(point, day, with_verdicts=is_ambient) for point in points for day in point.assessment.days],
        "measurements": [measurement_json(point, one) for point in points for one in point.measurements],
        "compliance": _compliance(points) if is_ambient else _compliance_of_source(points),
        "totals": _totals(found),
        "masked": _masked(points),
        "unread": _unread(found),
        "notes": [ALERT_ONLY, *_doubts(points)],
    }


def _method(found: AssessedFile) -> Json:
    validity = found.options.validity.model_dump(mode="json")
    return {
        "validity": validity,
        "unsure": list(UNSURE),
        "night": NIGHT_RULE,
        "percentiles": "linear between the middles of sorted slots; coarse unless slots are 1 s",
        "background": found.options.background,
        "columns": dict(found.file.columns),
        "ignored": list(found.file.ignored),
    }


def _point(point: AssessedPoint, zone: ZoneInfo) -> Json:
    series, samples = point.series, point.series.masked.samples
    return {
        "point": series.point,
        "zone": str(point.zone),
        "from": from_micros(int(samples.begin.min())).astimezone(zone).isoformat(),
        "until": from_micros(int(samples.at.max())).astimezone(zone).isoformat(),
        "span_s": series.span_s,
        "stamps": str(series.stamp),
        "stamps_told_by": series.told_by,
        "gaps": series.gaps,
        "irregular_steps": series.irregular,
        "lmax_from": str(point.assessment.basis),
    }


def _compliance(points: Iterable[AssessedPoint]) -> Json:
    """By point-times: day and night apart, and the night's maximum apart from both; also class by class."""
    days = [(point.zone, day) for point in points for day in point.assessment.days]
    zones = sorted({zone for zone, _ in days})
    return {
        **_rates([day for _, day in days]),
        "by_zone": {str(zone): _rates([day for of, day in days if of == zone]) for zone in zones},
    }


def _rates(days: list[JudgedDay]) -> Json:
    by_day, by_night = point_times(days)
    peaks = [verdict.outcome for day in days for verdict in day.verdicts if verdict.quantity == LMAX_NIGHT]
    return {"day": rate_json(by_day), "night": rate_json(by_night), LMAX_NIGHT: rate_json(rate_of(peaks))}


def _compliance_of_source(points: Iterable[AssessedPoint]) -> Json:
    """By measurements; every one is judged by itself and complies only as a whole."""
    outcomes: dict[str, list[Outcome]] = {DAY: [], NIGHT: []}
    for point in points:
        for one in point.measurements:
            outcomes[one.period].append(_whole([verdict.outcome for verdict in one.verdicts]))
    return {period: rate_json(rate_of(found)) for period, found in outcomes.items()}


def _whole(outcomes: list[Outcome]) -> Outcome:
    order = (Outcome.NOT_COMPLIANT, Outcome.INVALID, Outcome.UNDETERMINED, Outcome.COMPLIANT)
    return next(outcome for outcome in order if outcome in outcomes)


def _totals(found: AssessedFile) -> Json:
    kept = [point.series.masked.kept for point in found.points]
    hours = [hour for point in found.points for hour in point.assessment.hours]
    days = [day.day for point in found.points for day in point.assessment.days]
    whole = figures(kept[0].level, kept[0].span, kept[0].peak) if len(kept) == 1 else None
    rows, used, unread = found.file.rows, sum(len(samples) for samples in kept), found.file.unread.count
    masked = sum(removed.samples for p in found.points for removed in p.series.masked.removed.values())
    return {
        "rows": rows,
        "used": used,
        "masked": masked,
        "unread": unread,
        "beside": rows - used - masked - unread,
        "hours": len(hours),
        "valid_hours": sum(hour.hour.is_valid for hour in hours),
        "hours_over_limit": sum(hour.is_over is True for hour in hours),
        "valid_days": sum(day.day.level is not None for day in days),
        "valid_nights": sum(day.night.level is not None for day in days),
        "whole": None if whole is None else figures_json(whole),
    }


def _masked(points: Iterable[AssessedPoint]) -> list[Json]:
    found: dict[str, list[Removed]] = {}
    for point in points:
        for why, removed in point.series.masked.removed.items():
            found.setdefault(str(why), []).append(removed)
    return [
        {
            "reason": why,
            "samples": sum(part.samples for part in parts),
            "minutes": round(sum(part.minutes for part in parts), 2),
        }
        for why, parts in found.items()
    ]


def _unread(found: AssessedFile) -> list[Json]:
    unread = found.file.unread
    return [
        {
            "reason": why,
            "count": len(lines),
            "row_used": is_used,
            "lines": list(islice(ranges(lines), MOST_RANGES)),
        }
        for is_used, reasons in ((False, unread.lines), (True, unread.cells))
        for why, lines in reasons.items()
    ]


def _doubts(points: Iterable[AssessedPoint]) -> Iterator[str]:
    """What a reader has to know before a figure is used."""
    told: Mapping[str, AssessedPoint] = {point.series.point: point for point in points}
    for name, point in told.items():
        of = f"{name}: " if name else ""
        if point.series.told_by == "assumed":
            yield (
                f"{of}时标按时段终点处理，如为起点请加 --stamp begin · stamps are taken for the end of each interval;"
                " --stamp begin says otherwise"
            )
        if point.series.irregular:
            steps, span_s = point.series.irregular, point.series.span_s
            yield (
                f"{of}{steps} 处间隔不规则，每个数据仍按 {span_s:g} s 计 · {steps} steps are irregular, yet every level"
                f" counts for {span_s:g} s"
            )
