"""Rules that are read without a fault and yet may not do what their author means."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from config.loading import Where
from config.suggestions import did_you_mean
from domain.devices import Device, Registry
from domain.errors import Misconfigured, Problem
from domain.metrics import Averaging
from rules.device_limits import Share
from rules.entries import MetricEntry, RuleEntry, TableName
from rules.kinds.correlation import CorrelationEntry
from rules.loading import Rule, RuleSet
from rules.tables import LimitTable

_STEADY = frozenset({Averaging.LAST, Averaging.COUNTER})
"""Metrics that do not flutter around a limit."""


def warnings_of(ruleset: RuleSet, registry: Registry | None, *, on: date) -> list[Problem]:
    """In the order of the files. Without a registry nothing is said of devices. `on`: today in the city."""
    found: list[Problem] = []
    for rule in ruleset.rules:
        found += _of_source(rule)
        found += _of_table(rule, ruleset, on)
        if isinstance(rule.entry, MetricEntry):
            found += _of_times(rule, rule.entry, _devices(rule, registry) if registry else ())
            found += _of_flutter(rule, rule.entry, ruleset)
        if registry is not None:
            found += _of_shares(rule, registry)
        if registry is not None and not _devices(rule, registry):
            found.append(
                rule.problem("judges no device of the registry; mend its scope or remove it", where=("scope",))
            )
    return [*found, *_duplicates(ruleset)]


def refuse_vain_lateness(ruleset: RuleSet, *, reach_s: float) -> None:
    """Raises Misconfigured for rules that wait for readings that intake refuses. `reach_s`: how late one may be."""
    vain = [
        rule.problem(
            f"lateness {rule.entry.lateness:.0f} s is longer than any reading that is taken in can be late"
            f" ({reach_s:.0f} s: ingest.late_horizon and ingest.future_skew): all would be judged that much later for"
            " nothing; write a shorter lateness, or raise ingest.late_horizon",
            where=("lateness",),
        )
        for rule in ruleset.rules
        if rule.entry.lateness is not None and rule.entry.lateness > reach_s
    ]
    if vain:
        raise Misconfigured(vain)


def _of_source(rule: Rule) -> Iterator[Problem]:
    if rule.entry.clause is None:
        yield rule.problem("has no clause: its alerts will say 未注明出处 · no source; write clause: {zh: …, en: …}")


def _devices(rule: Rule, registry: Registry) -> tuple[Device, ...]:
    entry = rule.entry
    return entry.reporting(registry) if isinstance(entry, MetricEntry) else entry.scope.devices(registry)


def _of_times(rule: Rule, entry: MetricEntry, devices: tuple[Device, ...]) -> Iterator[Problem]:
    if entry.evidence_for < 1:
        yield rule.problem(
            f"evidence_for {entry.evidence_for:g}: a reading is not believed until the next one comes, so that the"
            " condition is unknown in between; write 1 or more",
            where=("evidence_for",),
        )
    longest = max((device.interval_s for device in devices), default=0.0)
    # a hold shorter than the interval is meant so: the device speaks too seldom for a second reading
    if 0 < longest <= entry.hold < longest * entry.evidence_for:
        yield rule.problem(
            f"hold {entry.hold:g} s is over before the evidence of one reading is ({longest:g} s × "
            f"{entry.evidence_for:g}): a single value fires when the next ones stay away",
            where=("hold",),
        )


def _of_flutter(rule: Rule, entry: MetricEntry, ruleset: RuleSet) -> Iterator[Problem]:
    flutters = ruleset.catalogue[entry.metric].averaging not in _STEADY
    if flutters and getattr(entry, "dead_band", None) == 0:
        yield rule.problem(
            f"dead_band 0: {entry.metric} around its limit will fire and clear again and again; write a dead_band",
            where=("dead_band",),
        )


def _of_table(rule: Rule, ruleset: RuleSet, on: date) -> Iterator[Problem]:
    limit = getattr(rule.entry, "limit", None)
    table = ruleset.tables.get(limit.table) if isinstance(limit, TableName) else None
    if table is None or _is_in_force(table, on):
        return
    ended = table.editions[-1].valid_until
    why = f"its last edition ended on {ended}" if ended is not None and ended <= on else "it has no edition for today"
    yield rule.problem(f"table {table.id}: {why}; nothing is judged by it on {on}", where=("limit",))


def _is_in_force(table: LimitTable, on: date) -> bool:
    current = [edition for edition in table.editions if edition.valid_from <= on]
    return bool(current) and (current[-1].valid_until is None or current[-1].valid_until > on)


def _of_shares(rule: Rule, registry: Registry) -> Iterator[Problem]:
    """Devices that are not judged because the registry lacks the figure that their limit is a share of."""
    for where, share, devices in _shares(rule.entry, registry):
        judged = {device.id for device in share.within(devices)}
        lacking = [device.id for device in devices if device.id not in judged]
        if lacking:
            known = {name for device in registry for name in device.figures}
            yield rule.problem(
                f"limit {share.label}: {len(lacking)} of {len(devices)} devices have no figure {share.of} above 0"
                f" in the registry and are not judged, such as {lacking[0]}; write figures: {{{share.of}: …}}"
                f" beside each{did_you_mean(share.of, known - {share.of})}",
                where=where,
            )


def _shares(entry: RuleEntry, registry: Registry) -> Iterator[tuple[Where, Share, tuple[Device, ...]]]:
    """Where a rule has a limit that is a share, and for which devices."""
    limit = getattr(entry, "limit", None)
    if isinstance(entry, MetricEntry) and isinstance(limit, Share):
        yield ("limit",), limit, entry.reporting(registry)
    if isinstance(entry, CorrelationEntry):
        for number, condition in enumerate(entry.of):
            if isinstance(condition.limit, Share):
                yield ("of", number, "limit"), condition.limit, entry.devices_of(condition, registry)


def _duplicates(ruleset: RuleSet) -> Iterator[Problem]:
    """The same limit on the same metric of the same devices, twice."""
    same: dict[Any, list[Rule]] = defaultdict(list)
    for rule in ruleset.rules:
        said = rule.entry.model_dump(mode="json", warnings="none")
        if "metric" in said:
            names = ("kind", "metric", "scope", "compare", "limit", "normal", "targets", "aggregate", "window")
            same[repr([said.get(name) for name in names])].append(rule)
    for rules in same.values():
        for rule in rules[1:]:
            first = rules[0]
            yield rule.problem(
                f"judges the same as {first.entry.id} ({first.file}:{first.line}): same devices, metric and limit;"
                " remove one of them"
            )
