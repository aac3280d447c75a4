"""The page `/system`: the feeds, the ledger that must balance, and the devices that are silent."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.languages import current
from dashboard.live.calls import Json
from dashboard.pages.desk import PageDesk
from dashboard.pages.elements import Children, notice, pairs, panel, table_head
from dashboard.pages.numbers import age, moment, number

FATES = ("stored", "duplicate", "quarantined", "late")
MOST_OFFLINE = 200


class SystemPage:
    """Read from the last picture: it never waits, and says how old it is."""

    def __init__(self, desk: PageDesk) -> None:
        self._desk = desk

    def page(self) -> Any:
        head = html.Div(html.H2(self._desk.words("system.title")), className="page-head")
        return html.Div([head, html.Div(id="system-body")], className="column")

    def body(self) -> Children:
        picture, words = self._desk.link.seen.picture, self._desk.words
        if picture is None:
            return notice(words("engine.away"), cls="problem")
        return [
            panel(words("system.engine"), self._engine(picture)),
            panel(words("system.ledger"), self._ledger(picture["feeds"]), note=words("system.ledger_note")),
            panel(words("system.offline"), self._offline(picture["offline"])),
        ]

    def _engine(self, picture: Json) -> Any:
        words, link = self._desk.words, self._desk.link
        state = words("system.connected") if link.connected else words("system.disconnected")
        return pairs(
            [
                (words("system.link"), state),
                (words("system.age"), age(link.age_s(), current.get())),
                (words("system.city_time"), moment(picture["at"], self._desk.timezone)),
                (words("system.counter"), number(picture["counter"])),
                (words("system.alerts"), number(picture["alerts_total"])),
            ]
        )

    def _ledger(self, feeds: Sequence[Json]) -> Any:
        words = self._desk.words
        if not feeds:
            return notice(words("feeds.none"))
        names = ("feed", "state", "rate", "last", "received", *FATES, "balance", "store")
        numeric = {"rate", "received", *FATES}
        head = html.Tr([table_head(words(f"ledger.{name}"), is_numeric=name in numeric) for name in names])
        table = html.Table([html.Thead(head), html.Tbody([self._feed(feed) for feed in feeds])])
        return html.Div(table, className="scroll")

    def _feed(self, feed: Json) -> Any:
        words = self._desk.words
        connected = words("feeds.connected" if feed["connected"] else "feeds.disconnected")
        counts = [html.Td(number(feed[name]), className="right") for name in ("received", *FATES)]
        imbalance = feed["imbalance"]
        balance = words("feeds.balanced") if imbalance == 0 else f"{words('feeds.imbalance')} {number(imbalance)}"
        store = words("feeds.store_ok") if feed["store_ok"] else words("feeds.store_away")
        return html.Tr(
            [
                html.Th(feed["id"], scope="row"),
                html.Td(connected, className="good" if feed["connected"] else "bad"),
                html.Td(number(feed["per_s"]), className="right"),
                html.Td(moment(feed["last_message"], self._desk.timezone)),
                *counts,
                html.Td(balance, className="good" if imbalance == 0 else "bad"),
                html.Td([store, " ", html.Small(age(feed["store_behind_s"], current.get()))], className=_mark(feed)),
            ]
        )

    def _offline(self, offline: Sequence[str]) -> Any:
        words, field = self._desk.words, current.get().field
        if not offline:
            return notice(words("system.all_online"), cls="calm")
        city = self._desk.link.seen.city or {}
        devices = {device["id"]: device for device in city.get("devices", [])}
        kinds = {kind["code"]: kind[field] for kind in city.get("kinds", [])}
        counts = Counter(devices[identifier]["kind"] for identifier in offline if identifier in devices)
        summary = [html.Li([kinds.get(kind, kind), " ", html.B(str(count))]) for kind, count in counts.most_common()]
        shown = [html.Li(identifier, title=self._name(devices, identifier)) for identifier in offline[:MOST_OFFLINE]]
        hidden = len(offline) - len(shown)
        more = notice(f"{words('system.more')} {hidden}") if hidden else None
        return [html.Ul(summary, className="summary"), html.Ul(shown, className="ids"), more]

    def _name(self, devices: dict[str, Json], identifier: str) -> str:
        device = devices.get(identifier)
        return str(device[current.get().field]) if device else ""


def _mark(feed: Json) -> str:
    return "good" if feed["store_ok"] else "bad"
