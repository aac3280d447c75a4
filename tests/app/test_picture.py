"""The live picture is what docs/internal-api.md says it is, and null where nothing is known."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from citybrain.engine.feeds import feed_rows
from domain.instants import to_micros
from tests.app.documented import differences, shapes
from tests.app.engine_room import NOON, EngineRoom, Row

DUSK = datetime(2026, 6, 1, 14, 0, tzinfo=UTC)
"""22:00 of the city: the sun has set two hours ago."""
LAMPS = [f"LP-{n}" for n in range(1, 7)]


def picture(room: EngineRoom, *, lighting: tuple[int, int] | None = None) -> dict[str, Any]:
    return room.parts.photographer.take(
        now=room.clock.micros(), counter=3, feeds=feed_rows(room.parts), trends_version=7, lighting=lighting
    )


def hear(room: EngineRoom, rows: list[Row], *, at: float) -> None:
    """As the process does it: the rules, the latest values, the open alerts."""
    step = room.judge(rows, at=at)
    for entry in step.entries:
        room.parts.latest.update(entry.settlement.readings)
        room.parts.totals.add(entry.settlement.ledger)
    for alert, _ in step.moves:
        room.parts.alerts.take(alert)


def evening(room: EngineRoom) -> float:
    room.clock.advance(DUSK - room.clock.now())
    return (DUSK - NOON).total_seconds()


def open_the_cover(room: EngineRoom) -> None:
    hear(room, [("MC-1", "cover_open", 1.0)], at=0)
    for second in range(1, 10):
        hear(room, [], at=second)


def test_a_picture_has_exactly_the_fields_that_are_documented(room: EngineRoom) -> None:
    open_the_cover(room)
    found = picture(room, lighting=(0, 1000))
    assert found["alerts"] and found["lamp_roads"] and found["feeds"]
    assert differences(found, shapes()["Picture"], of=shapes()) == []


def test_a_picture_is_json(room: EngineRoom) -> None:
    open_the_cover(room)
    json.dumps(picture(room), allow_nan=False)


def test_before_anything_is_heard_nothing_is_claimed(room: EngineRoom) -> None:
    indicators = picture(room)["indicators"]
    for name in ("lamps_lit", "noise_over", "pm2_5", "covers"):
        assert (name, indicators[name]["value"], indicators[name]["good"]) == (name, None, None)
        assert indicators[name]["age_s"] is None


def test_by_day_no_lamp_is_due_and_no_rate_is_claimed(room: EngineRoom) -> None:
    hear(room, [(lamp, "lamp_on", 0.0) for lamp in LAMPS], at=0)
    found = picture(room)
    lit = found["indicators"]["lamps_lit"]
    assert (lit["value"], lit["good"], lit["due"], lit["dark"]) == (None, None, 0, 0)
    assert [(road["rate"], road["due"]) for road in found["lamp_roads"]] == [(None, 0), (None, 0)]


def test_by_night_the_share_of_lit_lamps_is_told_by_road_and_in_all(room: EngineRoom) -> None:
    at = evening(room)
    hear(room, [(lamp, "lamp_on", float(lamp != "LP-1")) for lamp in LAMPS], at=at)
    hear(room, [], at=at + 3)
    found = picture(room)
    lit = found["indicators"]["lamps_lit"]
    assert (lit["lit"], lit["due"], lit["dark"], lit["good"]) == (5, 6, 1, False)
    assert lit["value"] == pytest.approx(100 * 5 / 6)
    assert [(road["id"], road["rate"], road["target"]) for road in found["lamp_roads"]] == [
        ("R1", 75.0, 98.0),
        ("R2", 100.0, 96.0),
    ]


def test_noise_counts_the_meters_over_the_limit_of_their_zone(room: EngineRoom) -> None:
    hear(room, [("NM-1", "laeq", 75.0), ("NM-2", "laeq", 45.0)], at=0)
    over = picture(room)["indicators"]["noise_over"]
    assert (over["value"], over["of"], over["good"], over["age_s"]) == (1, 2, False, 0.0)


def test_quiet_is_good(room: EngineRoom) -> None:
    hear(room, [("NM-1", "laeq", 45.0)], at=0)
    assert picture(room)["indicators"]["noise_over"] == {"value": 0, "good": True, "of": 2, "age_s": 0.0}


@pytest.mark.parametrize("level", [45.0, 75.0])
def test_after_a_restart_noise_is_unknown_until_a_meter_is_heard(room: EngineRoom, level: float) -> None:
    hear(room, [("NM-1", "laeq", level)], at=0)
    room.crash()
    over = picture(room)["indicators"]["noise_over"]
    assert over == {"value": None, "good": None, "of": 2, "age_s": None}
    hear(room, [("NM-1", "laeq", level)], at=2)
    assert picture(room)["indicators"]["noise_over"]["value"] == (level > 60)


@pytest.mark.parametrize(("value", "good"), [(60.0, True), (60.1, False)])
def test_fine_particles_are_held_against_the_limit_of_the_rule(room: EngineRoom, value: float, good: bool) -> None:
    hear(room, [("AQ-1", "pm2_5", value)], at=0)
    found = picture(room)["indicators"]["pm2_5"]
    assert (found["value"], found["limit"], found["good"]) == (value, 60.0, good)


def test_a_value_from_long_ago_is_no_value(room: EngineRoom) -> None:
    hear(room, [("AQ-1", "pm2_5", 20.0)], at=0)
    room.clock.advance(timedelta(seconds=31))
    found = picture(room)["indicators"]["pm2_5"]
    assert (found["value"], found["good"], found["age_s"]) == (None, None, 31.0)


def test_an_open_cover_shows_in_its_indicator_in_the_supervision_and_in_the_list(room: EngineRoom) -> None:
    open_the_cover(room)
    found = picture(room)
    assert found["supervision"] == {"red": 1, "yellow": 0, "white": 0}
    assert (found["indicators"]["covers"]["value"], found["indicators"]["covers"]["good"]) == (1, False)
    assert (found["indicators"]["unacknowledged"]["value"], found["alerts_total"]) == (1, 1)
    [alert] = found["alerts"]
    assert (alert["rule"], alert["target"], alert["state"], alert["place_zh"]) == (
        "cover-open",
        "device:MC-1",
        "active",
        "设备MC-1",
    )


def test_closed_covers_that_were_heard_are_good(room: EngineRoom) -> None:
    hear(room, [("MC-1", "cover_open", 0.0)], at=0)
    assert picture(room)["indicators"]["covers"] == {"value": 0, "good": True, "of": 2, "age_s": 0.0}


def test_an_acknowledged_alert_is_not_waiting_any_more(room: EngineRoom) -> None:
    open_the_cover(room)
    alert = picture(room)["alerts"][0]["id"]
    room.desk.command({"type": "acknowledge", "alert": alert, "actor": "duty"})
    for moved in room.desk.take_acknowledged():
        room.parts.alerts.take(moved)
    waiting = picture(room)["indicators"]["unacknowledged"]
    assert (waiting["value"], waiting["of"], waiting["good"]) == (0, 1, True)


def test_silent_devices_are_offline(room: EngineRoom) -> None:
    hear(room, [("NM-1", "laeq", 45.0)], at=0)
    for second in range(10, 61, 10):
        hear(room, [("NM-1", "laeq", 45.0)], at=second)
    found = picture(room)
    assert found["offline"] == ["AQ-1", "FC-1", "NM-2"]
    online = found["indicators"]["online"]
    assert (online["of"], online["good"]) == (12, False)
    assert online["value"] == pytest.approx(100 * 9 / 12)


def test_the_feed_row_counts_messages_and_balances(room: EngineRoom) -> None:
    hear(room, [("NM-1", "laeq", 45.0)], at=0)
    [feed] = picture(room)["feeds"]
    assert (feed["id"], feed["received"], feed["stored"], feed["imbalance"]) == ("city", 1, 1, 0)
    assert (feed["connected"], feed["last_message"], feed["journal_problem"]) == (False, None, None)


def test_times_are_milliseconds_of_the_citys_clock(room: EngineRoom) -> None:
    found = picture(room, lighting=(5_000_000, 9_000_000))
    assert found["at"] == to_micros(NOON) // 1000
    assert found["lighting"] == [5000, 9000]
    assert picture(room)["lighting"] is None
