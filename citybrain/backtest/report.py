"""What a backtest came to, as one object: docs/backtest.md lists its fields; text and HTML are made from it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from citybrain.backtest.places import Atlas
from citybrain.backtest.running import Outcome
from citybrain.backtest.subject import Period
from config.catalogue import SHIPPED
from config.loading import load
from domain.conditions import RuleCard, Severity
from domain.devices import Registry
from domain.instants import MICROS_PER_S, from_micros, iso
from rules.history.episodes import Episode
from rules.history.matching import Match
from rules.history.nuisance import TOP, Nuisance, nuisance_of
from rules.history.performance import DAY_US, AlarmLoad, LoadAims, alarm_load

AIMS_FILE = SHIPPED.parent / "standards" / "alarms" / "load.yaml"
MOST_LISTED = 500
"""Alerts in the list of a report; the rest is in its numbers."""

Json = dict[str, Any]


def shipped_aims() -> LoadAims:
    """What an operator can bear, from the file that ships. Raises Misconfigured."""
    return load(AIMS_FILE, LoadAims)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a report is about, besides the alerts."""

    registry: Registry
    period: Period
    operators: int
    aims: LoadAims
    source: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.registry.city.timezone)

    @property
    def days(self) -> float:
        return (self.period.end - self.period.start) / DAY_US


def report_of(outcome: Outcome, frame: Frame, comparison: Json | None = None) -> Json:
    """Everything about one run."""
    episodes = outcome.episodes
    nuisance = nuisance_of(episodes, until=frame.period.end, zone=frame.zone, aims=frame.aims)
    at = np.array([episode.held for episode in episodes], dtype=np.int64)
    load = alarm_load(at, start=frame.period.start, end=frame.period.end, operators=frame.operators, aims=frame.aims)
    atlas = Atlas(frame.registry)
    return {
        "since": _time(frame.period.start),
        "until": _time(frame.period.end),
        "days": round(frame.days, 3),
        "timezone": frame.registry.city.timezone,
        "city": {"zh": frame.registry.city.zh, "en": frame.registry.city.en},
        "readings": _readings(outcome, frame),
        "alerts": len(episodes),
        "per_day": round(len(episodes) / frame.days, 2),
        "standing_at_begin": outcome.standing,
        "rules": [_rule(card, episodes, nuisance, frame) for card in outcome.cards.values()],
        "places": atlas.loudest(episodes),
        "hours": _hours(episodes, frame.zone),
        "by_day": _by_day(episodes, outcome.cards, frame),
        "nuisance": _nuisance(nuisance, len(episodes)),
        "load": load_json(load, frame.aims),
        "load_course": _course(load, frame),
        "top_ten_share": round(nuisance.top_share, 2),
        "sources": _sources(nuisance, atlas),
        "priorities": _priorities(episodes, outcome.cards, frame.aims),
        "comparison": comparison,
        "listed": [alert_row(episode, outcome.cards, atlas, frame.period.end) for episode in episodes[:MOST_LISTED]],
    }


def comparison_of(found: Match, *, against: str, frame: Frame) -> Json:
    """Old alerts against new ones. `against` says what the old ones are."""
    delays = sorted(pair.delay_s / 60 for pair in found.pairs)
    atlas = Atlas(frame.registry)
    return {
        "against": against,
        "old": len(found.pairs) + len(found.only_old),
        "new": len(found.told_again) + len(found.only_new),
        "both_old": len(found.pairs),
        "both_new": len(found.told_again),
        "only_old": len(found.only_old),
        "only_new": len(found.only_new),
        "delay_min": {
            "median": round(float(np.median(delays)), 3) if delays else None,
            "p90": round(float(np.percentile(delays, 90)), 3) if delays else None,
            "min": round(delays[0], 3) if delays else None,
            "max": round(delays[-1], 3) if delays else None,
        },
        "only_old_by_rule": _by_rule(found.only_old),
        "only_new_by_rule": _by_rule(found.only_new),
        "only_old_listed": [alert_row(episode, {}, atlas, frame.period.end) for episode in found.only_old[:50]],
        "only_new_listed": [alert_row(episode, {}, atlas, frame.period.end) for episode in found.only_new[:50]],
    }


def alert_row(episode: Episode, cards: dict[str, RuleCard], atlas: Atlas, until: int) -> Json:
    """One alert with the numbers that a person can check."""
    card, evidence = cards.get(episode.rule), episode.evidence
    return {
        "rule": episode.rule,
        "severity": card.severity if card else None,
        **atlas.named(episode.target),
        "since": _time(episode.since),
        "held": _time(episode.held),
        "cleared": None if episode.ended is None else _time(episode.ended),
        "lasted_s": round((episode.end_within(until) - episode.held) / MICROS_PER_S, 3),
        "value": evidence.value if evidence else None,
        "comparison": evidence.comparison if evidence else None,
        "limit": evidence.limit if evidence else None,
        "unit": evidence.unit if evidence else "",
        "clause": {"zh": evidence.clause.zh, "en": evidence.clause.en} if evidence else None,
        "figures": dict(evidence.figures) if evidence else {},
    }


def load_json(load: AlarmLoad, aims: LoadAims) -> Json:
    """The figures with the aims beside them."""
    return {
        "operators": load.operators,
        "verdict": load.verdict,
        "per_10_min": round(load.per_window, 4),
        "most_in_10_min": round(load.most_in_window, 2),
        "windows": len(load.windows),
        "windows_over_percent": round(load.windows_over, 3),
        "hours_over_percent": round(load.hours_over, 3),
        "in_flood_percent": round(load.in_flood, 3),
        "floods": [
            {"begin": _time(flood.begin), "end": _time(flood.end), "alarms": flood.alarms}
            for flood in load.floods[:MOST_LISTED]
        ],
        "flood_count": len(load.floods),
        "aims": {
            "windows_over_percent": aims.aims.windows_over,
            "hours_over_percent": aims.aims.hours_over,
            "in_flood_percent": aims.aims.in_flood,
            "top_ten_percent": aims.aims.top_ten,
            "flood_above": aims.flood.above,
            "flood_below": aims.flood.below,
            "busy_hour": aims.busy_hour,
            "stale_per_day": aims.stale.per_day,
        },
        "bands": [{"at_most": band.at_most, "word": band.word} for band in aims.bands[:-1]],
        "source": {"zh": aims.source.zh, "en": aims.source.en},
    }


def _readings(outcome: Outcome, frame: Frame) -> Json:
    census = outcome.census
    return {
        "source": frame.source,
        "read": census.read,
        "unknown": census.unknown.total(),
        "unknown_devices": dict(census.unknown.most_common(TOP)),
        "unknown_device_count": len(census.unknown),
        "not_good": census.not_good,
        "history": census.history,
        "gaps": [{"begin": _time(gap.begin), "end": _time(gap.end)} for gap in outcome.gaps[:MOST_LISTED]],
        "gap_count": len(outcome.gaps),
    }


def _rule(card: RuleCard, episodes: Sequence[Episode], nuisance: Nuisance, frame: Frame) -> Json:
    mine = [number for number, episode in enumerate(episodes) if episode.rule == card.id]
    lasted = [(episodes[n].end_within(frame.period.end) - episodes[n].held) / MICROS_PER_S for n in mine]
    return {
        "id": card.id,
        "zh": card.zh,
        "en": card.en,
        "severity": card.severity,
        "kind": card.kind,
        "clause": {"zh": card.clause.zh, "en": card.clause.en},
        "alerts": len(mine),
        "per_day": round(len(mine) / frame.days, 2),
        "targets": len({episodes[n].target for n in mine}),
        "standing": sum(episodes[n].ended is None for n in mine),
        "lasted_s": {
            "median": round(float(np.median(lasted)), 1) if lasted else None,
            "p90": round(float(np.percentile(lasted, 90)), 1) if lasted else None,
            "max": round(max(lasted), 1) if lasted else None,
        },
        "chattering": sum(n in nuisance.chattering for n in mine),
        "fleeting": sum(n in nuisance.fleeting for n in mine),
        "stale": sum(n in nuisance.stale for n in mine),
    }


def _nuisance(nuisance: Nuisance, total: int) -> Json:
    return {
        "chattering": len(nuisance.chattering),
        "chattering_percent": round(100 * len(nuisance.chattering) / total, 2) if total else 0.0,
        "fleeting": len(nuisance.fleeting),
        "fleeting_percent": round(100 * len(nuisance.fleeting) / total, 2) if total else 0.0,
        "stale": len(nuisance.stale),
        "stale_on_worst_day": nuisance.stale_on_worst_day,
    }


def _sources(nuisance: Nuisance, atlas: Atlas) -> list[Json]:
    return [
        {"rule": rule, **atlas.named(target), "alerts": count}
        for (rule, target), count in nuisance.by_source.most_common(TOP)
    ]


def _priorities(episodes: Sequence[Episode], cards: dict[str, RuleCard], aims: LoadAims) -> Json:
    counts = Counter(cards[episode.rule].severity for episode in episodes)
    total = counts.total()
    return {
        severity.value: {
            "alerts": counts[severity],
            "percent": round(100 * counts[severity] / total, 2) if total else 0.0,
            "aim_percent": aims.priorities.get(severity.value),
        }
        for severity in Severity
    }


def _hours(episodes: Sequence[Episode], zone: ZoneInfo) -> list[list[int]]:
    """Seven rows from Monday on, of 24 hours of the city's day."""
    table = [[0] * 24 for _ in range(7)]
    for episode in episodes:
        local = from_micros(episode.held).astimezone(zone)
        table[local.weekday()][local.hour] += 1
    return table


def _by_day(episodes: Sequence[Episode], cards: dict[str, RuleCard], frame: Frame) -> list[Json]:
    """Every day that the period touches, those without an alert too."""
    counts: Counter[tuple[date, Severity]] = Counter()
    for episode in episodes:
        counts[from_micros(episode.held).astimezone(frame.zone).date(), cards[episode.rule].severity] += 1
    day = from_micros(frame.period.start).astimezone(frame.zone).date()
    last = from_micros(frame.period.end - 1).astimezone(frame.zone).date()
    days = []
    while day <= last:
        days.append({"date": day.isoformat(), **{severity.value: counts[day, severity] for severity in Severity}})
        day += timedelta(days=1)
    return days


def _course(load: AlarmLoad, frame: Frame) -> Json:
    """The fullest window of each stretch, at most 720 of them, for the curve; alarms of one operator."""
    each = -(-len(load.windows) // 720)
    padded = np.pad(load.windows, (0, -len(load.windows) % each)).reshape(-1, each)
    return {
        "begin": _time(frame.period.start),
        "step_s": each * frame.aims.window,
        "most": [round(float(number) / load.operators, 2) for number in padded.max(axis=1)],
    }


def _by_rule(episodes: Sequence[Episode]) -> dict[str, int]:
    return dict(Counter(episode.rule for episode in episodes).most_common())


def _time(micros: int) -> str:
    return iso(from_micros(micros))
