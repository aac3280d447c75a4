"""What a replay came to: alerts by rule, and for noise Ld and Ln of each day and the hours above the limit."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from citybrain.assembly import Installation, assemble
from citybrain.replay.running import Replayed
from domain.alerts import Alert, AlertMove, AlertTransition
from domain.devices import Device
from domain.instants import EPOCH, to_micros
from domain.readings import Quality, Reading
from domain.series import ReadingQuery
from rules.digest import digest_of_lines, line
from rules.limits import TableLimits
from rules.standards.noise.days import noise_days as days_of
from rules.standards.noise.hours import NoiseHour, noise_hours
from rules.standards.noise.masking import masked
from rules.standards.noise.samples import samples_of
from rules.standards.noise.validity import Validity
from rules.tables import Timeline
from store.records.records import Records
from store.series.opening import open_series_store

Json = Mapping[str, Any]

MOST_READINGS = 5_000_000
NOISE_TABLE = "gb3096"
ACTIVATING = frozenset({AlertMove.HOLD, AlertMove.VIOLATE_AGAIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseDay:
    """One day of one meter. Levels in dB(A), rounded to a tenth; hours are valid hours."""

    device: str
    date: str
    ld: float | None
    ln: float | None
    day_hours: int
    night_hours: int
    exceeded_hours: int


def report_of(replayed: Replayed) -> Json:
    """Everything as one object for `--json`; the text of the command is made from it."""
    installation = assemble(replayed.files.settings)
    report = replayed.report
    return {
        "published": report.published,
        "acknowledged": report.acknowledged,
        "skipped": report.skipped,
        "first": report.first.isoformat() if report.first else None,
        "last": report.last.isoformat() if report.last else None,
        "balanced": replayed.balanced,
        **_recorded(replayed),
        "noise_days": [_as_json(day) for day in noise_days(installation)],
    }


def noise_days(installation: Installation) -> Sequence[NoiseDay]:
    """From the stored readings, not from the file: what is reported is what was kept."""
    store = open_series_store(installation.settings.series, installation.settings.data, installation.catalogue)
    try:
        days: list[NoiseDay] = []
        for meter in installation.registry.of_kind("noise_meter"):
            query = ReadingQuery(
                start=EPOCH,
                end=EPOCH.replace(year=9000),
                devices=(meter.id,),
                metrics=("laeq",),
                limit=MOST_READINGS,
            )
            good = [reading for reading in store.readings(query) if reading.quality is Quality.GOOD]
            days.extend(_days_of(meter, good, installation))
        return days
    finally:
        store.close()


def _days_of(meter: Device, readings: Sequence[Reading], installation: Installation) -> list[NoiseDay]:
    timezone, validity = installation.registry.city.timezone, Validity()
    series = samples_of(
        [to_micros(reading.at) for reading in readings],
        [reading.span_s or meter.interval_s for reading in readings],
        [reading.value for reading in readings],
    )
    hours = noise_hours(masked(series, validity), timezone=timezone, validity=validity)
    above = Counter(hour.begin.date() for hour in hours if hour.is_valid and _is_above(meter, hour, installation))
    return [
        NoiseDay(
            device=meter.id,
            date=day.date.isoformat(),
            ld=None if day.day.level is None else round(day.day.level, 1),
            ln=None if day.night.level is None else round(day.night.level, 1),
            day_hours=day.day.hours,
            night_hours=day.night.hours,
            exceeded_hours=above[day.date],
        )
        for day in days_of(hours, timezone=timezone, validity=validity)
        if day.day.hours or day.night.hours
    ]


def _is_above(meter: Device, hour: NoiseHour, installation: Installation) -> bool:
    table = installation.ruleset.tables.get(NOISE_TABLE)
    if table is None or meter.zone is None:
        return False
    limits = TableLimits(Timeline(table, installation.registry.city.timezone), (meter,), needs_zone=table.needs_zone)
    at = np.array([hour.at], dtype=np.int64)
    return bool(hour.figures.leq > limits.at(np.array([0]), at)[0])


def _recorded(replayed: Replayed) -> Json:
    """How often each rule's alerts became active (one that came back before anybody acknowledged counts again), and by
    rule the digest of their moves up to the last reading. Two replays of one recording have the same, at whatever
    speed, but for `absence`: silence is counted from when somebody listens.
    """
    settings, last = replayed.files.settings, replayed.report.last
    records = Records.open(settings.records.url_in(settings.data), settings=settings.records)
    counts: Counter[str] = Counter()
    lines: dict[str, list[str]] = {}
    try:
        for alert, moves in _alerts(records):
            counts[alert.rule] += sum(move.move in ACTIVATING for move in moves)
            told = [_line(alert, move) for move in moves if last is not None and move.at <= last]
            lines.setdefault(alert.rule, []).extend(told)
    finally:
        records.close()
    return {"alerts": +counts, "digests": {rule: digest_of_lines(told) for rule, told in sorted(lines.items())}}


def _alerts(records: Records) -> Iterator[tuple[Alert, Sequence[AlertTransition]]]:
    """Every alert with its moves."""
    after: str | None = ""
    with records.snapshot() as books:
        while after is not None:
            page = books.alerts.list(open_only=False, limit=1000, after=after or None)
            for alert in page.alerts:
                yield alert, books.alerts.transitions(alert.id)
            after = page.next


def _line(alert: Alert, move: AlertTransition) -> str:
    times = (to_micros(move.at), to_micros(alert.opened_at))
    return line(alert.rule, str(alert.target), move.move.value, times, (move.evidence.value, move.evidence.limit))


def _as_json(day: NoiseDay) -> Json:
    return {
        **{"device": day.device, "date": day.date, "ld": day.ld, "ln": day.ln},
        **{"day_hours": day.day_hours, "night_hours": day.night_hours, "exceeded_hours": day.exceeded_hours},
    }
