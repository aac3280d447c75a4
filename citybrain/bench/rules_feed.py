"""The feed and the rules of `citybrain bench rules`: a city of meters and covers, one reading in a hundred too high."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from config.catalogue import load_catalogue
from domain.devices import Device, Registry
from domain.instants import MICROS_PER_S
from domain.places import City, NoiseZone, Place
from domain.readings import ReadingBatch, Vocabulary
from rules.loading import RuleSet, load_rules

Floats = npt.NDArray[np.float64]

INTERVAL_S = 60
SHARE_OF_METERS = 0.6
VIOLATED = {"meters": 0.015, "covers": 0.002}
"""Share of the readings that break at least one limit: about one in a hundred of all."""
EPISODE = 30
"""Readings that a violation lasts, on average."""
START = 1_789_958_400 * MICROS_PER_S
"""Ten o'clock of a day in September 2026 in Shanghai; a million readings of 100,000 devices take ten minutes."""
LAG = (MICROS_PER_S // 10, MICROS_PER_S // 2)
"""How long a reading is under way, each its own time."""
LIMITS = (60, 62, 64, 66, 68, 70, 75)
_ZONES = (NoiseZone("2"), NoiseZone("3"), NoiseZone("4a"))
_SEED = 20_260_301


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """Whom the rules judge."""

    registry: Registry
    ruleset: RuleSet
    vocabulary: Vocabulary


def town(folder: Path, *, devices: int) -> Town:
    """Noise meters in three zones and manhole covers; ten rules look at each of their readings."""
    catalogue, kinds = load_catalogue()
    meters = round(devices * SHARE_OF_METERS)
    centre = Place(lon=112.5, lat=30.9)
    named = {f"NM-{n:06d}": n for n in range(meters)} | {f"MH-{n:06d}": n for n in range(meters, devices)}
    registry = Registry(
        city=City(zh="基准城", en="Benchville", timezone="Asia/Shanghai", centre=centre),
        kinds=kinds,
        devices={
            name: Device(
                id=name,
                kind="noise_meter" if n < meters else "manhole_cover",
                zh=name,
                en=name,
                place=centre,
                interval_s=INTERVAL_S,
                zone=_ZONES[n % len(_ZONES)] if n < meters else None,
            )
            for name, n in named.items()
        },
    )
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump({"rules": [*_rules()]}), encoding="utf-8")
    ruleset = load_rules([file], catalogue=catalogue, kinds=kinds)
    return Town(registry=registry, ruleset=ruleset, vocabulary=Vocabulary(devices=[*named], metrics=[*catalogue.codes]))


def _rules() -> Iterator[Mapping[str, Any]]:
    """Ten for each metric."""
    common = {"zh": "基准", "en": "Bench", "severity": "white", "clause": {"zh": "基准", "en": "Bench"}}
    noise = {**common, "kind": "threshold", "metric": "laeq", "unit": "dB(A)", "dead_band": 1}
    for number, limit in enumerate(LIMITS):
        hold, compare = f"{60 * (number % 3)}s", "<=" if number % 2 else "<"
        yield {**noise, "id": f"above-{limit}", "compare": compare, "limit": limit, "hold": hold, "clear": "60s"}
    yield {**noise, "id": "below-20", "compare": ">", "limit": 20, "hold": "60s"}
    for number in range(2):
        table = {"id": f"zone-{number}", "compare": "<=", "limit": {"table": "gb3096"}, "hold": f"{30 + 60 * number}s"}
        yield {**noise, **table, "clear": "60s"}
    for number in range(10):
        yield {
            **common,
            **{"id": f"open-{number}", "kind": "state", "metric": "cover_open", "normal": 0},
            **{"hold": f"{5 + 30 * number}s", "clear": f"{10 * number}s"},
        }


def feed(town: Town, *, readings: int) -> ReadingBatch:
    """Every device once an interval, in an order of its own each time; received a tenth to half of a second later."""
    generator = np.random.default_rng(_SEED)
    devices = len(town.registry)
    meters = round(devices * SHARE_OF_METERS)
    rounds = -(-readings // devices)
    order = np.concatenate([generator.permutation(devices) for _ in range(rounds)])[:readings]
    number = np.arange(readings, dtype=np.int64)
    at = START + number * (INTERVAL_S * MICROS_PER_S) // devices
    level = np.concatenate(list(_excess(generator, devices, rounds)))[number // devices * devices + order]
    is_meter = order < meters
    quiet = generator.uniform(38.0, 54.0, size=readings).round(1)
    words = town.vocabulary.metric_ordinal
    return ReadingBatch(
        vocabulary=town.vocabulary,
        device=order.astype(np.int32),
        metric=np.where(is_meter, words["laeq"], words["cover_open"]).astype(np.int16),
        at=at,
        received=at + generator.integers(*LAG, size=readings),
        value=np.where(is_meter, np.where(level > 0, 60 + level, quiet), (level > 0).astype(np.float64)),
        span=np.full(readings, INTERVAL_S, dtype=np.float32),
        quality=np.zeros(readings, dtype=np.uint8),
        live=np.ones(readings, dtype=np.bool_),
    )


def _excess(generator: np.random.Generator, devices: int, rounds: int) -> Iterator[Floats]:
    """By how much each device is too high in each round, 0 where it is not; it stays so for a while."""
    meters = round(devices * SHARE_OF_METERS)
    share = np.where(np.arange(devices) < meters, VIOLATED["meters"], VIOLATED["covers"])
    begins = share / EPISODE / (1 - share)
    height = 1.0 + generator.exponential(4.0, size=devices)
    up = generator.random(devices) < share
    for _ in range(rounds):
        yield np.where(up, height + generator.uniform(-0.5, 0.5, size=devices), 0.0).round(1)
        chance = generator.random(devices)
        up = np.where(up, chance > 1 / EPISODE, chance < begins)
