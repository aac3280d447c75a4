"""Hours, days, measurements and verdicts as objects of the JSON report."""

from datetime import timedelta
from math import isnan
from typing import Any

from citybrain.noise.assessing import AssessedPoint
from rules.standards.noise.ambient import JudgedDay, JudgedHour
from rules.standards.noise.levels import Figures
from rules.standards.noise.sources import Measurement
from rules.standards.noise.standards import Limit
from rules.standards.noise.verdicts import Rate, Verdict

Json = dict[str, Any]

_DECIMALS = 3


def hour_json(point: AssessedPoint, judged: JudgedHour) -> Json:
    hour = judged.hour
    return {
        "point": point.series.point,
        "begin": hour.begin.isoformat(),
        **figures_json(hour.figures),
        "minutes": round(hour.minutes, 2),
        "vdr": round(100.0 * hour.vdr, 2),
        "valid": hour.is_valid,
        "limit": judged.limit.value if judged.limit else None,
        "over_limit": judged.is_over,
    }


def day_json(point: AssessedPoint, judged: JudgedDay, *, with_verdicts: bool) -> Json:
    day = judged.day
    return {
        "point": point.series.point,
        "date": day.date.isoformat(),
        "ld": level_json(day.day.level),
        "ln": level_json(day.night.level),
        "ldn": level_json(day.ldn),
        "leq24": level_json(day.leq24),
        "lmax_night": level_json(day.night.lmax),
        "day_hours": day.day.hours,
        "day_hours_due": day.day.due,
        "night_hours": day.night.hours,
        "night_hours_due": day.night.due,
        "day_vdr": round(100.0 * day.day.minutes / (60.0 * day.day.due), 2),
        "night_vdr": round(100.0 * day.night.minutes / (60.0 * day.night.due), 2),
        "verdicts": {v.quantity: verdict_json(v) for v in judged.verdicts} if with_verdicts else {},
    }


def measurement_json(point: AssessedPoint, one: Measurement) -> Json:
    return {
        "point": point.series.point,
        "begin": one.begin.isoformat(),
        "end": (one.begin + timedelta(minutes=one.minutes)).isoformat(),
        "date": one.date.isoformat(),
        "period": one.period,
        **figures_json(one.figures),
        "minutes": round(one.minutes, 2),
        "corrected": level_json(one.corrected),
        "steady": one.is_steady,
        "verdicts": {v.quantity: verdict_json(v) for v in one.verdicts},
    }


def verdict_json(verdict: Verdict) -> Json:
    return {
        "outcome": str(verdict.outcome),
        "why": str(verdict.why) if verdict.why else None,
        "level": level_json(verdict.level),
        "judged": level_json(verdict.judged),
        **limit_json(verdict.limit),
        "excess": level_json(verdict.excess),
    }


def limit_json(limit: Limit | None) -> Json:
    if limit is None:
        return {"limit": None, "clause": None, "edition": None, "confidence": None}
    return {
        "limit": limit.value,
        "clause": {"zh": limit.clause.zh, "en": limit.clause.en},
        "edition": limit.edition,
        "confidence": limit.confidence,
    }


def rate_json(rate: Rate) -> Json:
    return {
        "valid": rate.valid,
        "compliant": rate.compliant,
        "rate": None if rate.rate is None else round(rate.rate, 2),
    }


def figures_json(found: Figures) -> Json:
    return {
        "leq": level_json(found.leq),
        "lmax": level_json(found.lmax),
        "lmin": level_json(found.lmin),
        **{f"l{percent}": level_json(level) for percent, level in found.exceeded.items()},
        "sd": level_json(found.sd),
    }


def level_json(level: float | None) -> float | None:
    return None if level is None or isnan(level) else round(level, _DECIMALS)
