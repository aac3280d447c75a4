"""A file of noise, read and assessed point by point."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from citybrain.noise.cells import TableOptions
from citybrain.noise.columns import Role
from citybrain.noise.list_file import list_of_readings, read_list
from citybrain.noise.readings_file import read_readings
from citybrain.noise.rows import NoiseFile
from citybrain.noise.series import PointSeries, SeriesOptions, series_of
from citybrain.noise.table_file import read_table
from domain.errors import Refused
from domain.places import NoiseZone
from rules.standards.noise.ambient import Assessment, assess
from rules.standards.noise.background import load_corrections
from rules.standards.noise.sources import FREQUENT, Measurement, SourceMethod, measurements
from rules.standards.noise.standards import OUTDOOR, SHIPPED_STANDARDS, Kind, Limits, NoiseStandard, load_standard
from rules.standards.noise.validity import Validity

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessOptions:
    """What to hold a file against. `zones` by point; `zone` for all others."""

    kind: Kind = Kind.AMBIENT
    zone: NoiseZone = NoiseZone.TWO
    zones: Mapping[str, NoiseZone] = field(default_factory=dict)
    place: str = OUTDOOR
    validity: Validity
    series: SeriesOptions
    time_format: str | None = None
    columns: Mapping[Role, str] = field(default_factory=dict)
    background: float | None = None
    peaks: str = FREQUENT


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AssessedPoint:
    """`measurements` are those of a source; the ambient has none."""

    series: PointSeries
    zone: NoiseZone
    assessment: Assessment
    measurements: tuple[Measurement, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AssessedFile:
    path: Path
    file: NoiseFile
    standard: NoiseStandard
    options: AssessOptions
    points: tuple[AssessedPoint, ...]


def assess_file(path: Path, options: AssessOptions, told: Told) -> AssessedFile:
    """Raises Refused when the file holds no level, or the standard no limits for the zone and place that are asked."""
    standard = load_standard(SHIPPED_STANDARDS[options.kind])
    file = _read(path, options, told)
    unknown = sorted(options.zones.keys() - {point.point for point in file.points})
    if unknown:
        known = ", ".join(point.point or "one without a name" for point in file.points)
        raise Refused(f"the file has no point {', '.join(unknown)}; it has {known}")
    points = [_assessed(series, standard, options) for series in series_of(file, options.series, options.validity)]
    if not points:
        reasons = "; ".join(f"{why} ({len(lines)})" for why, lines in file.unread.lines.items())
        raise Refused(f"{path} holds no level that can be used{f': {reasons}' if reasons else ''}")
    return AssessedFile(path=path, file=file, standard=standard, options=options, points=tuple(points))


def _read(path: Path, options: AssessOptions, told: Told) -> NoiseFile:
    try:
        with path.open("rb") as file:
            head = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as exc:
        raise Refused(f"{path} cannot be read: {exc.strerror}") from exc
    if head.startswith(b"{"):
        return read_readings(path, told)
    if not options.columns and (found := list_of_readings(path)) is not None:
        return read_list(path, found, timezone=options.series.timezone, validity=options.validity, told=told)
    table = TableOptions(timezone=options.series.timezone, time_format=options.time_format, columns=options.columns)
    return read_table(path, table, options.validity, told)


def _assessed(series: PointSeries, standard: NoiseStandard, options: AssessOptions) -> AssessedPoint:
    zone, timezone = options.zones.get(series.point, options.zone), options.series.timezone
    limits = Limits(standard, zone=zone, place=options.place, timezone=timezone)
    found: list[Measurement] = []
    if options.kind is not Kind.AMBIENT:
        method = SourceMethod(
            timezone=timezone,
            validity=options.validity,
            corrections=load_corrections(),
            background=options.background,
            peaks=options.peaks,
        )
        found = measurements(series.masked, limits, method)
    return AssessedPoint(
        series=series,
        zone=zone,
        assessment=assess(series.masked, limits, timezone=timezone, validity=options.validity),
        measurements=tuple(found),
    )
