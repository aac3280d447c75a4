"""Rows of a file as series that can be assessed: how long each level lasted, and which end of it the file stamps."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from citybrain.noise.rows import Floats, Ints, NoiseFile, PointRows
from citybrain.noise.stamps import usual_step
from domain.errors import Refused
from domain.instants import MICROS_PER_S
from rules.standards.noise.masking import Foul, Masked, foul_weather, masked
from rules.standards.noise.samples import HOUR_US, Samples, local_offsets
from rules.standards.noise.validity import Validity

_DAY_US = 24 * HOUR_US
_REGULAR = 0.1
"""A step that differs from the usual one, or from a multiple of it, by more than this share is irregular."""


class Stamp(StrEnum):
    """Which end of its interval a row names. HJ 212 stamps the begin, bulletins and docs/wire.md the end."""

    AUTO = "auto"
    BEGIN = "begin"
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOptions:
    """`span_s` of every level, None to take it from the file or from the usual step between two rows."""

    timezone: str
    stamp: Stamp = Stamp.AUTO
    span_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PointSeries:
    """One point. `told_by`: why the stamps are taken for begins or ends. `irregular`: steps unlike the usual one."""

    point: str
    masked: Masked
    span_s: float
    stamp: Stamp
    told_by: str
    gaps: int
    irregular: int


def series_of(file: NoiseFile, options: SeriesOptions, validity: Validity) -> list[PointSeries]:
    """Every point with its masks. Raises Refused when a point has one row only and nothing says how long it lasted."""
    return [
        _series(point, file.weather.get(point.point, ()), file.stamps, options, validity)
        for point in file.points
        if len(point.stamp)
    ]


def _series(
    rows: PointRows, weather: tuple[PointRows, ...], said: str | None, options: SeriesOptions, validity: Validity
) -> PointSeries:
    usual = usual_step(rows.stamp)
    span = _spans(rows, usual, options)
    stamp, told_by = _meaning(rows.stamp, float(np.median(span)), said, options)
    ends = rows.stamp + (_micros(span) if stamp is Stamp.BEGIN else 0)
    order = np.argsort(ends, kind="stable")
    samples = Samples(at=ends[order], span=span[order], level=rows.level[order], peak=rows.peak[order])
    foul = foul_weather(ends, span, wind=rows.wind, rain=rows.rain, words=rows.foul, validity=validity)
    gaps, irregular = _unevenness(samples.at, usual)
    return PointSeries(
        point=rows.point,
        masked=masked(
            samples,
            validity,
            flagged=rows.flagged[order],
            foul=(*foul, *(part for other in weather for part in _weather(other, span, validity))),
        ),
        span_s=float(np.median(span)),
        stamp=stamp,
        told_by=told_by,
        gaps=gaps,
        irregular=irregular,
    )


def _spans(rows: PointRows, usual: float | None, options: SeriesOptions) -> Floats:
    chosen = options.span_s if options.span_s is not None else usual
    said = np.where(rows.span > 0, rows.span, np.nan)
    if options.span_s is not None:
        return np.full(len(said), options.span_s)
    if chosen is None and np.isnan(said).any():
        name = f"point {rows.point}" if rows.point else "the file"
        raise Refused(f"{name} has one time only, so nobody knows how long a level lasted; give --span 60s")
    return np.where(np.isnan(said), np.nan if chosen is None else chosen, said)


def _meaning(stamps: Ints, span_s: float, said: str | None, options: SeriesOptions) -> tuple[Stamp, str]:
    """Begin or end, and why. A file from 00:00 to 23:59 names begins, one from 00:01 to 24:00 ends."""
    if options.stamp is not Stamp.AUTO:
        return options.stamp, "option"
    if said is not None:
        return Stamp(said), "header"
    edges = np.array([stamps.min(), stamps.max()], dtype=np.int64)
    first, last = (edges + local_offsets(edges, options.timezone)).tolist()
    step = round(span_s * MICROS_PER_S)
    for size, name in ((_DAY_US, "whole days"), (HOUR_US, "whole hours")):
        begins = (first % size == 0) + ((last + step) % size == 0)
        ends = ((first - step) % size == 0) + (last % size == 0)
        if begins != ends:
            return (Stamp.BEGIN if begins > ends else Stamp.END), name
    return Stamp.END, "assumed"


def _weather(rows: PointRows, spans: Floats, validity: Validity) -> tuple[Foul, ...]:
    """Readings of their own times: each speaks for its span, or for as long as a level lasts."""
    if not len(rows.stamp):
        return ()
    span = np.where(rows.span > 0, rows.span, usual_step(rows.stamp) or float(np.median(spans)))
    return foul_weather(rows.stamp, span, wind=rows.wind, rain=rows.rain, words=rows.foul, validity=validity)


def _unevenness(at: Ints, usual: float | None) -> tuple[int, int]:
    """Of ordered times: how many gaps, and how many steps that are neither the usual one nor a multiple of it."""
    if usual is None:
        return 0, 0
    apart = np.diff(at)
    steps = apart[apart > 0].astype(np.float64) / (usual * MICROS_PER_S)
    off = np.abs(steps - np.maximum(np.rint(steps), 1.0))
    return int((steps > 1 + _REGULAR).sum()), int((off > _REGULAR).sum())


def _micros(seconds: Floats) -> Ints:
    return np.round(seconds * MICROS_PER_S).astype(np.int64)
