"""An assessment of a station's air as one JSON object."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from citybrain.air.samples import Samples
from citybrain.air.showing import level_json
from domain.instants import from_micros, iso
from rules.standards.air.assessment import Assessment, levels
from rules.standards.air.columns import NOTHING
from rules.standards.air.compliance import Tally, Year
from rules.standards.air.editions import Editions
from rules.standards.air.hours import HOUR_US, day_of
from rules.standards.air.limits import Mean
from rules.standards.air.series import IndexColumns


def assessment_json(found: Assessment, samples: Samples, editions: Editions) -> dict[str, Any]:
    """Times in UTC; an hour goes from `begin` to `end`. `aqi` is null for NA. Numbers as in docs/standards-air.md."""
    hours = found.hours
    return {
        "from": iso(from_micros(int(hours.begin[0]))),
        "until": iso(from_micros(int(hours.begin[-1]) + HOUR_US)),
        "hours": {"total": len(hours), "with_aqi": int((found.hourly.aqi != NOTHING).sum())},
        "days": {
            "total": len(found.days.day),
            "valid": found.valid_days,
            "good": found.good_days,
            "good_ratio": found.good_day_ratio,
            "levels": dict(levels(found.daily, editions)),
        },
        "compliance": [tally_json(tally, found) for tally in (*found.hour_tallies, *found.day_tallies)],
        "years": [year_json(year) for year in found.years],
        "daily": list(_daily(found, editions)),
        "hourly": list(_hourly(found, editions)),
        "set_aside": {pollutant: dict(reasons) for pollutant, reasons in samples.set_aside.items()},
        "unreadable": {
            "lines": samples.unreadable_lines,
            "first": [{"line": line, "reason": reason} for line, reason in samples.unreadable],
        },
        "lines": samples.lines,
        "remarks": samples.remarks,
    }


def when(tally: Tally, found: Assessment) -> str | None:
    """The date, or the begin of the hour, of the largest value."""
    if tally.highest_at is None:
        return None
    if tally.mean is Mean.HOUR:
        return iso(from_micros(int(found.hours.begin[tally.highest_at])))
    return day_of(found.days.day[tally.highest_at]).isoformat()


def tally_json(tally: Tally, found: Assessment) -> dict[str, Any]:
    return {
        "pollutant": tally.pollutant,
        "mean": tally.mean.value,
        "edition": tally.edition,
        "limits": [float(limit) for limit in tally.limits],
        "total": tally.total,
        "valid": tally.valid,
        "compliant": list(tally.compliant),
        "highest": _number(tally.highest),
        "highest_at": when(tally, found),
    }


def year_json(year: Year) -> dict[str, Any]:
    return {
        "year": year.year,
        "pollutant": year.pollutant,
        "edition": year.edition,
        "days": year.days,
        "valid": year.is_valid,
        "because": year.because or None,
        "mean": _number(year.mean),
        "mean_limits": None if year.mean_limits is None else [float(limit) for limit in year.mean_limits],
        "mean_compliant": None if year.mean_compliant is None else list(year.mean_compliant),
        "percent": year.percent,
        "percentile": _number(year.percentile),
        "percentile_limits": [float(limit) for limit in year.percentile_limits],
        "percentile_compliant": None if year.percentile_compliant is None else list(year.percentile_compliant),
    }


def row_json(columns: IndexColumns, row: int, editions: Editions) -> dict[str, Any]:
    """One hour or day of the index."""
    edition = editions[columns.edition[columns.used[row]]]
    aqi, highest = int(columns.aqi[row]), int(columns.highest[row])
    level = None if aqi == NOTHING else level_json(edition.level(aqi))
    return {
        "edition": edition.id,
        "aqi": None if aqi == NOTHING else aqi,
        "highest": None if highest == NOTHING else highest,
        "level": None if level is None else level["zh"],
        "primary": list(columns.primary(row, editions)),
        "missing": list(columns.missing(row)),
        "sub": {name: int(column[row]) for name, column in columns.sub.items() if column[row] != NOTHING},
    }


def _hourly(found: Assessment, editions: Editions) -> Iterator[dict[str, Any]]:
    for row, begin in enumerate(found.hours.begin.tolist()):
        yield {
            "begin": iso(from_micros(begin)),
            "end": iso(from_micros(begin + HOUR_US)),
            **row_json(found.hourly, row, editions),
        }


def _daily(found: Assessment, editions: Editions) -> Iterator[dict[str, Any]]:
    days = found.days
    for row, ordinal in enumerate(days.day.tolist()):
        values = {}
        for pollutant in days.means:
            # ozone is limited by its largest mean of 8 hours: its mean of the day enters nothing
            daily, counted = (days.windows, "windows") if pollutant == "o3" else (days.means, "hours")
            part = daily[pollutant].part
            known = bool(part.known[row])
            values[pollutant] = {
                "mean": "max8h" if pollutant == "o3" else "day",
                "value": float(Fraction(int(part.numerator[row]), int(part.denominator[row]))) if known else None,
                counted: int(daily[pollutant].count[row]),
            }
        yield {"date": day_of(ordinal).isoformat(), **row_json(found.daily, row, editions), "values": values}


def _number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
