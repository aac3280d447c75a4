"""The wall: an empty frame that the scripts fill from the stream, the map, and the two charts."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from dash import dcc, html

from dashboard.figures.map_figure import map_figure
from dashboard.figures.palette import SERIES, kind_colours
from dashboard.figures.trend_figure import trend_figure
from dashboard.languages import current
from dashboard.live.calls import Json
from dashboard.live.link import EngineLink
from dashboard.pages.elements import SEVERITIES, Children, panel
from dashboard.words import Words

CHARTS = 2
"""Places for charts on the wall; the engine's first trends take them."""
BLANK = {
    "data": [],
    "layout": {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
    },
}


class WallPage:
    """The page `/`."""

    def __init__(self, *, words: Words, link: EngineLink, tile_url: str | None) -> None:
        self._words = words
        self._link = link
        self._tile_url = tile_url

    def page(self) -> Any:
        words = self._words
        goal = html.Span(words("lamps.target"), className="goal-key")
        return html.Div(
            [
                html.Div(id="tiles", className="tiles"),
                panel(words("queue.title"), html.Div(id="queue"), note=words("queue.order"), cls="queue"),
                panel(words("map.title"), self._map(), cls="map", tools=self._legend()),
                *(self._chart(place) for place in range(CHARTS)),
                panel(words("lamps.title"), html.Div(id="lamps"), note=words("lamps.order"), cls="lamps", tools=goal),
                panel(words("feeds.title"), html.Div(id="feeds"), note=html.Span(id="feeds-note"), cls="feeds"),
            ],
            className="wall",
        )

    def charts(self) -> list[Children]:
        """For each place: the figure (None without points), title, note and caption."""
        field, timezone = current.get().field, self._timezone()
        parts: list[Children] = []
        for place in range(CHARTS):
            trend = self._link.seen.trends[place] if place < len(self._link.seen.trends) else None
            parts.extend(self._chart_parts(trend, field, timezone, colour=SERIES[place]))
        return parts

    def _chart_parts(self, trend: Json | None, field: str, timezone: ZoneInfo, *, colour: str) -> Sequence[Children]:
        if trend is None:
            return None, self._words("chart.waiting"), "", self._words("chart.no_points")
        figure = None
        if trend["points"]:
            figure = trend_figure(trend, timezone=timezone, colour=colour, limit_name=self._words("chart.limit"))
        note = f"{trend['unit']} · {trend[f'scope_{field}']}"
        caption = trend[f"limit_{field}"] if figure else self._words("chart.no_points")
        return figure, trend[field], note, caption

    def _chart(self, place: int) -> Any:
        title, note = html.Span(id=f"chart-title-{place}"), html.Span(id=f"chart-note-{place}")
        body = [dcc.Store(id=f"chart-raw-{place}"), _graph(f"chart-{place}"), html.P(id=f"chart-caption-{place}")]
        return panel(title, body, note=note, cls="chart")

    def _map(self) -> Sequence[Any]:
        city = self._link.seen.city
        figure = map_figure(city, field=current.get().field, tile_url=self._tile_url) if city else None
        return [
            dcc.Store(id="pins-drawn"),
            dcc.Store(id="map-raw", data=figure),
            _graph("map", zoom=True),
            html.Div(id="pins"),
        ]

    def _legend(self) -> Any:
        field = current.get().field
        kinds = (self._link.seen.city or {}).get("kinds", [])
        present = {device["kind"] for device in (self._link.seen.city or {}).get("devices", [])}
        colours = kind_colours([kind["code"] for kind in kinds])
        entries = [
            _entry(html.I(style={"background": colours[kind["code"]]}), kind[field])
            for kind in kinds
            if kind["code"] in present
        ]
        entries.append(_entry(html.I(className="offline"), self._words("map.offline")))
        entries.extend(
            _entry(html.I(className=f"ring {severity}"), self._words(f"severity.{severity}")) for severity in SEVERITIES
        )
        return html.Ul(entries, className="legend")

    def _timezone(self) -> ZoneInfo:
        return ZoneInfo((self._link.seen.city or {}).get("timezone", "UTC"))


def _entry(mark: Any, name: str) -> Any:
    return html.Li([mark, name])


def _graph(identifier: str, *, zoom: bool = False) -> Any:
    config: Any = {
        "displayModeBar": False,
        "locale": current.get().value,
        "doubleClick": "reset",
        "scrollZoom": zoom,
        "showTips": False,
    }
    graph = dcc.Graph(id=identifier, figure=BLANK, responsive=True, config=config, className="graph")
    return html.Div(graph, className="plot")
