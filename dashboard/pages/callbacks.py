"""Ties the pages to Dash: which change draws what anew. Numbers that change every second are drawn by the browser."""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from dashboard.pages.alert import AlertPage
from dashboard.pages.alerts import AlertsPage
from dashboard.pages.desk import PageDesk
from dashboard.pages.elements import Children, notice
from dashboard.pages.shell import NAVIGATION, Shell
from dashboard.pages.system import SystemPage
from dashboard.pages.wall import CHARTS, WallPage


class Pages:
    """All pages of one web process."""

    def __init__(self, *, desk: PageDesk, shell: Shell, tile_url: str | None) -> None:
        self._words = desk.words
        self._shell = shell
        self._wall = WallPage(words=desk.words, link=desk.link, tile_url=tile_url)
        self._alerts = AlertsPage(desk)
        self._alert = AlertPage(desk)
        self._system = SystemPage(desk)

    def add_to(self, app: Dash) -> None:
        self._add_routing(app)
        self._add_wall(app)
        self._add_alerts(app)
        self._add_system(app)

    def _add_routing(self, app: Dash) -> None:
        outputs = [Output(f"nav-{key}", "aria-current") for key, _ in NAVIGATION]

        @app.callback(Output("page", "children"), *outputs, Input("url", "pathname"), Input("url", "search"))
        async def show(pathname: str | None, search: str | None) -> list[Children]:
            path = pathname or "/"
            return [self._page(path, search or ""), *self._shell.navigation_state(path)]

        draw = ClientsideFunction("citybrain", "newsOfAlerts")
        _in_browser(app, draw, Output("alerts-key", "data"), Input("live", "data"), State("alerts-key", "data"))

    def _page(self, path: str, search: str) -> Any:
        match path.strip("/").split("/"):
            case [""]:
                return self._wall.page()
            case ["alerts"]:
                return self._alerts.page(search)
            case ["alerts", _]:
                return self._alert.page()
            case ["system"]:
                return self._system.page()
            case _:
                return notice(self._words("page.unknown"), cls="problem")

    def _add_wall(self, app: Dash) -> None:
        for place in ("tiles", "queue", "lamps", "feeds"):
            draw = ClientsideFunction("citybrain", place)
            _in_browser(app, draw, Output(place, "children"), Input("live", "data"), Input("viewport", "data"))
        pins = ClientsideFunction("citybrain", "pins")
        _in_browser(app, pins, Output("pins-drawn", "data"), Input("live", "data"), Input("map", "figure"))
        news = ClientsideFunction("citybrain", "newsOfTrends")
        known = State("trends-version", "data")
        _in_browser(app, news, Output("trends-version", "data"), Input("live", "data"), known)
        for name in ("map", *(f"chart-{place}" for place in range(CHARTS))):
            raw = "map-raw" if name == "map" else name.replace("chart-", "chart-raw-")
            scale = ClientsideFunction("citybrain", "scaled")
            _in_browser(app, scale, Output(name, "figure"), Input(raw, "data"), Input("viewport", "data"))
        parts = [
            Output(identifier.format(place), prop)
            for place in range(CHARTS)
            for identifier, prop in (
                ("chart-raw-{}", "data"),
                ("chart-title-{}", "children"),
                ("chart-note-{}", "children"),
                ("chart-caption-{}", "children"),
            )
        ]

        @app.callback(*parts, Input("trends-version", "data"))
        async def chart(_version: int | None) -> list[Children]:
            return self._wall.charts()

    def _add_alerts(self, app: Dash) -> None:
        @app.callback(Output("alerts-list", "children"), Input("alerts-key", "data"), State("url", "search"))
        async def rows(_key: str | None, search: str | None) -> Children:
            return await self._alerts.rows(search or "")

        @app.callback(
            Output("alert-head", "children"),
            Output("alert-body", "children"),
            Output("ack-form", "hidden"),
            Output("alert-moves", "data"),
            Input("alerts-key", "data"),
            Input("acknowledged", "data"),
            State("url", "pathname"),
            State("alert-explained", "data"),
        )
        async def content(
            key: str | None, _acknowledged: int | None, pathname: str, explained: str | None
        ) -> tuple[Children, Children, bool, Any]:
            *shown, moves = await self._alert.content(_alert_id(pathname))
            # the key as well, so that an explanation that could not be had is asked for again
            return *shown, no_update if moves == explained else {"moves": moves, "asked": hash(key)}

        @app.callback(
            Output("alert-why", "children"),
            Output("alert-explained", "data"),
            Input("alert-moves", "data"),
            State("url", "pathname"),
            prevent_initial_call=True,
        )
        async def why(wanted: dict[str, Any], pathname: str) -> tuple[Children, str | None]:
            if wanted["moves"] is None:
                return None, None
            said, is_explained = await self._alert.why(_alert_id(pathname))
            return said, wanted["moves"] if is_explained else None

        @app.callback(
            Output("ack-result", "children"),
            Output("acknowledged", "data"),
            Input("ack-button", "n_clicks"),
            State("ack-note", "value"),
            State("url", "pathname"),
            prevent_initial_call=True,
        )
        async def acknowledge(clicks: int | None, note: str | None, pathname: str) -> tuple[Children, Any]:
            if not clicks:
                return no_update, no_update
            said, is_done = await self._alert.acknowledge(_alert_id(pathname), note or "")
            return said, clicks if is_done else no_update

    def _add_system(self, app: Dash) -> None:
        news = ClientsideFunction("citybrain", "newsOfSystem")
        _in_browser(app, news, Output("system-key", "data"), Input("live", "data"))

        @app.callback(Output("system-body", "children"), Input("system-key", "data"))
        async def body(_key: Any) -> Children:
            return self._system.body()


def _in_browser(app: Any, function: ClientsideFunction, *wires: Output | Input | State) -> None:
    """Dash leaves `clientside_callback` without types."""
    app.clientside_callback(function, *wires)


def _alert_id(pathname: str) -> str:
    return pathname.strip("/").partition("/")[2]
