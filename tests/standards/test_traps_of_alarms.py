"""What is easily got wrong on the way from a message to an alarm, with the intake and the rules that ship."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from config.catalogue import load_catalogue
from domain.devices import Device, Registry
from domain.instants import MICROS_PER_S, from_micros, iso
from domain.messages import Message
from ingest.pipeline import Pipeline
from ingest.settings import IngestSettings
from ingest.statistics import Statistics
from rules import engine
from tests.rules.city import at, device, lamps, meter, registry_of, road, shipped

S = MICROS_PER_S
MINUTE = 60 * S
NOON = at("2026-11-22T12:00:00")
NIGHT = at("2026-11-22T21:00:00")


class Way:
    """Messages through the intake into the rules, on the clock of the test."""

    def __init__(self, registry: Registry) -> None:
        self.pipeline = Pipeline(registry, load_catalogue()[0], IngestSettings(), statistics=Statistics(["city"]))
        self.program = engine.compile_rules(shipped(), registry, self.pipeline.vocabulary)
        self.state = engine.initial_state(self.program)
        self.held: list[tuple[str, str]] = []
        self.quarantined: list[str] = []

    def bring(self, messages: Sequence[Message], now: int) -> None:
        settlement = self.pipeline.settle(messages, now)
        self.quarantined += [str(entry.reason) for entry in settlement.quarantined]
        self.state, heard = engine.evaluate(self.program, self.state, settlement.readings)
        self.state, passed = engine.advance(self.program, self.state, now)
        self.held += [(change.rule, str(change.target)) for change in (*heard, *passed) if change.signal == "held"]

    def wait(self, now: int, *, minutes: int) -> None:
        """Time passes and nobody speaks."""
        for second in range(0, minutes * 60, 15):
            self.bring([], now + second * S)


def said(name: str, moment: int, values: dict[str, float], *, received: int | None = None, **more: Any) -> Message:
    retain = bool(more.pop("retain", False))
    content = {"t": iso(from_micros(moment)), "v": values, **more}
    return Message(
        feed="city",
        topic=f"citybrain/v1/up/{name}",
        payload=json.dumps(content).encode(),
        received=moment + S if received is None else received,
        retain=retain,
    )


def test_eighty_lamps_of_a_dark_feeder_are_one_alarm_of_the_feeder_and_one_of_the_road() -> None:
    feeder = device("F", "feeder_cabinet", interval_s=60)
    burning: list[Device] = [device(f"L{number}", "lamp", road="R", parent="F", interval_s=60) for number in range(80)]
    way = Way(registry_of(feeder, *burning, roads=[road("R")]))
    for minute in range(22):
        now, lit = NIGHT + minute * MINUTE, float(minute < 10)
        values = {"lamp_on": lit, "dim_level": 100 * lit, "voltage": 230 * lit, "current": 0.4 * lit}
        if minute == 0:  # commands stay in force: they were sent at dusk
            values |= {"lamp_command": 1.0, "dim_command": 100.0}
        feed = [said("F", now, {"voltage": 230 * lit}), *(said(lamp.id, now, values) for lamp in burning)]
        way.bring(feed, now + S)
    assert way.quarantined == []
    assert Counter(way.held) == {("feeder-dark", "device:F"): 1, ("lamps-lit", "road:R"): 1}


def test_eighty_lamps_that_fall_silent_with_their_feeder_are_no_eighty_alarms() -> None:
    """Without mains a controller says nothing more; the cabinet runs on its battery."""
    burning = [device(f"L{number}", "lamp", road="R", parent="F", interval_s=60) for number in range(80)]
    way = Way(registry_of(device("F", "feeder_cabinet", interval_s=60), *burning, roads=[road("R")]))
    for minute in range(30):
        now = NIGHT + minute * MINUTE
        speaking = burning if minute < 10 else []
        way.bring(
            [said("F", now, {"voltage": 230.0}), *(said(one.id, now, {"lamp_on": 1}) for one in speaking)], now + S
        )
    assert [target for _, target in way.held if target.startswith("device:L")] == []


def test_lamps_that_burn_by_day_and_lamps_that_are_silent_enter_no_rate_of_lamps_lit() -> None:
    some = lamps("R", 10, interval_s=60)
    by_day = Way(registry_of(*some, roads=[road("R")]))
    by_night = Way(registry_of(*some, roads=[road("R")]))
    for minute in range(30):
        for way, begin in ((by_day, NOON), (by_night, NIGHT)):
            now = begin + minute * MINUTE
            # by day one lamp burns and nine are dark; at night four are silent and six are lit
            lit = [(lamp.id, float(way is by_night or number == 0)) for number, lamp in enumerate(some)]
            lit = lit[:6] if way is by_night and minute > 5 else lit
            way.bring([said(name, now, {"lamp_on": value}) for name, value in lit], now + S)
    assert by_day.held == [("lamp-by-day", f"device:{some[0].id}")]
    assert by_night.held == []


@pytest.mark.parametrize(
    ("values", "units", "told"),
    [
        ({"ch4_lel": 4_900}, {"ch4_lel": "ppm"}, []),  # 9.8 %LEL
        ({"ch4_lel": 5_000}, {"ch4_lel": "ppm"}, ["gas-methane-white"]),  # 10 %LEL
        ({"ch4_lel": 1.25}, {"ch4_lel": "%vol"}, ["gas-methane-white", "gas-methane-yellow"]),  # 25 %LEL
        ({"ch4_lel": 1.25}, {}, []),  # 1.25 %LEL
        ({"h2s": 7.0}, {"h2s": "ppm"}, ["gas-h2s-yellow"]),  # 9.8 mg/m³, not 7
        ({"h2s": 7.3}, {"h2s": "ppm"}, ["gas-h2s-red", "gas-h2s-yellow"]),  # 10.2 mg/m³
        ({"h2s": 9.8}, {}, ["gas-h2s-yellow"]),
    ],
)
def test_gas_is_held_against_the_limit_in_the_unit_of_the_limit(
    values: dict[str, float], units: dict[str, str], told: list[str]
) -> None:
    way = Way(registry_of(device("C", "manhole_cover")))
    way.bring([said("C", NOON, values, u=units)], NOON + S)
    way.wait(NOON + S, minutes=1)
    assert sorted(rule for rule, _ in way.held) == told
    assert way.quarantined == []


def noisy(*messages: Message, until: int = NOON + 10 * MINUTE) -> Way:
    """A meter of zone 2 by day; each message is brought when it came."""
    way = Way(registry_of(meter("N", "2", interval_s=60)))
    for message in messages:
        way.bring([message], message.received)
    way.wait(max([NOON, *(message.received for message in messages)]), minutes=2)
    return way


LOUD = {"laeq": 75.0}
QUIET = {"laeq": 50.0}
ALARMS = {("noise-zone", "device:N"), ("noise-city-target", "device:N")}


def test_a_loud_level_that_comes_now_is_told() -> None:
    assert set(noisy(said("N", NOON, LOUD)).held) == ALARMS


def test_a_retained_level_from_this_morning_is_told_to_nobody() -> None:
    old = said("N", NOON - 60 * MINUTE, LOUD, received=NOON, retain=True)
    fresh = said("N", NOON, LOUD, retain=True)
    assert noisy(old).held == [] and noisy(fresh).held == []


def test_a_level_that_comes_after_a_newer_one_does_not_raise_what_is_over() -> None:
    late = said("N", NOON - 2 * MINUTE, LOUD, received=NOON + 2 * S)
    assert noisy(said("N", NOON, QUIET), late).held == []


def test_a_message_that_the_broker_sends_twice_is_one_alarm_and_keeps_no_violation_alive() -> None:
    loud = said("N", NOON, LOUD)
    again = [said("N", NOON, LOUD, received=NOON + minute * MINUTE) for minute in (1, 2, 3)]
    once, thrice = noisy(loud), noisy(loud, *again)
    assert Counter(once.held) == Counter(thrice.held) == dict.fromkeys(ALARMS, 1)


def test_a_redelivered_level_does_not_open_again_what_a_quiet_one_closed() -> None:
    told = noisy(
        said("N", NOON, LOUD),
        said("N", NOON + MINUTE, QUIET),
        said("N", NOON + 2 * MINUTE, QUIET),
        said("N", NOON, LOUD, received=NOON + 3 * MINUTE),
    )
    assert Counter(told.held) == dict.fromkeys(ALARMS, 1)


def test_a_level_from_the_future_of_a_wrong_clock_is_quarantined() -> None:
    ahead = noisy(said("N", NOON + 6 * MINUTE, LOUD, received=NOON))
    assert (ahead.held, ahead.quarantined) == ([], ["future-time"])


def test_history_that_is_sent_on_purpose_is_told_to_nobody() -> None:
    assert noisy(said("N", NOON, LOUD, hist=True)).held == []
