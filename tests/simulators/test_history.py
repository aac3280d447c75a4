"""The day before: within the limits of the wire, marked as history, and without a step at the seam."""

import json
from datetime import datetime
from statistics import fmean

from domain.instants import to_micros
from simulators.history import history
from simulators.messages import Outgoing
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


def test_the_live_feed_goes_on_where_history_ends() -> None:
    stage = stage_of("demo")
    begin = begin_of(stage)
    world = stage.world(seed=SEED, begin=begin)
    latest = {entry["device"]: entry["v"] for entry in json.loads(sent()[-1].payload)}
    steps = []
    for meter in stage.registry.of_kind("noise_meter"):
        live = [world.values(meter, begin.timestamp() - 20 * i)["laeq"] for i in range(20)]
        steps.append(fmean(live) - latest[meter.id]["laeq"])
    assert abs(fmean(steps)) < 0.7 and max(map(abs, steps)) < 5
    for station in stage.registry.of_kind("air_station"):
        assert abs(world.values(station, begin.timestamp())["pm2_5"] - latest[station.id]["pm2_5"]) <= 6
