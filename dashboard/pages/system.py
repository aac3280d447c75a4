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
BEHIND_TOLD_AFTER_S = 5.0
"""A store that lags less is fine, here as on the wall."""


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
        names = ("feed", "state", "rate", "last", "received", *FATES, "balance", "missing", "store")
        numeric = {"rate", "received", *FATES, "missing"}
        head = html.Tr([table_head(words(f"ledger.{name}"), is_numeric=name in numeric) for name in names])
        table = html.Table([html.Thead(head), html.Tbody([self._feed(feed) for feed in feeds])])
        return html.Div(table, className="scroll ledger")

    def _feed(self, feed: Json) -> Any:
        words = self._desk.words
        connected = words("feeds.connected" if feed["connected"] else "feeds.disconnected")
        counts = [html.Td(number(feed[name]), className="right", **self._label(name)) for name in ("received", *FATES)]
        imbalance = feed["imbalance"]
        balance = words("feeds.balanced") if imbalance == 0 else f"{words('feeds.imbalance')} {number(imbalance)}"
        store = self._store(feed)
        return html.Tr(
            [
                html.Th(feed["id"], scope="row"),
                html.Td(connected, className="good" if feed["connected"] else "bad", **self._label("state")),
                html.Td(number(feed["per_s"]), className="right", **self._label("rate")),
                html.Td(moment(feed["last_message"], self._desk.timezone), **self._label("last")),
                *counts,
                html.Td(balance, className="good" if imbalance == 0 else "bad", **self._label("balance")),
                html.Td(number(feed["missing"]), className="right", **self._label("missing")),
                html.Td(store, className="good" if feed["store_ok"] else "bad", **self._label("store")),
            ]
        )

    def _label(self, column: str) -> dict[str, Any]:
        """Where a phone shows no head of the table, the cell says itself what it is."""
        return {"data-label": self._desk.words(f"ledger.{column}")}

    def _store(self, feed: Json) -> str:
        words, behind_s = self._desk.words, feed["store_behind_s"]
        if not feed["store_ok"]:
            return words("feeds.store_away")
        if behind_s is not None and behind_s > BEHIND_TOLD_AFTER_S:
            return words("feeds.store_behind").format(age=age(behind_s, current.get()))
        return words("feeds.store_ok")

    def _offline(self, offline: Sequence[str]) -> Any:
        words, field = self._desk.words, current.get().field
        city = self._desk.link.seen.city or {}
        devices = {device["id"]: device for device in city.get("devices", [])}
        if not devices:
            return notice(words("system.no_devices"))
        if not offline:
            return notice(words("system.all_online"), cls="calm")
        kinds = {kind["code"]: kind[field] for kind in city.get("kinds", [])}
        counts = Counter(devices[identifier]["kind"] for identifier in offline if identifier in devices)
        summary = [html.Li([kinds.get(kind, kind), " ", html.B(str(count))]) for kind, count in counts.most_common()]
        shown = [html.Li([html.B(one), " ", self._name(devices, one)]) for one in offline[:MOST_OFFLINE]]
        hidden = len(offline) - len(shown)
        more = notice(f"{words('system.more')} {hidden}") if hidden else None
        return [html.Ul(summary, className="summary"), html.Ul(shown, className="ids"), more]

    def _name(self, devices: dict[str, Json], identifier: str) -> str:
        device = devices.get(identifier)
        return str(device[current.get().field]) if device else ""
