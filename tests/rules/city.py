"""A small city for the tests of the rules, and what drives the engine through a story."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from config.catalogue import load_catalogue
from domain.conditions import Transition
from domain.devices import Device, Registry
from domain.instants import MICROS_PER_S, to_micros
from domain.places import City, NoiseZone, Place, Road, RoadGrade
from domain.readings import ReadingBatch, Vocabulary, batch_of
from rules import engine
from rules.loading import RuleSet, load_rules
from rules.program import Program
from rules.settings import RulesSettings
from rules.state import State

CATALOGUE, KINDS = load_catalogue()
SHANGHAI = ZoneInfo("Asia/Shanghai")
CENTRE = Place(lon=121.4, lat=31.2)
CLAUSE = {"zh": "测试条款", "en": "Test clause"}

Row = tuple[str, str, int, float]
"""Device, metric, event time in microseconds, value."""
Told = tuple[str, str, int, int]
"""Target, signal, at, since; times in microseconds."""


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    """Microseconds of a local time such as 2026-11-22T22:00:00."""
    return to_micros(datetime.fromisoformat(text).replace(tzinfo=zone))


def device(identifier: str, kind: str, **more: Any) -> Device:
    interval_s = more.pop("interval_s", KINDS[kind].interval_s)
    return Device(id=identifier, kind=kind, zh=identifier, en=identifier, place=CENTRE, interval_s=interval_s, **more)


def registry_of(*devices: Device, timezone: str = "Asia/Shanghai", roads: Sequence[Road] = ()) -> Registry:
    city = City(zh="试城", en="Testville", timezone=timezone, centre=CENTRE, roads=tuple(roads))
    return Registry(city=city, kinds=KINDS, devices={device.id: device for device in devices})


def road(identifier: str, grade: RoadGrade = RoadGrade.MAIN) -> Road:
    return Road(id=identifier, zh=identifier, en=identifier, grade=grade)


def lamps(road_id: str, number: int, *, interval_s: float = 300.0) -> list[Device]:
    return [device(f"{road_id}-L{n}", "lamp", road=road_id, interval_s=interval_s) for n in range(number)]


def meter(identifier: str, zone: str | None = None, *, interval_s: float = 60.0) -> Device:
    return device(identifier, "noise_meter", zone=None if zone is None else NoiseZone(zone), interval_s=interval_s)


def vocabulary_of(registry: Registry) -> Vocabulary:
    return Vocabulary(devices=[device.id for device in registry], metrics=CATALOGUE.codes)


@cache
def shipped() -> RuleSet:
    return load_rules(RulesSettings().files, catalogue=CATALOGUE, kinds=KINDS)


def rules_of(directory: Path, *entries: Mapping[str, Any]) -> RuleSet:
    """Entries written to a file and read back; names, clause and, but for ladders, severity are filled in."""
    common = {"zh": "规则", "en": "Rule", "clause": CLAUSE}
    filled = [{**common, **({} if "levels" in entry else {"severity": "yellow"}), **entry} for entry in entries]
    path = directory / "rules.yaml"
    path.write_text(yaml.safe_dump({"rules": filled}), encoding="utf-8")
    return load_rules([path], catalogue=CATALOGUE, kinds=KINDS)


def batch(vocabulary: Vocabulary, rows: Sequence[Row], **columns: Any) -> ReadingBatch:
    return batch_of(
        vocabulary,
        device=[vocabulary.device_ordinal[row[0]] for row in rows],
        metric=[vocabulary.metric_ordinal[row[1]] for row in rows],
        at=[row[2] for row in rows],
        value=[row[3] for row in rows],
        **columns,
    )


@dataclass
class Run:
    """A program with its state on the way through a story."""

    program: Program
    state: State
    told: list[Transition]

    @classmethod
    def of(cls, ruleset: RuleSet, registry: Registry, *, settle_s: float = 2.0, blind_after_s: float = 30.0) -> "Run":
        words = vocabulary_of(registry)
        program = engine.compile_rules(ruleset, registry, words, settle_s=settle_s, blind_after_s=blind_after_s)
        return cls(program, engine.initial_state(program), [])

    def readings(self, rows: Sequence[Row], **columns: Any) -> list[Transition]:
        self.state, told = engine.evaluate(self.program, self.state, batch(self.program.vocabulary, rows, **columns))
        self.told += told
        return told

    def tick(self, now: int) -> list[Transition]:
        self.state, told = engine.advance(self.program, self.state, now)
        self.told += told
        return told

    def of_rule(self, rule: str) -> list[Told]:
        return sorted((as_told(change) for change in self.told if change.rule == rule), key=lambda told: told[0])


def as_told(change: Transition) -> Told:
    return str(change.target), change.signal.value, to_micros(change.at), to_micros(change.since)


def seconds(told: Sequence[Told], start: int) -> list[tuple[str, float, float]]:
    """Signal, at and since, in seconds after `start`; for one target."""
    return [(signal, (when - start) / MICROS_PER_S, (since - start) / MICROS_PER_S) for _, signal, when, since in told]
