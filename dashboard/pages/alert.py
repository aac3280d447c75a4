"""The page `/alerts/{id}`: one alert with the numbers behind it, its history, and the button that acknowledges it."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from dashboard.access.roles import Role, may, visitor
from dashboard.languages import current
from dashboard.live.calls import EngineRefused, Json
from dashboard.pages.desk import PageDesk
from dashboard.pages.elements import Children, chip, notice, pairs, panel
from dashboard.pages.explanation import ExplanationPanels
from dashboard.pages.numbers import (
    COMPLIANT,
    VIOLATED,
    age,
    device_of,
    duration,
    in_city_time,
    moment,
    number,
    quantity,
)
from domain.errors import Temporary

UNACKNOWLEDGED = frozenset({"active", "returned"})
MOST_NOTE = 200


class AlertPage:
    """Reads afresh whenever the alert changes; what is being typed stays."""

    def __init__(self, desk: PageDesk) -> None:
        self._desk = desk
        self._explanation = ExplanationPanels(desk)

    def page(self) -> Any:
        words = self._desk.words
        back = html.A(words("alert.back"), href="/alerts", className="back")
        parts = [html.Div(id="alert-head"), self._acknowledgement(), html.Div(id="alert-body")]
        why = html.Div(id="alert-why", className="explanation")
        stores = [dcc.Store(id=name) for name in ("acknowledged", "alert-moves", "alert-explained")]
        return html.Div([back, *parts, why, *stores], className="column")

    async def content(self, alert_id: str) -> tuple[Children, Children, bool, str | None]:
        """The headline, what stands below it, whether the acknowledgement is to be hidden, and what the alert's
        explanation goes by: it is asked for again when the alert itself has moved.
        """
        found: Json = {}

        async def make() -> Children:
            found.update(await self._desk.link.alert(alert_id))
            return self._headline(found["alert"])

        head = await self._desk.or_notice(make)
        if not found:
            return head, None, True, None
        moves = f"{alert_id} {len(found['transitions'])}"
        return head, self._below(found), found["alert"]["state"] not in UNACKNOWLEDGED, moves

    async def why(self, alert_id: str) -> tuple[Children, bool]:
        """The explanation, or why there is none for now, and whether it is one."""
        found: Json = {}

        async def make() -> Children:
            found.update(await self._desk.link.explanation(alert_id))
            return self._explanation.below(found)

        said = await self._desk.or_notice(make)
        return said, bool(found)

    async def acknowledge(self, alert_id: str, note: str) -> tuple[Children, bool]:
        """Carry the visitor's wish to the engine: what to say about it, and whether it was done."""
        words, someone = self._desk.words, visitor.get()
        if someone is None or not may(Role.OPERATOR):
            return notice(words("ack.not_allowed"), cls="problem"), False
        try:
            await self._desk.link.acknowledge(alert_id, actor=someone.name, note=note.strip()[:MOST_NOTE])
        except Temporary:
            return notice(words("ack.engine_away"), cls="problem"), False
        except EngineRefused as exc:
            return notice([html.B(words("ack.refused")), self._desk.refusal(exc)], cls="problem"), False
        return notice(words("ack.done"), cls="calm"), True

    def _acknowledgement(self) -> Any:
        """Present for those who may, hidden until there is something to acknowledge."""
        words = self._desk.words
        form = [
            html.Label(words("ack.note"), htmlFor="ack-note"),
            dcc.Input(id="ack-note", type="text", maxLength=MOST_NOTE, value="", autoComplete="off"),
            html.Button(words("ack.button"), id="ack-button", className="primary"),
        ]
        inside = html.Div(form if may(Role.OPERATOR) else [], id="ack-form", hidden=True, className="acknowledge")
        return html.Div([inside, html.Div(id="ack-result", role="status")])

    def _below(self, found: Json) -> Children:
        alert, words = found["alert"], self._desk.words
        return html.Div(
            [
                panel(words("alert.evidence"), self._evidence(alert, found["evidence"])),
                panel(words("alert.history"), self._history(alert, found["transitions"])),
            ],
            className="halves",
        )

    def _headline(self, alert: Json) -> Any:
        desk = self._desk
        title = html.H2(desk.own(alert, "title"))
        where = html.P([desk.own(alert, "place"), html.Span(device_of(alert["target"]), className="device")])
        state = html.P(desk.state(alert), className=f"state {alert['state']}")
        colour = chip(alert["severity"], desk.words(f"severity.{alert['severity']}"))
        return html.Div([colour, html.Div([title, where]), state], className="headline")

    def _evidence(self, alert: Json, evidence: Json) -> Any:
        desk, words = self._desk, self._desk.words
        end = alert["closed_at"] or alert["returned_at"] or desk.now
        lasted = duration(end - alert["opened_at"], current.get()) if end else ""
        rows: Sequence[tuple[Children, Children]] = [
            *self._judged(evidence),
            (words("alert.clause"), desk.own(evidence, "clause")),
            *self._figures(evidence.get("figures", {})),
            (words("alert.opened"), moment(alert["opened_at"], desk.timezone)),
            (words("alert.lasted"), lasted),
            (words("alert.rule"), alert["rule"]),
        ]
        return pairs(rows)

    def _judged(self, evidence: Json) -> Sequence[tuple[Children, Children]]:
        """What was measured, what is required, and the comparison as numbers: 57.3 > 50. A state goes by its word."""
        words, value, limit, sign = self._desk.words, evidence["value"], evidence["limit"], evidence["comparison"]
        if sign == "=" and evidence["readings"]:
            metric = evidence["readings"][0]["metric"]
            is_, required = self._desk.measured(value, metric), self._desk.measured(limit, metric)
            return [(words("alert.value"), is_), (words("alert.required"), required)]
        bound = "" if limit is None else f"{COMPLIANT[sign]} {quantity(limit, evidence['unit'])}"
        is_known = value is not None and limit is not None
        why = f"{number(value, most=2)} {VIOLATED[sign]} {number(limit, most=2)}" if is_known else ""
        return [
            (words("alert.value"), quantity(value, evidence["unit"])),
            (words("alert.required"), bound),
            (words("alert.why"), why),
        ]

    def _figures(self, figures: Json) -> list[tuple[Children, Children]]:
        """The rule's further numbers; one that we have no word for goes by the name that the rule gave it."""
        story, language = self._desk.story, current.get()
        return [(story.figure(name, language), self._figure(name, value)) for name, value in sorted(figures.items())]

    def _figure(self, name: str, value: float | str) -> str:
        if isinstance(value, str):
            return in_city_time(self._desk.story.text(name, value, current.get()), self._desk.timezone)
        if name.endswith("_s"):
            return age(value, current.get())
        return self._desk.measured(value, name) if self._desk.knows(name) else number(value, most=2)

    def _history(self, alert: Json, transitions: Sequence[Json]) -> Any:
        story, timezone = self._desk.story, self._desk.timezone
        spoken = {"kind": self._desk.kind_of(alert["rule"]), "comparison": alert["comparison"]}
        steps = [
            html.Li(
                [
                    html.Time(moment(step["at"], timezone)),
                    html.B(story.move(step["move"], current.get(), **spoken)),
                    html.Span(self._actor(step["actor"]), className="actor"),
                    html.Q(step["note"]) if step["note"] else None,
                ]
            )
            for step in transitions
        ]
        return html.Ol(steps, className="history", role="list")

    def _actor(self, actor: str) -> str:
        return self._desk.words("actor.rules") if actor == "rules" else actor
