"""The engine's answers to the internal API: what docs/internal-api.md asks for, from any thread."""

import json
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from cases.errors import CommandRefused, RefusalCode
from citybrain.edge.alert_json import alert_json, evidence_json, transition_json
from citybrain.edge.city_json import city_json
from citybrain.edge.ledger_json import tally_json
from citybrain.edge.orders import drive_again
from citybrain.edge.stream import PictureStream
from citybrain.engine.building import Parts
from citybrain.engine.explanations import Explanations
from citybrain.engine.latencies import AlertLatencies
from citybrain.explaining.explanation import Explainer
from domain.alerts import Alert, AlertTransition
from domain.commands import AcknowledgeAlert
from domain.errors import Misconfigured, Refused
from domain.ledger import Tally
from domain.outbox import DeliveryState
from domain.readings import Reading, ReadingBatch
from domain.series import BatchQuery, ReadingQuery
from rules.loading import RuleSet

Json = dict[str, Any]


class Desk:
    """Implements citybrain.edge.api.EngineDesk. Acknowledged alerts are put into `acknowledged` for the picture."""

    def __init__(self, parts: Parts, *, stream: PictureStream, latencies: AlertLatencies) -> None:
        self.stream = stream
        self._parts = parts
        self._latencies = latencies
        clock = parts.installation.settings.clock
        self._speed = clock.speed if clock else 1.0
        self._lock = threading.Lock()
        self._acknowledged: list[Alert] = []
        self._explanations = Explanations(self._explain, parts.clock)

    def take_acknowledged(self) -> list[Alert]:
        """Alerts that commands have moved since the last call."""
        with self._lock:
            taken, self._acknowledged = self._acknowledged, []
        return taken

    def health(self) -> Json:
        return {"ok": True, "now": self._parts.clock.micros() // 1000}

    def city(self) -> bytes:
        return json.dumps(self._city_json(), ensure_ascii=False).encode()

    def trends(self) -> Json:
        return self._parts.trends.at(self._parts.clock.now())

    def statistics(self) -> Json:
        parts = self._parts
        figures = parts.statistics.figures(monotonic=parts.clock.monotonic())
        pump = parts.pump.status()
        with parts.records.snapshot() as books:
            alerts = books.alerts.counts()
            notices = books.outbox.counts()
            ledger = books.ledger.totals()
        return {
            "messages": tally_json(sum((messages for messages, _ in ledger.values()), Tally())),
            "readings": tally_json(sum((readings for _, readings in ledger.values()), Tally())),
            "alerts": {"opened": alerts.opened, "resolved": alerts.resolved},
            "notices": {state.value: notices[state] for state in DeliveryState},
            "connected": {feed: now.connected for feed, now in figures.feeds.items()},
            "rebirths_asked": 0 if parts.rebirths is None else parts.rebirths.asked,
            "missing_in_sequence": sum(now.missing for now in figures.feeds.values()),
            "publish_to_stored_s": {"p50": figures.latency_p50_s, "p95": figures.latency_p95_s},
            "publish_to_alert_s": self._latencies.quantiles(),
            "speed": self._speed,
            "journal": {"last": parts.journal.last_sequence, "judged": parts.evaluation.judged_through},
            "series": {"behind_entries": pump.behind_entries, "ok": pump.ok, "error": pump.last_error},
        }

    def alerts(self, *, open_only: bool, limit: int, after: str | None) -> Json:
        with self._parts.records.snapshot() as books:
            page = books.alerts.list(open_only=open_only, limit=limit, after=after)
        return {"alerts": [self._alert(alert) for alert in page.alerts], "next": page.next}

    def alert(self, alert_id: str) -> Json:
        with self._parts.records.snapshot() as books:
            alert = books.alerts.get(alert_id)
            transitions = books.alerts.transitions(alert_id)
        if alert is None:
            raise CommandRefused(RefusalCode.UNKNOWN_ALERT, alert_id)
        return {
            "alert": self._alert(alert),
            "transitions": [transition_json(transition) for transition in transitions],
            "evidence": evidence_json(alert.evidence),
        }

    def explanation(self, alert_id: str) -> Json:
        parts = self._parts
        with parts.records.snapshot() as books:
            alert = books.alerts.get(alert_id)
            transitions = books.alerts.transitions(alert_id)
        if alert is None:
            raise CommandRefused(RefusalCode.UNKNOWN_ALERT, alert_id)
        return self._explanations.of(parts.reload.ruleset, alert, transitions)

    def explainer(self, ruleset: RuleSet) -> Explainer:
        """By these rules, which those of the engine's program are."""
        parts = self._parts
        return Explainer(
            ruleset=ruleset,
            program=parts.desk.program,
            registry=parts.installation.registry,
            gazetteer=parts.gazetteer,
        )

    def _explain(self, ruleset: RuleSet, alert: Alert, transitions: Sequence[AlertTransition]) -> Json:
        return self.explainer(ruleset).explain(alert, transitions, self._parts.store.batches)

    def readings(self, query: ReadingQuery) -> Iterator[Reading]:
        return self._parts.store.readings(query)

    def batches(self, query: BatchQuery) -> Iterator[ReadingBatch]:
        return self._parts.store.batches(query)

    def command(self, order: Json) -> Json:
        match order.get("type"):
            case "acknowledge":
                return self._acknowledge(order)
            case "redrive":
                return self._drive_again(order)
            case "reload-rules":
                return self._reload_rules(order)
            case other:
                raise ValueError(f"unknown command {other!r}; known are acknowledge, redrive and reload-rules")

    def _reload_rules(self, order: Json) -> Json:
        if not order.get("actor"):
            raise ValueError("actor is missing: say who asks")
        try:
            return self._parts.reload.carry_out(actor=str(order["actor"])).as_json()
        except Misconfigured as exc:
            raise Refused(f"the rules stay as they are: {exc}") from exc

    def _drive_again(self, order: Json) -> Json:
        command = drive_again(order)
        count = self._parts.service.drive_again(command)
        self._parts.redrive.nudge()
        return {"asked": count}

    def _acknowledge(self, order: Json) -> Json:
        command = AcknowledgeAlert(
            alert_id=str(order.get("alert", "")), actor=str(order.get("actor", "")), note=str(order.get("note", ""))
        )
        if not command.actor:
            raise ValueError("actor is missing: say who acknowledges")
        alert = self._parts.service.execute(command)
        with self._lock:
            self._acknowledged.append(alert)
        return {"alert": self._alert(alert)}

    def _alert(self, alert: Alert) -> Json:
        return alert_json(alert, cards=self._parts.desk.program.cards, gazetteer=self._parts.gazetteer)

    def _city_json(self) -> Json:
        installation = self._parts.installation
        settings = installation.settings
        demo = {"speed": self._speed, "zh": settings.demo.zh, "en": settings.demo.en} if settings.demo else None
        cards = self._parts.desk.program.cards
        return city_json(
            installation.registry,
            cards,
            catalogue=installation.catalogue,
            map_file=installation.map_file,
            demo=demo,
        )
