"""A course over the last hours against its limit: dashed steps, shaded where exceeded, the current value at its end."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.figures.exceedance import Limit, Point, exceedances, limit_at
from dashboard.figures.palette import EXCEEDED, FONT, GRID, LIMIT, LINE, MUTED, NOTHING, PANEL, TEXT, YELLOW

Json = dict[str, Any]

GAP_BUCKETS = 1.5
"""Points farther apart than this are not joined: nothing was measured between them."""
ROOM_FOR_VALUE = 0.09
"""Share of the time axis kept free on the right for the current value."""
HOUR_MS = 3_600_000


def trend_figure(trend: Json, *, timezone: ZoneInfo, colour: str, limit_name: str) -> Json:
    """The figure as JSON, in pixels of a 1920 wide wall. `trend` must have points."""
    points: list[Point] = [(at, value) for at, value in trend["points"]]
    limits: list[Limit] = [(start, end, value) for start, end, value in trend["limits"]]
    start, end = points[0][0], points[-1][0]
    local = _LocalTimes(timezone)
    traces = [
        _area(exceedances(points, limits), local),
        _limit_line(limits, local, limit_name=limit_name, span=(start, end)),
        _course(points, local, colour=colour, gap_ms=GAP_BUCKETS * trend["bucket_s"] * 1000, unit=trend["unit"]),
        _last_point(points[-1], local, colour=colour),
    ]
    limit_now = limit_at(limits, end)
    is_over = limit_now is not None and points[-1][1] > limit_now
    right = end + (end - start or HOUR_MS) * ROOM_FOR_VALUE / (1 - ROOM_FOR_VALUE)
    layout = _layout(span=[local(start), local(right)], values=_value_range(points, limits, start))
    layout["annotations"] = [
        _value_label(points[-1], local, colour=YELLOW if is_over else TEXT),
        *_limit_labels(limits, local, span=(start, end)),
    ]
    return {"data": traces, "layout": layout}


class _LocalTimes:
    """Milliseconds as the city's wall time; Plotly knows no zones."""

    def __init__(self, timezone: ZoneInfo) -> None:
        self._timezone = timezone

    def __call__(self, at: float) -> str:
        return datetime.fromtimestamp(at / 1000, self._timezone).strftime("%Y-%m-%d %H:%M:%S")


def _area(areas: Sequence[Sequence[Point]], local: _LocalTimes) -> Json:
    outline = [point for area in areas for point in (*[(local(t), v) for t, v in area], (None, None))]
    return {
        **_line([t for t, _ in outline], [v for _, v in outline]),
        "line": {"width": 0, "color": NOTHING},
        "fill": "toself",
        "fillcolor": EXCEEDED,
        "hoverinfo": "skip",
    }


def _limit_line(limits: Sequence[Limit], local: _LocalTimes, *, limit_name: str, span: tuple[float, float]) -> Json:
    steps = [(t, value) for start, end, value in _visible(limits, span) for t in (start, end)]
    return {
        **_line([local(t) for t, _ in steps], [v for _, v in steps]),
        "line": {"color": LIMIT, "width": 1.6, "dash": "6px,5px"},
        "name": limit_name,
        "hovertemplate": f"{limit_name} %{{y}}<extra></extra>",
    }


def _course(points: Sequence[Point], local: _LocalTimes, *, colour: str, gap_ms: float, unit: str) -> Json:
    joined = list(_broken_at_gaps(points, gap_ms))
    return {
        **_line([local(t) for t, _ in joined], [v for _, v in joined]),
        "line": {"color": colour, "width": 2.8},
        "hovertemplate": f"<b>%{{y:.1f}}</b> {unit}<extra></extra>",
    }


def _broken_at_gaps(points: Sequence[Point], gap_ms: float) -> Iterator[tuple[float, float | None]]:
    yield points[0]
    for (before, _), (at, value) in pairwise(points):
        if at - before > gap_ms:
            yield (before + at) / 2, None
        yield at, value


def _last_point(point: Point, local: _LocalTimes, *, colour: str) -> Json:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [local(point[0])],
        "y": [point[1]],
        "marker": {"size": 10, "color": colour, "line": {"color": PANEL, "width": 2}},
        "hoverinfo": "skip",
    }


def _line(x: Sequence[str | None], y: Sequence[float | None]) -> Json:
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "connectgaps": False}


def _value_label(point: Point, local: _LocalTimes, *, colour: str) -> Json:
    return {
        **{"x": local(point[0]), "y": point[1], "text": f"<b>{point[1]:.0f}</b>", "showarrow": False},
        **{"xanchor": "left", "xshift": 9, "font": {"size": 24, "color": colour}},
    }


def _limit_labels(limits: Sequence[Limit], local: _LocalTimes, *, span: tuple[float, float]) -> list[Json]:
    """The number once on each step that is wide enough to carry it, at the step's start."""
    wide = [step for step in _visible(limits, span) if step[1] - step[0] >= (span[1] - span[0]) / 8]
    return [
        {
            **{"x": local(start), "y": value, "text": f"{value:g}", "showarrow": False, "xanchor": "left"},
            **{"yanchor": "bottom", "xshift": 4, "font": {"size": 15, "color": TEXT}},
        }
        for start, _, value in wide
    ]


def _visible(limits: Sequence[Limit], span: tuple[float, float]) -> list[Limit]:
    """The limits cut to the span of the points."""
    cut = [(max(start, span[0]), min(end, span[1]), value) for start, end, value in limits]
    return [(start, end, value) for start, end, value in cut if start < end]


def _value_range(points: Sequence[Point], limits: Sequence[Limit], start: float) -> list[float]:
    values = [value for _, value in points] + [value for _, end, value in limits if end > start]
    low, high = min(values), max(values)
    room = max((high - low) * 0.18, 2.0)
    return [max(0.0, low - room), high + room]


def _layout(*, span: list[str], values: list[float]) -> Json:
    ticks = {"ticks": "outside", "tickcolor": LINE, "ticklen": 4, "zeroline": False, "tickfont": {"size": 15}}
    return {
        "paper_bgcolor": NOTHING,
        "plot_bgcolor": NOTHING,
        "font": {"family": FONT, "color": MUTED, "size": 15},
        "margin": {"l": 44, "r": 10, "t": 6, "b": 28},
        "showlegend": False,
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "#1A2530", "bordercolor": LINE, "font": {"color": TEXT, "size": 15}},
        "xaxis": {**ticks, "type": "date", "range": span, "tickformat": "%H:%M", "nticks": 8, "gridcolor": NOTHING},
        "yaxis": {**ticks, "range": values, "nticks": 5, "gridcolor": GRID, "ticklen": 0},
    }
