"""The page `/alerts`: the queue with its history, page by page."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode

from dash import html

from dashboard.languages import current
from dashboard.live.calls import Json
from dashboard.pages.desk import PageDesk
from dashboard.pages.elements import Children, aria, chip, notice
from dashboard.pages.numbers import against_limit, device_of, duration, moment

PAGE_LENGTH = 30
FILTERS = ("open", "all")


class AlertsPage:
    """`?state=open|all&after=CURSOR`; without a cursor the page renews itself."""

    def __init__(self, desk: PageDesk) -> None:
        self._desk = desk

    def page(self, search: str) -> Any:
        words = self._desk.words
        state, _ = read_search(search)
        tabs = [
            html.A(words(f"alerts.{name}"), href=f"/alerts?state={name}", **_current(name == state)) for name in FILTERS
        ]
        head = html.Div([html.H2(words("alerts.title")), html.Nav(tabs, className="tabs")], className="page-head")
        return html.Div([head, html.Div(id="alerts-list", className="sheet")], className="column")

    async def rows(self, search: str) -> Children:
        """The content of the list."""
        return await self._desk.or_notice(lambda: self._rows(search))

    async def _rows(self, search: str) -> Children:
        state, after = read_search(search)
        answer = await self._desk.link.alerts(state=state, limit=PAGE_LENGTH, after=after)
        if not answer["alerts"]:
            return notice(self._desk.words("alerts.none_open" if state == "open" else "alerts.none"), cls="calm")
        rows = [html.Li(self._row(alert)) for alert in answer["alerts"]]
        listed = html.Ol(rows, className="alert-list", role="list")
        return [listed, self._pager(state, after, answer["next"])] if after or answer["next"] else listed

    def _row(self, alert: Json) -> Any:
        desk = self._desk
        value, bound = against_limit(alert, limit_word=desk.words("alert.limit"))
        facts: Sequence[Children] = [
            html.B(value) if value else None,
            html.Span(bound) if bound else None,
            html.Span(desk.own(alert, "place")),
            html.Span(device_of(alert["target"]), className="device"),
        ]
        times = [html.B(moment(alert["opened_at"], desk.timezone)[5:16]), html.Span(self._lasted(alert))]
        return html.A(
            [
                chip(alert["severity"], desk.words(f"severity.{alert['severity']}")),
                html.Span([html.Strong(desk.own(alert, "title")), html.Span(facts, className="facts")]),
                html.Span([html.Span(times, className="times"), self._state(alert)], className="end"),
            ],
            href=f"/alerts/{alert['id']}",
            className=f"alert {alert['severity']} {alert['state']}",
        )

    def _state(self, alert: Json) -> Any:
        return html.Span(self._desk.state(alert), className=f"state {alert['state']}")

    def _lasted(self, alert: Json) -> str:
        end = alert["closed_at"] or alert["returned_at"] or self._desk.now
        return duration(end - alert["opened_at"], current.get()) if end else ""

    def _pager(self, state: str, after: str | None, next_: str | None) -> Any:
        words = self._desk.words
        newest = html.A(words("alerts.newest"), href=f"/alerts?state={state}") if after else html.Span()
        query = urlencode({"state": state, "after": next_}) if next_ else ""
        older = html.A(words("alerts.older"), href=f"/alerts?{query}", rel="next") if next_ else html.Span()
        return html.Nav([newest, older], className="pager")


def read_search(search: str | None) -> tuple[str, str | None]:
    """The filter and the cursor of the page's address; an unknown filter means open."""
    query = parse_qs((search or "").lstrip("?"))
    state = query.get("state", ["open"])[0]
    return (state if state in FILTERS else "open"), query.get("after", [None])[0]


def _current(is_current: bool) -> dict[str, Any]:
    return aria(current="page") if is_current else {}
