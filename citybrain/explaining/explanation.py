"""The explanation of one alert as JSON: for the command line, the internal API and the page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from citybrain.edge.alert_json import Gazetteer, alert_json, evidence_json, millis, transition_json
from citybrain.explaining.retelling import Record, Retold, retell
from citybrain.explaining.subject import Subject, subject_of
from domain.alerts import Alert, AlertTransition
from domain.conditions import RuleCard
from domain.devices import Registry
from domain.instants import to_micros
from domain.readings import Reading
from domain.series import ReadingQuery
from rules.core.comparing import Finding, findings
from rules.judges import Judge
from rules.loading import Rule, RuleSet
from rules.program import Program
from rules.series.judge import SeriesJudge

Json = dict[str, Any]
Read = Callable[[ReadingQuery], Iterable[Reading]]
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
            return {**whole, "rule": None, "readings": [], "readings_left_out": 0, "retold": None}
        judge = self.program.judges[alert.rule]
        subject = subject_of(alert, moves, rule.entry, judge.devices, self.registry)
        readings = list(read(subject.query(limit=MOST_READ))) if subject.devices else []
        record = Record(target=alert.target, moves=moves, end=subject.end)
        retold = retell(rule, self.ruleset, self.registry, readings, record)
        shown = _around(readings, subject, alert)
        return {
            **whole,
            "rule": _rule_json(rule, judge.card),
            "readings": _judged(shown, retold.judge),
            "readings_left_out": len(readings) - len(shown),
            "retold": _retold_json(retold, is_whole=len(readings) < MOST_READ),
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


def _around(readings: Sequence[Reading], subject: Subject, alert: Alert) -> Sequence[Reading]:
    """The readings to show: from the begin of the look-back on; of too many, those nearest to what the alert tells."""
    if len(readings) <= MOST_SHOWN:
        return readings
    told = alert.active_at or alert.opened_at
    before = sum(1 for reading in readings if reading.at <= told)
    first = max(0, min(before - MOST_SHOWN // 2, len(readings) - MOST_SHOWN))
    return readings[first : first + MOST_SHOWN]


def _judged(readings: Sequence[Reading], judge: Judge) -> list[Json]:
    place = {device.id: number for number, device in enumerate(judge.devices)}
    return [{**_reading_json(reading), **_finding_json(reading, judge, place)} for reading in readings]


def _reading_json(reading: Reading) -> Json:
    return {
        "device": reading.device,
        "metric": reading.metric,
        "at": millis(reading.at),
        "value": reading.value,
        "span_s": reading.span_s,
        "quality": reading.quality.name.lower(),
        "live": reading.live,
    }


def _finding_json(reading: Reading, judge: Judge, place: Mapping[str, int]) -> Json:
    """For rules that hold single readings against a limit: the limit at that time, and what the reading says."""
    nothing: Json = {"limit": None, "finding": None}
    if not isinstance(judge, SeriesJudge):
        return nothing
    if reading.device not in place or judge.metric != reading.metric or not reading.live:
        return nothing
    limit, _ = judge.limits.explain(place[reading.device], to_micros(reading.at))
    held = np.array([np.nan if limit is None else limit])
    found = findings(judge.comparison, np.array([reading.value]), held, judge.dead_band)
    return {"limit": limit, "finding": Finding(found[0]).name.lower()}


def _retold_json(retold: Retold, *, is_whole: bool) -> Json:
    signals = [
        {"signal": told.signal.value, "at": millis(told.at), "since": millis(told.since)} for told in retold.signals
    ]
    return {
        "signals": signals,
        "agrees": retold.agrees,
        "is_whole": is_whole,
        "missing": [transition_json(move) for move in retold.missing],
    }
