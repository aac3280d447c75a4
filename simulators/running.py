"""The simulated city as one process runs it: history first, then the live feed, until it is told to stop."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from config.catalogue import SHIPPED as SHIPPED_CATALOGUE
from config.catalogue import load_catalogue
from config.city import load_city, load_registry
from domain.devices import Registry
from domain.instants import to_micros
from domain.ports import Clock, StopAsked
from runtime import logs
from simulators.feed import Feed
from simulators.history import history
from simulators.pacing import Pacer
from simulators.publisher import Publisher
from simulators.scenario import Scenario, load_scenario, scenario_path
from simulators.settings import SimulationSettings
from simulators.world.surroundings import Surroundings, load_surroundings
from simulators.world.world import World

_log = logs.get(__name__)
HISTORY_WITHIN_S = 1800.0
"""History goes out at the begin of the story, on the city's clock; who comes back later finds it already sent."""
SETTLE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationReport:
    """What went out. `by_fault` counts what each kind of fault touched; dropped messages are not among `published`."""

    published: int
    acknowledged: int
    unanswered: int
    refused: int
    history: int
    reconnects: int
    by_fault: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything a simulation needs, loaded and checked."""

    registry: Registry
    scenario: Scenario
    surroundings: Surroundings

    def world(self, *, seed: int, begin: datetime) -> World:
        return World(
            self.registry, self.scenario, surroundings=self.surroundings, seed=seed, origin_s=begin.timestamp()
        )

    def feed(self, world: World, *, seed: int, begin: datetime) -> Feed:
        return Feed(self.registry, self.scenario, world=world, seed=seed, origin_s=begin.timestamp())


def load_stage(settings: SimulationSettings) -> Stage:
    """City, devices, map and scenario. Raises Misconfigured with all problems of the first file that has some."""
    _, kinds = load_catalogue(settings.catalogue or SHIPPED_CATALOGUE)
    city, map_path = load_city(settings.city)
    registry = load_registry(settings.devices, city=city, kinds=kinds)
    return Stage(
        registry=registry,
        scenario=load_scenario(scenario_path(settings.scenario), registry),
        surroundings=load_surroundings(map_path, city.centre),
    )


def run(settings: SimulationSettings, clock: Clock, stop: StopAsked) -> SimulationReport:
    """Publish until `stop` says so; returns within a second of it. Raises Misconfigured before anything is sent."""
    stage = load_stage(settings)
    now = clock.now()
    begin = settings.begin or now
    world = stage.world(seed=settings.seed, begin=begin)
    feed = stage.feed(world, seed=settings.seed, begin=begin)
    publisher = Publisher(settings.broker, clock=clock, stop=stop)
    pacer = Pacer(clock, idle=publisher.idle, stop=stop)
    _log.info("simulation begins", scenario=stage.scenario.en, devices=len(stage.registry), begin=begin.isoformat())
    sent_before = 0
    if abs((now - begin).total_seconds()) < HISTORY_WITHIN_S:
        sent_before = _publish_history(stage, world, publisher, until=now, hours=settings.history / 3600)
    for message in feed.messages(to_micros(now) // 1000):
        if not (pacer.wait_until(message.at) and publisher.publish(message)):
            break
    publisher.settle(within_s=SETTLE_S)
    publisher.close()
    report = _report(publisher, history=sent_before, by_fault=feed.by_fault)
    _log.info("simulation ended", published=report.published, acknowledged=report.acknowledged)
    return report


def _publish_history(stage: Stage, world: World, publisher: Publisher, *, until: datetime, hours: float) -> int:
    sent = 0
    for message in history(stage.registry, world, until_ms=to_micros(until) // 1000, hours=hours):
        if not publisher.publish(message):
            break
        sent += 1
    return sent


def _report(publisher: Publisher, *, history: int, by_fault: Mapping[str, int]) -> SimulationReport:
    return SimulationReport(
        published=publisher.published,
        acknowledged=publisher.acknowledged,
        unanswered=publisher.unanswered,
        refused=publisher.refused,
        history=history,
        reconnects=publisher.reconnects,
        by_fault=dict(by_fault),
    )
