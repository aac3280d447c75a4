"""The explanation of one alert as JSON: for the command line, the internal API and the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from citybrain.edge.alert_json import Gazetteer, alert_json, evidence_json, millis, transition_json
from citybrain.explaining.comparing import Retold
from citybrain.explaining.retelling import Bench, Record, retell
from citybrain.explaining.stored import AT_ONCE, Found, Read, Stored, overtaken, stored_readings
from citybrain.explaining.subject import Subject, subject_of
from domain.alerts import Alert, AlertTransition
from domain.conditions import RuleCard
from domain.devices import Registry
from domain.instants import to_micros
from rules.judges import Judge
from rules.loading import Rule, RuleSet
from rules.program import Program

Json = dict[str, Any]
MOST_READ = 50_000
MOST_SHOWN = 400
NAMES = frozenset({"id", "zh", "en", "clause", "scope", "severity", "needs_acknowledgement"})
"""Keys of a rule that say nothing about how it judges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """Explains alerts of one installation; `program` is that of `ruleset`."""

    ruleset: RuleSet
    program: Program
    registry: Registry
    gazetteer: Gazetteer

    def explain(self, alert: Alert, moves: Sequence[AlertTransition], read: Read) -> Json:
        """See docs/internal-api.md. Raises Temporary when the store is away."""
        whole: Json = {
            "alert": alert_json(alert, cards=self.program.cards, gazetteer=self.gazetteer),
            "steps": [{**transition_json(move), "evidence": evidence_json(move.evidence)} for move in moves],
        }
        rule = next((rule for rule in self.ruleset.rules if rule.entry.id == alert.rule), None)
        if rule is None:
            return {**whole, "rule": None, "readings": [], "readings_left_out": 0, "all_counted": True, "retold": None}
        judge = self.program.judges[alert.rule]
        subject = subject_of(alert, moves, rule.entry, judge.devices, self.registry)
        found = self._found(read, subject, [alert.opened_at, *(move.at for move in moves)])
        readings = found.readings
        record = Record(target=alert.target, moves=moves, end=subject.end)
        bench = Bench(ruleset=self.ruleset, program=self.program, registry=self.registry)
        retold = retell(rule, bench, readings, record)
        shown = _around([n for n, one in enumerate(readings) if one.reading.device in subject.shown], readings, alert)
        late = overtaken(readings, lateness_us=self.program.lateness.get(alert.rule, 0))
        return {
            **whole,
            "rule": _rule_json(rule, judge.card),
            "readings": [self._reading_json(readings[n], judge, is_overtaken=n in late) for n in shown],
            "readings_left_out": len(readings) - len(shown) + found.left_out,
            "all_counted": found.is_counted,
            "retold": _retold_json(retold, is_whole=subject.is_whole and not found.left_out),
        }

    def _found(self, read: Read, subject: Subject, moments: Sequence[datetime]) -> Found:
        if not subject.devices:
            return Found(readings=(), left_out=0, is_counted=True)
        moves = [to_micros(moment) for moment in moments]
        return stored_readings(read, subject.query(at_once=AT_ONCE), moves=moves, limit=MOST_READ)

    def _reading_json(self, stored: Stored, judge: Judge, *, is_overtaken: bool) -> Json:
        """With the limit of its time, where the rule holds single readings against one."""
        reading = stored.reading
        yardstick = judge.yardstick(reading.device, reading.metric, to_micros(reading.at)) if reading.live else None
        catalogue = self.ruleset.catalogue
        return {
            "device": reading.device,
            "metric": reading.metric,
            "unit": catalogue[reading.metric].unit if reading.metric in catalogue else "",
            "at": millis(reading.at),
            "received": stored.received // 1000,
            "value": reading.value,
            "span_s": reading.span_s,
            "quality": reading.quality.name.lower(),
            "live": reading.live,
            "overtaken": is_overtaken,
            "limit": None if yardstick is None else yardstick.limit,
            "finding": None if yardstick is None else yardstick.finding(reading.value).name.lower(),
        }


def _rule_json(rule: Rule, card: RuleCard) -> Json:
    """What the rule says, as its file says it; durations in seconds."""
    settings = rule.entry.model_dump(mode="json", exclude_none=True, exclude=set(NAMES), warnings=False)
    return {
        "id": card.id,
        "zh": card.zh,
        "en": card.en,
        "unit": card.unit,
        "clause_zh": card.clause.zh,
        "clause_en": card.clause.en,
        "settings": settings,
        "file": rule.file,
        "line": rule.line,
    }


def _around(places: Sequence[int], readings: Sequence[Stored], alert: Alert) -> Sequence[int]:
    """Of these places the ones to show; of too many, those nearest to what the alert tells."""
    told = alert.active_at or alert.opened_at
    before = sum(1 for place in places if readings[place].reading.at <= told)
    first = max(0, min(before - MOST_SHOWN // 2, len(places) - MOST_SHOWN))
    return places[first : first + MOST_SHOWN]


def _retold_json(retold: Retold, *, is_whole: bool) -> Json:
    signals = [
        {"signal": told.signal.value, "at": millis(told.at), "since": millis(told.since)} for told in retold.signals
    ]
    return {
        "signals": signals,
        "agrees": retold.agrees,
        "off_s": retold.off_s,
        "order": "event" if retold.is_in_event_order else "arrival",
        "is_whole": is_whole and not retold.ways_left_out,
        "ways_left_out": retold.ways_left_out,
        "watched_from": millis(retold.watched_from),
        "missing": [transition_json(move) for move in retold.missing],
    }
