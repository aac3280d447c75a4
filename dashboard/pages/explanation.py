"""Why an alert, below its page: the readings against their limit, the rule's settings, and the story judged again."""

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.languages import current
from dashboard.live.calls import Json
from dashboard.pages.desk import PageDesk
from dashboard.pages.elements import Children, notice, pairs, panel, table_head
from dashboard.pages.numbers import COMPLIANT, age, moment, number, quantity

COLUMNS = ("at", "device", "metric", "value", "limit", "finding", "span")
NUMERIC = frozenset({"value", "limit", "span"})
MOST_ROWS = 120
SETTINGS = ("compare", "limit", "normal", "dead_band", "hold", "clear", "evidence_for", "window", "every", "coverage")
"""What a rule may say of how it judges, in this order; more of it stands in the rules file."""


class ExplanationPanels:
    """Of one alert, as GET /internal/alerts/{id}/explanation tells it."""

    def __init__(self, desk: PageDesk) -> None:
        self._desk = desk

    def below(self, explanation: Json) -> Children:
        words = self._desk.words
        rule, retold = explanation["rule"], explanation["retold"]
        parts = []
        if rule is not None and retold is not None:
            halves = [
                panel(words("explain.again"), self._again(retold)),
                panel(words("explain.rule"), self._rule(rule)),
            ]
            parts.append(html.Div(halves, className="halves"))
        return [
            *parts,
            panel(words("explain.readings"), self._readings(explanation), note=self._left_out(explanation)),
        ]

    def _readings(self, explanation: Json) -> Any:
        words, rows = self._desk.words, _nearest(explanation)
        if not rows:
            return notice(words("explain.no_readings"))
        head = html.Tr([table_head(words(f"reading.{name}"), is_numeric=name in NUMERIC) for name in COLUMNS])
        table = html.Table([html.Thead(head), html.Tbody([self._row(reading) for reading in rows])])
        return html.Div(table, className="scroll readings")

    def _row(self, reading: Json) -> Any:
        finding, metric = reading["finding"] if reading["live"] else "history", reading["metric"]
        limit = None if reading["limit"] is None else self._desk.measured(reading["limit"], metric)
        span = age(reading["span_s"], current.get()) if reading["span_s"] else None
        return html.Tr(
            [
                html.Td(moment(reading["at"], self._desk.timezone)),
                html.Td(reading["device"], className="device"),
                html.Td(self._desk.metric(metric)),
                html.Td(self._desk.measured(reading["value"], metric), className="right"),
                html.Td(limit, className="right", **self._label("limit")),
                html.Td(self._desk.words(f"finding.{finding}") if finding else None),
                html.Td(span, className="right", **self._label("span")),
            ],
            className=f"finding {finding or ''}",
        )

    def _label(self, column: str) -> dict[str, Any]:
        """Where a phone shows no head of the table, the cell says itself what it is."""
        return {"data-label": self._desk.words(f"reading.{column}")}

    def _left_out(self, explanation: Json) -> str:
        rest = explanation["readings_left_out"] + max(0, len(explanation["readings"]) - MOST_ROWS)
        return self._desk.words("explain.left_out").format(count=rest) if rest else ""

    def _again(self, retold: Json) -> Children:
        """What the engine says when it judges the stored readings once more."""
        words, timezone = self._desk.words, self._desk.timezone
        steps = [
            html.Li([html.Time(moment(told["at"], timezone)), html.B(words(f"signal.{told['signal']}"))])
            for told in retold["signals"]
        ]
        if retold["agrees"]:
            said = notice(words("explain.agrees"), cls="calm")
        else:
            said = notice(words("explain.differs").format(count=len(retold["missing"])), cls="caution")
        return [said, html.Ol(steps, className="history", role="list")]

    def _rule(self, rule: Json) -> Any:
        words, settings = self._desk.words, rule["settings"]
        rows = [
            (words(f"setting.{name}"), self._setting(rule, name))
            for name in SETTINGS
            if settings.get(name) not in (None, {}, []) and not (name == "dead_band" and "normal" in settings)
        ]
        return pairs([(words("alert.rule"), rule["id"]), *rows])

    def _setting(self, rule: Json, name: str) -> str:
        value = rule["settings"][name]
        if name == "compare":
            return f"{COMPLIANT[value]} {self._desk.words('setting.limit')}"
        if name == "normal":
            return self._desk.measured(value, rule["settings"].get("metric", ""))
        if name in {"hold", "clear", "window", "every"}:
            return age(value, current.get())
        if isinstance(value, dict):
            return ", ".join(f"{self._key(key)} {inner}" for key, inner in value.items())
        if name in {"limit", "dead_band"} and isinstance(value, int | float):
            return quantity(value, rule["unit"])
        return number(value, most=3) if isinstance(value, int | float) else str(value)

    def _key(self, name: str) -> str:
        key = f"setting_key.{name}"
        return self._desk.words(key) if self._desk.words.has(key) else f"{name}:"


def _nearest(explanation: Json) -> Sequence[Json]:
    """The rows around the moment at which the alert was raised."""
    readings: Sequence[Json] = explanation["readings"]
    told = explanation["alert"]["active_at"] or explanation["alert"]["opened_at"]
    before = sum(1 for reading in readings if reading["at"] <= told)
    first = max(0, min(before - MOST_ROWS * 3 // 4, len(readings) - MOST_ROWS))
    return readings[first : first + MOST_ROWS]
