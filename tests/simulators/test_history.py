"""The day before: within the limits of the wire, marked as history, and without a step at the seam."""

import json
from collections.abc import Iterable
from datetime import datetime
from math import log10
from statistics import fmean

import pytest

from domain.instants import to_micros
from domain.places import NoiseZone
from simulators.dice import Dice
from simulators.effects import SoundEffect
from simulators.history import history
from simulators.messages import Outgoing
from simulators.targets import Choice, TargetEntry
from simulators.timing import Occurrences
from tests.simulators.stage import SEED, begin_of, stage_of

HOURS = 24


def sent() -> list[Outgoing]:
    stage = stage_of("demo")
    begin = begin_of(stage)
    world = stage.world(seed=SEED, begin=begin)
    return list(history(stage.registry, world, until_ms=to_micros(begin) // 1000, hours=HOURS))


def test_a_day_of_history_is_a_few_messages_within_the_limits() -> None:
    messages = sent()
    assert len(messages) == HOURS * 4
    assert max(len(m.payload) for m in messages) < 256 * 1024
    assert {m.topic for m in messages} == {"citybrain/v1/batch/history"}


def test_every_entry_is_history_of_the_last_day_and_not_of_tomorrow() -> None:
    begin = begin_of(stage_of("demo"))
    entries = [entry for message in sent() for entry in json.loads(message.payload)]
    assert all(entry["hist"] is True for entry in entries)
    ages = {(begin - datetime.fromisoformat(entry["t"])).total_seconds() / 3600 for entry in entries}
    assert min(ages) >= 0 and max(ages) < HOURS
    assert len(ages) == HOURS * 4


def energy_mean(levels: Iterable[float]) -> float:
    return 10 * log10(fmean(10 ** (level / 10) for level in levels))


def test_the_last_quarter_of_an_hour_is_what_its_reports_would_have_been() -> None:
    stage = stage_of("demo")
    begin = begin_of(stage)
    world = stage.world(seed=SEED, begin=begin)
    latest = {entry["device"]: entry["v"] for entry in json.loads(sent()[-1].payload)}
    steps = []
    for meter in stage.registry.of_kind("noise_meter"):
        reports = [world.values(meter, begin.timestamp() - 10 * i)["laeq"] for i in range(90)]
        steps.append(energy_mean(reports) - latest[meter.id]["laeq"])
    assert abs(fmean(steps)) < 0.3 and max(map(abs, steps)) < 2.5
    for station in stage.registry.of_kind("air_station"):
        assert abs(world.values(station, begin.timestamp())["pm2_5"] - latest[station.id]["pm2_5"]) <= 6


def test_the_chart_of_noise_has_no_step_where_the_evening_begins() -> None:
    stage = stage_of("demo")
    begin = begin_of(stage).timestamp()
    world = stage.world(seed=SEED, begin=begin_of(stage))
    meters = [meter for meter in stage.registry.of_kind("noise_meter") if meter.zone is NoiseZone.TWO]

    def hour_from(quarter: int) -> float:
        ends = [begin + 900 * (quarter + n + 1) for n in range(4)]
        return energy_mean(world.mean_level(meter, end, span_s=900) for meter in meters for end in ends)

    assert abs(hour_from(0) - hour_from(-4)) < 1.5


@pytest.mark.parametrize("end_s", [150.0, 700.0, 1650.0, -300.0, -6000.0, -8000.0])
def test_the_share_of_a_sound_in_a_span_is_that_of_its_seconds(end_s: float) -> None:
    entry = SoundEffect.model_validate({"effect": "sound", "at": "5m", "for": "150s", "every": "11m", "level": 60})
    registry = stage_of("demo").registry
    target = TargetEntry(kind="noise_meter")
    choice = Choice(target, registry, Dice(SEED, "share"))
    heard = Occurrences(entry, origin_s=0.0, choice=choice, before_s=7200.0)
    seconds = [heard.hits("NM-001", end_s - 900 + n + 0.5) is not None for n in range(900)]
    assert sum(heard.shares("NM-001", end_s - 900, end_s)) == pytest.approx(fmean(seconds))
