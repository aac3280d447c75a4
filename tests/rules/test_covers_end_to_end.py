"""A cover's inclinometer from its radio payload to the alert: intake and rules as they ship."""

import base64
import json
import math
import struct
from dataclasses import replace

import pytest

from config.catalogue import load_catalogue
from domain.devices import Dialect
from domain.instants import MICROS_PER_S, from_micros, iso
from domain.messages import Message
from ingest.pipeline import Pipeline
from ingest.settings import IngestSettings
from ingest.statistics import Statistics
from rules import engine
from rules.program import Program
from tests.rules.city import at, device, registry_of, shipped

S = MICROS_PER_S
START = at("2026-11-22T12:00:00")
EUI = "24e124785c389818"
TOPIC = f"application/17c82e96-be03-4f38-aef3-f83d48582d97/device/{EUI}/event/up"
SLOPE = 12.0
"""Degrees: the street under the cover is not level, so that as installed an axis shows more than the limit already."""
COVER = replace(
    device("C", "manhole_cover"),
    aliases=(EUI,),
    dialect=Dialect(codec="milesight-em310-tilt", installed=(SLOPE, 0.0, 90.0 - SLOPE)),
)


def uplink(second: int, tilted: float) -> Message:
    """An EM310-TILT's frame behind ChirpStack 4, of a cover turned so far out of its installed position."""
    angle = math.radians(SLOPE + tilted)
    axes = (math.degrees(math.asin(part)) for part in (math.sin(angle), 0.0, math.cos(angle)))
    frame = bytes.fromhex("03CF") + struct.pack("<hhhB", *(round(100 * axis) for axis in axes), 0)
    moment = START + second * S
    content = {
        "deduplicationId": f"00000000-0000-4000-8000-{second:012d}",
        "time": iso(from_micros(moment)),
        "deviceInfo": {"devEui": EUI, "deviceName": "cover"},
        "fCnt": second,
        "fPort": 85,
        "data": base64.b64encode(frame).decode(),
    }
    return Message(feed="city", topic=TOPIC, payload=json.dumps(content).encode(), received=moment + 200_000)


@pytest.fixture(scope="module")
def program() -> Program:
    pipeline = pipeline_of()
    return engine.compile_rules(shipped(), registry_of(COVER), pipeline.vocabulary)


def pipeline_of() -> Pipeline:
    return Pipeline(registry_of(COVER), load_catalogue()[0], IngestSettings(), statistics=Statistics(["city"]))


def alerts(program: Program, *sent: tuple[int, float], until: int = 300) -> list[tuple[str, int, float]]:
    """Rules that fired: when, in seconds, and by which tilt, rounded."""
    pipeline, state = pipeline_of(), engine.initial_state(program)
    frames = dict(sent)
    told = []
    for second in range(until):
        now = START + second * S + 500_000
        messages = [uplink(second, frames[second])] if second in frames else []
        settlement = pipeline.settle(messages, now)
        assert not settlement.quarantined
        state, heard = engine.evaluate(program, state, settlement.readings)
        state, passed = engine.advance(program, state, now)
        told += [change for change in heard + passed if change.signal == "held"]
    return [
        (change.rule, round((change.at - from_micros(START)).total_seconds()), round(change.evidence.value or 0.0))
        for change in told
    ]


def test_a_cover_that_lies_in_a_slope_as_installed_is_not_tilted(program: Program) -> None:
    assert alerts(program, (10, 0.0), (70, -9.0), (130, 9.0)) == []


def test_a_cover_tilted_by_more_than_ten_degrees_from_its_installed_position_is_told_after_the_hold_time(
    program: Program,
) -> None:
    assert alerts(program, (10, 0.0), (70, 14.0), (130, 14.0)) == [("cover-tilt", 100, 14)]
    # against the horizon it lies flatter than as installed
    assert alerts(program, (10, 0.0), (70, -14.0)) == [("cover-tilt", 100, 14)]


def test_a_vehicle_that_passes_raises_nothing(program: Program) -> None:
    assert alerts(program, (10, 0.0), (70, 25.0), (95, 1.0), (160, 30.0), (180, 0.0)) == []


def test_a_cover_beyond_ninety_degrees_is_told_at_once(program: Program) -> None:
    assert alerts(program, (10, 0.0), (70, 120.0), until=90) == [("cover-overturned", 70, 120)]
