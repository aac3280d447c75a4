"""The feed: the same bytes from the same seed, in the grammar of docs/wire.md, with its faults where they belong."""

import json
import re
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from config.catalogue import load_catalogue
from domain.instants import to_micros
from domain.messages import Reason
from ingest.pipeline import Pipeline
from ingest.settings import IngestSettings
from ingest.statistics import Statistics
from simulators.feed import Feed
from simulators.messages import Outgoing
from simulators.poison import count, poisoned
from simulators.running import Stage
from simulators.scenario import Scenario
from tests.simulators.stage import as_message, begin_of, only, stage_of, stream

TOPIC = re.compile(r"citybrain/v1/(up|batch)/[A-Za-z0-9._-]{1,64}")
METER = "NM-011"


def story(**sections: Any) -> Stage:
    """The city that ships with a scenario of our own, which begins at noon."""
    plain = stage_of("calm")
    scenario = Scenario.model_validate({"zh": "测", "en": "Test", **sections})
    return Stage(registry=plain.registry, scenario=scenario, surroundings=plain.surroundings)


def faulty(seconds: float, *faults: dict[str, Any]) -> list[Outgoing]:
    """What one meter sends while it has these faults."""
    stage = story(faults=[{"target": {"devices": [METER]}, **fault} for fault in faults])
    return list(stream(only(stage, devices=frozenset({METER})), seconds=seconds))


def healthy(seconds: float) -> list[Outgoing]:
    return faulty(seconds)


def content(message: Outgoing) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(message.payload)
    return fields


def when(message: Outgoing) -> datetime:
    return datetime.fromisoformat(content(message)["t"])


def test_the_same_seed_gives_the_same_bytes() -> None:
    first = b"".join(m.topic.encode() + m.payload for m in stream(stage_of("demo"), seconds=30))
    again = b"".join(m.topic.encode() + m.payload for m in stream(stage_of("demo"), seconds=30))
    assert first == again


def test_another_seed_gives_another_stream() -> None:
    first = [m.payload for m in stream(stage_of("demo"), seconds=5)]
    assert first != [m.payload for m in stream(stage_of("demo"), seconds=5, seed=2)]


def test_messages_come_in_the_order_of_time() -> None:
    assert all(a.at <= b.at for a, b in pairwise(stream(stage_of("demo"), seconds=30)))


def test_healthy_messages_obey_the_grammar_of_the_wire() -> None:
    _, kinds = load_catalogue()
    registry = stage_of("calm").registry
    for message in stream(story(), seconds=65):
        assert TOPIC.fullmatch(message.topic)
        device = registry.devices[message.topic.rsplit("/", 1)[1]]
        fields = content(message)
        assert when(message).utcoffset() == timedelta(hours=8)
        assert set(fields["v"]) <= set(kinds[device.kind].metrics)
        assert fields["seq"] >= 0 and set(fields) <= {"t", "span", "v", "seq"}


def test_every_device_reports_at_its_own_interval() -> None:
    heard: dict[str, list[int]] = {}
    for message in stream(story(), seconds=185):
        heard.setdefault(message.topic.rsplit("/", 1)[1], []).append(message.at)
    for device in stage_of("calm").registry:
        gaps = {later - earlier for earlier, later in pairwise(heard[device.id])}
        assert gaps == {round(device.interval_s * 1_000_000)}


def test_the_hand_over_is_stamped_into_a_message() -> None:
    message = next(iter(stream(story(), seconds=1)))
    assert json.loads(message.stamped(1234567890123)) == {**content(message), "sent": 1234567890123}


def test_an_opened_cover_speaks_up_at_once_and_says_when_it_is_closed() -> None:
    stage = story(effects=[{"effect": "open", "at": "7s", "for": "21s", "target": {"devices": ["MC-033"]}}])
    begin = to_micros(begin_of(stage))
    told = [
        (round((m.at - begin) / 1e6, 1), content(m)["v"]["cover_open"])
        for m in stream(stage, seconds=40)
        if m.topic.endswith("MC-033")
    ]
    assert [t for t in told if t[1] == 1] == [(7.9, 1), (17.9, 1), (27.9, 1)]
    assert (28.9, 0) in told


def test_simulators_that_come_back_find_the_cover_still_open() -> None:
    stage = story(effects=[{"effect": "open", "at": "5s", "for": "5m", "target": {"devices": ["MC-033"]}}])
    begin = begin_of(stage)
    world = stage.world(seed=1, begin=begin)
    later_ms = round((begin.timestamp() + 100) * 1000)
    messages = stage.feed(world, seed=1, begin=begin).messages(later_ms)
    first = next(m for m in messages if m.topic.endswith("MC-033"))
    assert content(first)["v"]["cover_open"] == 1
    assert first.at / 1000 - later_ms <= 10_000


def test_dropout_silences_a_device_but_its_numbers_go_on() -> None:
    out = faulty(120, {"fault": "dropout", "at": "30s", "for": "40s"})
    gaps = [later.at - earlier.at for earlier, later in pairwise(out)]
    assert max(gaps) == 50_000_000
    steps = {content(b)["seq"] - content(a)["seq"] for a, b in pairwise(out)}
    assert steps == {1, 5}


def test_a_duplicate_is_the_same_message_again() -> None:
    payloads = Counter(m.payload for m in faulty(65, {"fault": "duplicate", "share": 1}))
    assert set(payloads.values()) == {2}


def test_out_of_order_messages_are_overtaken() -> None:
    times = [when(m) for m in faulty(600, {"fault": "out-of-order", "share": 0.2, "by": "25s"})]
    assert times != sorted(times)


def test_late_messages_come_besides_the_timely_ones() -> None:
    out = faulty(60, {"fault": "late", "share": 1, "by": "27h"})
    ages = Counter(round((m.at / 1e6 - when(m).timestamp()) / 3600) for m in out)
    assert ages == {0: 6, 27: 6}


def test_a_skewed_clock_shifts_the_time_and_nothing_else() -> None:
    skewed = faulty(30, {"fault": "skew", "by": "10m"})
    for bad, good in zip(skewed, healthy(30), strict=True):
        assert when(bad) - when(good) == timedelta(minutes=10)
        assert content(bad)["v"] == content(good)["v"]


def test_a_stuck_sensor_repeats_itself() -> None:
    values = {json.dumps(content(m)["v"]) for m in faulty(90, {"fault": "stuck", "at": "20s"})[2:]}
    assert len(values) == 1


def test_a_drifting_metric_runs_away() -> None:
    out = faulty(600, {"fault": "drift", "metric": "laeq", "per_hour": 600})
    drift = [
        content(bad)["v"]["laeq"] - content(good)["v"]["laeq"] for bad, good in zip(out, healthy(600), strict=True)
    ]
    assert 95 < drift[-1] < 101 and drift == sorted(drift)


def test_a_burst_is_many_messages_of_one_second() -> None:
    out = faulty(15, {"fault": "burst", "share": 1, "count": 30})
    assert len(out) == 31 and len({m.payload for m in out}) == 31
    assert out[-1].at - out[0].at < 1_000_000


def test_faults_compose() -> None:
    out = faulty(
        35, {"fault": "duplicate", "share": 1}, {"fault": "stuck"}, {"fault": "skew", "by": "8m", "behind": True}
    )
    assert len(out) == 6
    assert len({json.dumps(content(m)["v"]) for m in out}) == 1
    assert {round((m.at / 1e6 - when(m).timestamp()) / 60) for m in out} == {8}


def test_a_share_of_the_fleet_is_about_that_share() -> None:
    stage = story(faults=[{"fault": "duplicate", "share": 0.1}])
    begin = begin_of(stage)
    feed: Feed = stage.feed(stage.world(seed=1, begin=begin), seed=1, begin=begin)
    total = 0
    for message in feed.messages(to_micros(begin) // 1000):
        if message.at >= to_micros(begin) + 60_000_000:
            break
        total += 1
    assert 0.08 < feed.by_fault["duplicate"] / (total - feed.by_fault["duplicate"]) < 0.12


def test_every_way_of_being_useless_ends_in_quarantine() -> None:
    catalogue, _ = load_catalogue()
    stage = story()
    message = next(m for m in stream(stage, seconds=20) if METER in m.topic)
    pipeline = Pipeline(stage.registry, catalogue, IngestSettings(), statistics=Statistics(["city"]))
    reasons = set()
    for variant in range(count()):
        topic, payload = poisoned(variant, METER, content(message))
        bad = Outgoing(at=message.at + variant, topic=topic, payload=payload, is_object=False)
        settlement = pipeline.settle([as_message(bad)], message.at)
        assert len(settlement.readings) == 0 and settlement.quarantined, (variant, payload)
        reasons |= {entry.reason for entry in settlement.quarantined}
    of_other_formats = {Reason.NO_CODEC, Reason.ENCRYPTED, Reason.STORE_REFUSED}
    assert reasons == set(Reason) - {Reason.TOO_LARGE, Reason.TOO_MANY_POINTS, Reason.FUTURE_TIME} - of_other_formats
