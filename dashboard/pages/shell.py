"""What surrounds every page: title, navigation, freshness, the city's clock, language, the visitor."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from dashboard.access.roles import visitor
from dashboard.languages import current
from dashboard.live.link import EngineLink
from dashboard.pages.elements import Children, aria
from dashboard.words import Words

NAVIGATION = (("wall", "/"), ("alerts", "/alerts"), ("system", "/system"))

STORES = ("live", "alerts-key", "system-key", "trends-version", "viewport")
"""What travels between stream, scripts and pages: the last frame, and keys that change when a page must read anew."""


class Shell:
    """The layout of every page, in the language and for the visitor of the request."""

    def __init__(self, *, words: Words, link: EngineLink) -> None:
        self._words = words
        self._link = link

    def city_name(self) -> str:
        city = self._link.seen.city
        return city[current.get().field] if city else self._words("city.unknown")

    def layout(self) -> Any:
        language = current.get()
        return html.Div(
            [
                html.A(self._words("app.skip"), href="#page", className="skip"),
                html.Header([self._brand(), self._navigation(), self._status()], className="top"),
                html.Div(id="banner", role="status", hidden=True, **aria(live="polite")),
                html.Main(id="page"),
                dcc.Location(id="url", refresh=False),
                *(dcc.Store(id=name) for name in STORES),
            ],
            className=f"shell {language.field}",
        )

    def navigation_state(self, pathname: str) -> list[str | None]:
        """For each entry of NAVIGATION whether it is the page that is shown, as `aria-current` says it."""
        first = "/" + pathname.strip("/").partition("/")[0]
        return ["page" if href == first else None for _, href in NAVIGATION]

    def _brand(self) -> Any:
        title = [html.H1(self._words("app.title")), html.P(self.city_name(), className="city")]
        return html.Div([html.Span(className="mark"), html.Div(title)], className="brand")

    def _navigation(self) -> Any:
        links = [html.A(self._words(f"nav.{key}"), href=href, id=f"nav-{key}") for key, href in NAVIGATION]
        return html.Nav(links, **aria(label=self._words("nav.label")))

    def _status(self) -> Any:
        words, other = self._words, current.get().other
        freshness: Sequence[Children] = [
            html.Span(className="dot", id="dot"),
            html.Span(words("fresh.waiting"), id="freshness"),
            html.Span(id="age"),
        ]
        clock = html.Div([html.Time(id="clock"), html.Span(id="date")], className="clock")
        language = html.A(words("app.other_language"), href=f"?lang={other}", lang=str(other), className="button")
        pieces = [self._demo(), html.Div(freshness, className="fresh"), clock, language, self._visitor()]
        return html.Div(pieces, className="status")

    def _demo(self) -> Any:
        demo = self._link.seen.city and self._link.seen.city.get("demo")
        if not demo:
            return None
        label = [html.B(self._words("demo.time")), html.Span(demo[current.get().field])]
        return html.Div(label, className="demo", title=self._words("demo.explained"))

    def _visitor(self) -> Any:
        someone = visitor.get()
        if someone is None:
            return None
        out = html.Button(self._words("app.logout"), type="submit", className="quiet")
        who = html.Span([html.B(someone.name), html.Small(self._words(f"role.{someone.role}"))], className="who")
        return html.Form([who, out], method="post", action="/logout", className="visitor")
