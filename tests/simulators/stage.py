"""A scenario played offline through the real intake and the real rules, in event time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from itertools import groupby

from config.catalogue import load_catalogue
from domain.conditions import Transition
from domain.instants import MICROS_PER_S, to_micros
from domain.ledger import Tally
from domain.messages import Message, Quarantined
from ingest.pipeline import Pipeline
from ingest.settings import IngestSettings
from ingest.statistics import Statistics
from rules import engine
from rules.loading import load_rules
from rules.settings import RulesSettings
from simulators.messages import Outgoing
from simulators.running import Stage, load_stage
from simulators.settings import SimulationSettings

SEED = 1
NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
"""A Wednesday, 12:00 in the city."""


@cache
def stage_of(scenario: str) -> Stage:
    return load_stage(SimulationSettings(scenario=scenario))


def only(stage: Stage, *, kinds: frozenset[str] = frozenset(), devices: frozenset[str] = frozenset()) -> Stage:
    """The same city with no more than these kinds or these devices: what a test does not look at costs it nothing."""
    kept = {d.id: d for d in stage.registry if d.kind in kinds or d.id in devices}
    return replace(stage, registry=replace(stage.registry, devices=kept))


def begin_of(stage: Stage) -> datetime:
    return stage.scenario.begin(NOON, stage.registry.city.timezone)


def stream(stage: Stage, *, seconds: float, seed: int = SEED, begin: datetime | None = None) -> Iterator[Outgoing]:
    """The live messages of the first `seconds`."""
    start = begin or begin_of(stage)
    feed = stage.feed(stage.world(seed=seed, begin=start), seed=seed, begin=start)
    end = to_micros(start) + round(seconds * MICROS_PER_S)
    for message in feed.messages(to_micros(start) // 1000):
        if message.at >= end:
            return
        yield message


def as_message(outgoing: Outgoing) -> Message:
    return Message(
        feed="city",
        topic=outgoing.topic,
        payload=outgoing.stamped(outgoing.at // 1000),
        received=outgoing.at + 20_000,
        qos=outgoing.qos,
        retain=outgoing.retain,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What the house made of a scenario."""

    begin: int
    told: list[Transition]
    readings: Tally
    messages: Tally
    quarantined: list[Quarantined]

    def seconds(self, rule: str, signal: str) -> list[float]:
        """When the rule gave the signal, in seconds from the begin."""
        return [
            (t.at and (to_micros(t.at) - self.begin) / 1e6) for t in self.told if (t.rule, t.signal) == (rule, signal)
        ]


def play(stage: Stage, *, seconds: float) -> Played:
    """Second by second: what arrived is settled and judged, then the clock ticks."""
    catalogue, kinds = load_catalogue()
    pipeline = Pipeline(stage.registry, catalogue, IngestSettings(), statistics=Statistics(["city"]))
    ruleset = load_rules(RulesSettings().files, catalogue=catalogue, kinds=kinds)
    program = engine.compile_rules(ruleset, stage.registry, pipeline.vocabulary)
    state = engine.initial_state(program)
    begin = to_micros(begin_of(stage))
    told: list[Transition] = []
    quarantined: list[Quarantined] = []
    readings, messages = Tally(), Tally()
    for second, group in groupby(stream(stage, seconds=seconds), key=lambda out: (out.at - begin) // MICROS_PER_S):
        now = begin + (second + 1) * MICROS_PER_S
        settlement = pipeline.settle([as_message(out) for out in group], now)
        state, heard = engine.evaluate(program, state, settlement.readings)
        state, passed = engine.advance(program, state, now)
        told += heard + passed
        quarantined += settlement.quarantined
        for line in settlement.ledger:
            readings, messages = readings + line.readings, messages + line.messages
    return Played(begin=begin, told=told, readings=readings, messages=messages, quarantined=quarantined)
