"""Why an alert, below its page: the readings against their limit, the rule's settings, and the story judged again."""

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.languages import current
from dashboard.live.calls import Json
from dashboard.pages.desk import PageDesk
from dashboard.pages.elements import Children, notice, pairs, panel, table_head
from dashboard.pages.numbers import COMPLIANT, age, moment, number, quantity
from dashboard.story_words import MOVE_OF
from dashboard.verdicts import verdict

COLUMNS = ("at", "received", "device", "metric", "value", "limit", "finding", "span")
NUMERIC = frozenset({"value", "limit", "span"})
LATE_MS = 5_000
"""When all readings came sooner after their time, nobody asks when they came."""
MOST_ROWS = 120
DURATIONS = frozenset({"hold", "clear", "window", "every", "within", "together", "ahead", "behind"})
IN_ITS_UNIT = frozenset({"limit", "dead_band", "band", "tolerance", "target"})
"""Settings that are numbers in the unit of the rule."""
CONDITIONS = {"equals": "=", "at_least": "≥", "at_most": "≤"}
"""What another metric that masks a judgement has to be."""
SETTINGS = (
    *("compare", "limit", "normal", "target", "targets", "missed", "ahead", "behind", "band", "tolerance", "share"),
    *("at_least", "min_known", "direction", "within", "together", "neighbours", "within_km", "spread", "dead_band"),
    *("hold", "clear", "evidence_for", "intervals", "readings", "window", "every", "coverage", "unless", "only_while"),
)
"""What a rule may say of how it judges, in this order; more of it stands in the rules file."""


class ExplanationPanels:
    """Of one alert, as GET /internal/alerts/{id}/explanation tells it."""

    def __init__(self, desk: PageDesk) -> None:
        self._desk = desk

    def below(self, explanation: Json) -> Children:
        words = self._desk.words
        rule, retold = explanation["rule"], explanation["retold"]
        if rule is None or retold is None:
            first = panel(words("explain.again"), notice(words("explain.gone"), cls="caution"))
        else:
            halves = [
                panel(words("explain.again"), self._again(explanation)),
                panel(words("explain.rule"), self._rule(rule)),
            ]
            first = html.Div(halves, className="halves")
        return [
            first,
            panel(words("explain.readings"), self._readings(explanation), note=self._left_out(explanation)),
        ]

    def _readings(self, explanation: Json) -> Any:
        words, rows = self._desk.words, _nearest(explanation)
        if not rows:
            return notice(words("explain.no_readings"))
        is_late = any(abs(reading["received"] - reading["at"]) >= LATE_MS for reading in rows)
        columns = [name for name in COLUMNS if is_late or name != "received"]
        head = html.Tr([table_head(words(f"reading.{name}"), is_numeric=name in NUMERIC) for name in columns])
        table = html.Table([html.Thead(head), html.Tbody([self._row(reading, is_late=is_late) for reading in rows])])
        return html.Div(table, className="scroll readings")

    def _row(self, reading: Json, *, is_late: bool) -> Any:
        metric = reading["metric"]
        came = [html.Td(moment(reading["received"], self._desk.timezone), **self._label("received"))] if is_late else []
        limit = None if reading["limit"] is None else self._desk.measured(reading["limit"], metric)
        span = age(reading["span_s"], current.get()) if reading["span_s"] else None
        return html.Tr(
            [
                html.Td(moment(reading["at"], self._desk.timezone)),
                *came,
                html.Td(reading["device"], className="device"),
                html.Td(self._desk.metric(metric)),
                html.Td(self._desk.measured(reading["value"], metric), className="right"),
                html.Td(limit, className="right", **self._label("limit")),
                html.Td(self._finding(reading)),
                html.Td(span, className="right", **self._label("span")),
            ],
            className=f"finding {reading['finding'] or ''}",
        )

    def _finding(self, reading: Json) -> str:
        """What the reading says, or why it says nothing."""
        words = self._desk.words
        if not reading["live"]:
            return words("finding.history")
        if reading["quality"] != "good":
            return words(f"finding.{reading['quality']}")
        said = [words(f"finding.{reading['finding']}")] if reading["finding"] else []
        return " · ".join([*said, words("finding.overtaken")] if reading["overtaken"] else said)

    def _label(self, column: str) -> dict[str, Any]:
        """Where a phone shows no head of the table, the cell says itself what it is."""
        return {"data-label": self._desk.words(f"reading.{column}")}

    def _left_out(self, explanation: Json) -> str:
        rest = explanation["readings_left_out"] + max(0, len(explanation["readings"]) - MOST_ROWS)
        key = "explain.left_out" if explanation["all_counted"] else "explain.left_out_least"
        return self._desk.words(key).format(count=rest) if rest else ""

    def _again(self, explanation: Json) -> Children:
        """What the engine says when it judges the stored readings once more."""
        kind, comparison = explanation["rule"]["settings"]["kind"], explanation["alert"]["comparison"]
        story, timezone, language = self._desk.story, self._desk.timezone, current.get()
        steps = [
            html.Li(
                [
                    html.Time(moment(told["at"], timezone)),
                    html.B(story.move(MOVE_OF[told["signal"]], language, kind=kind, comparison=comparison)),
                ]
            )
            for told in explanation["retold"]["signals"]
        ]
        return [self._verdict(explanation), html.Ol(steps, className="history", role="list")]

    def _verdict(self, explanation: Json) -> Any:
        retold = explanation["retold"]
        since = moment(retold["watched_from"], self._desk.timezone)
        said = self._desk.words(verdict(explanation))
        said = said.format(at=since, off=number(retold["off_s"], most=3), count=len(retold["missing"]))
        return notice(said, cls="calm" if retold["agrees"] else "caution")

    def _rule(self, rule: Json) -> Any:
        words, settings = self._desk.words, rule["settings"]
        rows = [
            (words(f"setting.{name}"), self._setting(rule, name))
            for name in SETTINGS
            if settings.get(name) not in (None, {}, []) and not (name == "dead_band" and "normal" in settings)
        ]
        return pairs([(words("alert.rule"), rule["id"]), *rows])

    def _setting(self, rule: Json, name: str) -> str:
        value, settings, words = rule["settings"][name], rule["settings"], self._desk.words
        if name == "compare":
            return f"{COMPLIANT[value]} {words('setting.limit')}"
        if name == "normal":
            return self._desk.measured(value, settings.get("metric", ""))
        if isinstance(value, dict):
            return self._members(name, value)
        if not isinstance(value, int | float):
            return words(f"figure_value.{value}") if words.has(f"figure_value.{value}") else str(value)
        if name in DURATIONS or (name == "coverage" and settings["kind"] == "index"):
            return age(value, current.get())
        is_percent = name == "share" and settings["kind"] == "outage"
        unit = "%" if is_percent else rule["unit"] if name in IN_ITS_UNIT else None
        return number(value, most=3) if unit is None else quantity(value, unit)

    def _members(self, name: str, value: Json) -> str:
        """Another metric with its condition; else each key with what stands under it."""
        if name in ("unless", "only_while"):
            return self._guard(value)
        return ", ".join(f"{self._key(key)} {inner}" for key, inner in value.items())

    def _guard(self, guard: Json) -> str:
        words, metric = self._desk.words, guard["metric"]
        met = next(
            f"{sign} {self._desk.measured(guard[key], metric)}" for key, sign in CONDITIONS.items() if key in guard
        )
        lasts = words("guard.lasts").format(span=age(guard["lasts"], current.get())) if "lasts" in guard else ""
        of = words(f"guard.{guard['of']}")
        return f"{self._desk.metric(metric)} {met}{of}{lasts}"

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
