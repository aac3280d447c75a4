"""`correlation`: several conditions, on one device or on devices that have something in common, within a time."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from config.durations import Seconds
from config.loading import Strict
from config.suggestions import did_you_mean
from domain.devices import Device, Registry
from domain.instants import MICROS_PER_S
from rules.core.machine import Timing
from rules.device_limits import Share
from rules.entries import Fault, Ground, Intervals, RuleEntry, Scope
from rules.groups.correlations import Combination, CorrelationJudge, Term
from rules.groups.gatherings import Gatherings, Same, around, gathered, together
from rules.groups.neighbours import most_pairs
from rules.judges import Site
from rules.kinds.demand import Demand
from rules.kinds.state import StateEntry
from rules.kinds.threshold import ThresholdEntry

MOST_CONDITIONS = 8
MOST_PAIRS = 30_000_000
"""Neighbours of all devices together: more would fill the memory of a small machine."""
_DISTANCE = re.compile(r"(\d+(?:\.\d+)?) ?(m|km)")


def _metres(value: Any) -> float:
    match = _DISTANCE.fullmatch(value) if isinstance(value, str) else None
    metres = float(match[1]) * (1000.0 if match[2] == "km" else 1.0) if match else 0.0
    if not 0.0 < metres <= 100_000.0:
        raise ValueError(f"{value!r:.40} is not a distance; write 500m or 2km, 100km at most")
    return metres


Metres = Annotated[float, PlainValidator(_metres), WithJsonSchema({"type": "string", "pattern": "^[0-9.]+ ?k?m$"})]


class Condition(Demand):
    """A demand on a metric, or that of another `rule` of kind threshold or state.

    It holds where so many `devices` of a group break the demand.
    """

    rule: str | None = None
    metric: str | None = None
    scope: Scope = Scope()
    evidence_for: Intervals = 3.0
    devices: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.rule is None:
            fault = self.shape_fault() if self.metric is not None else "metric is missing; give it, or rule: ID"
        else:
            more = sorted(self.model_fields_set - {"rule", "devices"})
            fault = f"rule and {more[0]} exclude each other; remove one of the two" if more else ""
        if fault:
            raise ValueError(fault)
        return self

    @property
    def label(self) -> str:
        """For people: the rule that it is of, or what is demanded."""
        if self.rule is not None:
            return self.rule
        if self.normal is not None:
            return f"{self.metric} = {self.normal:g}"
        limit = f"{self.limit:g} {self.unit}" if isinstance(self.limit, float) else "limit"
        limit = self.limit.label if isinstance(self.limit, Share) else limit
        return f"{self.metric} {self.compare} {limit}"

    def of_rule(self, entry: RuleEntry | None) -> "Condition":
        """With what that rule demands of which devices, but not its hold and clear times."""
        if not isinstance(entry, ThresholdEntry | StateEntry):
            return self
        keys = ("metric", "unit", "compare", "limit", "normal", "dead_band", "scope", "evidence_for")
        return self.model_copy(update={key: getattr(entry, key) for key in keys if hasattr(entry, key)})


class Where(Strict):
    """Either what the devices have in `same`, or how `near` they are to the devices of the first condition."""

    same: Same | None = None
    near: Metres | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.same is None) == (self.near is None):
            raise ValueError(f"give either same: {', '.join(Same)}, or near: 500m")
        return self


class AtLeast(Strict):
    at_least: Annotated[int, Field(ge=1)]


def _require(value: Any) -> str | AtLeast:
    if value in ("all", "any"):
        return str(value)
    if isinstance(value, dict) and set(value) == {"at_least"} and type(value["at_least"]) is int:
        return AtLeast(at_least=max(1, value["at_least"]))
    raise ValueError(f"{value!r:.40} is neither all, nor any, nor such as {{at_least: 2}}")


class CorrelationEntry(RuleEntry):
    """`where`, not `on`: YAML takes a bare `on` for true. `min_known`: the share of a condition's devices in a group
    that have to be known before the unknown ones are left out of account.
    """

    kind: Literal["correlation"]
    of: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=MOST_CONDITIONS)]
    require: Annotated[
        str | AtLeast,
        PlainValidator(_require),
        WithJsonSchema({"anyOf": [{"enum": ["all", "any"]}, AtLeast.model_json_schema()]}),
    ] = "all"
    within: Seconds = 0.0
    where: Where
    min_known: Annotated[float, Field(gt=0, le=1)] = 1.0
    hold: Seconds = 0.0
    clear: Seconds = 0.0

    @property
    def need(self) -> int:
        """How many of the conditions."""
        match self.require:
            case AtLeast(at_least=number):
                return number
            case "any":
                return 1
            case _:
                return len(self.of)

    def faults(self, ground: Ground) -> Iterator[Fault]:
        yield from super().faults(ground)
        if self.need > len(self.of):
            yield ("require",), f"require: {self.need} of {len(self.of)} conditions can never hold; ask for fewer"
        for number, condition in enumerate(self.of):
            for where, message in _condition_faults(condition, ground):
                yield ("of", number, *where), f"of.{number}: {message}"

    def misfits(self, registry: Registry) -> Iterator[Fault]:
        yield from super().misfits(registry)
        for number, condition in enumerate(self.of):
            yield from ((("of", number, *where), message) for where, message in condition.demand_misfits(registry))
        if self.where.near is None:
            return
        devices = [[device.place for device in self.devices_of(condition, registry)] for condition in self.of]
        pairs = sum(most_pairs(devices[0], others, metres=self.where.near) for others in devices)
        if pairs > MOST_PAIRS:
            yield (
                ("where", "near"),
                f"near: {self.where.near:g} m makes up to {pairs} neighbours; write less, or same: cell",
            )

    def expanded(self, folder: Path) -> Sequence[RuleEntry]:
        """Itself, with the tables of limits that its conditions name."""
        return [self.model_copy(update={"of": tuple(condition.with_limit_read(folder) for condition in self.of)})]

    def resolved(self, rules: Mapping[str, RuleEntry]) -> RuleEntry:
        of = tuple(
            condition if condition.rule is None else condition.of_rule(rules.get(condition.rule))
            for condition in self.of
        )
        return self.model_copy(update={"of": of})

    def devices_of(self, condition: Condition, registry: Registry) -> tuple[Device, ...]:
        """In the scope of the rule and of the condition, of a kind that reports its metric."""
        inside = {device.id for device in self.scope.devices(registry)}
        return tuple(
            device
            for device in condition.scope.devices(registry)
            if device.id in inside and condition.metric in registry.kinds[device.kind].metrics
        )


def compile_correlation(entry: CorrelationEntry, site: Site) -> CorrelationJudge:
    """Groups in which it can never come true, because devices are missing there, are left out."""
    terms = tuple(_term(entry, condition, site) for condition in entry.of)
    place = f"{entry.where.near:g} m" if entry.where.near is not None else f"same {entry.where.same}"
    combination = Combination(
        terms=terms,
        gatherings=_gathered(entry, terms, site.registry),
        need=entry.need,
        within=round(entry.within * MICROS_PER_S),
        min_known=entry.min_known,
        figures={"where": place, "within_s": entry.within, "conditions": len(terms)},
    )
    timing = Timing(hold=round(entry.hold * MICROS_PER_S), clear=round(entry.clear * MICROS_PER_S))
    return CorrelationJudge(entry.card(unit=""), timing, combination, site)


def _term(entry: CorrelationEntry, condition: Condition, site: Site) -> Term:
    limits, devices = condition.bound(entry.devices_of(condition, site.registry), site)
    return Term(
        label=condition.label,
        metric=str(condition.metric),
        devices=devices,
        limits=limits,
        comparison=condition.comparison,
        dead_band=condition.dead_band,
        evidence_for=condition.evidence_for,
        quorum=condition.devices,
    )


def _gathered(entry: CorrelationEntry, terms: Sequence[Term], registry: Registry) -> Gatherings:
    members = [term.devices for term in terms]
    if entry.where.near is not None:
        targets, group, member = around(entry.where.near, members, alone=terms[0].quorum == 1)
    else:
        targets, group, member = together(entry.where.same or Same.CITY, members, registry)
    condition_of = np.repeat(np.arange(len(terms)), [len(devices) for devices in members])
    quorum = np.array([term.quorum for term in terms], dtype=np.int64)
    return gathered(targets, group, member, condition_of=condition_of, quorum=quorum, need=entry.need)


def _condition_faults(condition: Condition, ground: Ground) -> Iterator[Fault]:
    if condition.metric is None:
        yield ("rule",), f"rule {condition.rule!r} is no rule of kind threshold or state; write the condition out"
        return
    if condition.metric not in ground.catalogue:
        hint = did_you_mean(condition.metric, ground.catalogue.codes)
        yield ("metric",), f"metric {condition.metric!r} is not in the catalogue; add it or mend its spelling{hint}"
        return
    for kind in condition.scope.kinds:
        if kind not in ground.kinds:
            yield ("scope", "kinds"), f"scope.kinds: {kind!r} is no kind of device{did_you_mean(kind, ground.kinds)}"
    yield from condition.demand_faults(condition.metric, ground)
