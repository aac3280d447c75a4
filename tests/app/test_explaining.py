"""Why an alert: its readings, each against its limit, and the whole story judged once more out of the store."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cases.errors import CommandRefused
from citybrain.commands.explain_page import Speech, page_of
from citybrain.explaining.subject import subject_of
from config.catalogue import load_catalogue
from dashboard.languages import Language
from dashboard.story_words import MOVE_OF, StoryWords
from dashboard.words import load_words
from domain.alerts import AlertMove
from domain.conditions import Signal
from domain.instants import to_micros
from rules.kinds.table import KINDS
from tests.app.documented import differences, shapes
from tests.app.engine_room import NOON, EngineRoom

LEVELS = [55.0, *[70.0] * 5, *[50.0] * 8]
"""One every ten seconds, by day in class 2: the limit is 60 dB(A), held after 30 s, clear after 60 s."""


@pytest.fixture
def told(room: EngineRoom) -> str:
    """The id of a noise alert that opened at 10 s, was held at 40 s and returned at 120 s; its readings are stored."""
    for number, level in enumerate(LEVELS):
        room.judge([("NM-1", "laeq", level)], at=10 * number)
        room.parts.store.write(room.batch([("NM-1", "laeq", level)], at=10 * number), through=None)
    [alert] = [alert for alert, _ in room.history() if alert.rule == "noise-zone"]
    return alert.id


def speech() -> Speech:
    words, (catalogue, _) = load_words(), load_catalogue()
    names = {metric.code: {"zh": metric.zh, "en": metric.en} for metric in catalogue}
    return Speech(words=words, story=StoryWords(words, names))


def explained(room: EngineRoom, alert: str) -> dict[str, Any]:
    return room.desk.explanation(alert)


def test_it_has_exactly_the_fields_that_are_documented(room: EngineRoom, told: str) -> None:
    assert differences(explained(room, told), shapes()["Explanation"], of=shapes()) == []


def test_every_reading_stands_against_the_limit_of_its_time(room: EngineRoom, told: str) -> None:
    readings = explained(room, told)["readings"]
    assert [(reading["value"], reading["limit"], reading["finding"]) for reading in readings] == [
        (level, 60.0, "violated" if level > 60 else "ok") for level in LEVELS[: len(readings)]
    ]
    assert len(readings) >= 12


def test_every_move_comes_with_its_numbers(room: EngineRoom, told: str) -> None:
    steps = explained(room, told)["steps"]
    assert [(step["move"], step["evidence"]["value"], step["evidence"]["limit"]) for step in steps] == [
        ("open", 70.0, 60.0),
        ("hold", 70.0, 60.0),
        ("return", 50.0, 60.0),
    ]


def test_the_stored_readings_judged_once_more_give_the_same_moves(room: EngineRoom, told: str) -> None:
    again = explained(room, told)["retold"]
    at = {
        name: to_micros(NOON + timedelta(seconds=seconds)) // 1000
        for name, seconds in (("v", 10), ("h", 40), ("c", 120))
    }
    assert [(one["signal"], one["at"]) for one in again["signals"]] == [
        ("violated", at["v"]),
        ("held", at["h"]),
        ("cleared", at["c"]),
    ]
    assert again["agrees"] and again["missing"] == []


def test_a_reading_that_the_store_has_otherwise_is_found_out(room: EngineRoom, told: str) -> None:
    room.parts.store.delete_before(NOON + timedelta(seconds=25))
    again = explained(room, told)["retold"]
    assert not again["agrees"]
    assert [move["move"] for move in again["missing"]] == ["open", "hold"]


def test_the_rule_is_told_as_its_file_says_it(room: EngineRoom, told: str) -> None:
    rule = explained(room, told)["rule"]
    assert rule["settings"]["hold"] == 30.0 and rule["settings"]["limit"] == {"table": "gb3096"}
    assert rule["file"].endswith("shipped.yaml") and rule["line"] > 1


def test_an_alert_whose_rule_is_gone_is_still_told(room: EngineRoom, told: str) -> None:
    ruleset = room.parts.installation.ruleset
    without = tuple(rule for rule in ruleset.rules if rule.entry.id != "noise-zone")
    explainer = room.desk.explainer(replace(ruleset, rules=without))
    [(alert, moves)] = [story for story in room.history() if story[0].rule == "noise-zone"]
    found = explainer.explain(alert, moves, room.parts.store.batches)
    assert found["rule"] is None and found["retold"] is None and len(found["steps"]) == 3
    assert "no longer loaded" in page_of(found, ZoneInfo("Asia/Shanghai"), speech())


def test_an_unknown_alert_is_refused(room: EngineRoom) -> None:
    with pytest.raises(CommandRefused):
        explained(room, "nobody")


def test_the_page_shows_sums_that_a_pocket_calculator_can_check(room: EngineRoom, told: str) -> None:
    page = page_of(explained(room, told), ZoneInfo("Asia/Shanghai"), speech())
    assert "2026-06-01 12:00:10  开始超限 Limit first broken → pending" in page
    assert "70 > 60 dB(A)   (+10)" in page
    assert "据 by NM-1 laeq 70 dB(A) (2026-06-01 12:00:10)" in page
    assert "50 ≤ 60 dB(A)   (-10)" in page
    assert "hold 30 s, clear 60 s" in page
    assert "The stored readings, judged again as they came, give every move on record." in page


def test_the_page_tells_every_time_by_the_city_and_settings_as_their_file_has_them(room: EngineRoom, told: str) -> None:
    found = explained(room, told)
    found["steps"][0]["evidence"]["figures"] = {"last_seen": "2026-06-01T03:58:10.000Z", "edition": "GB 3096-2008"}
    found["steps"][1]["evidence"]["figures"] = {"window_to": "2026-06-01T13:00:00+09:00"}
    page = page_of(found, ZoneInfo("Asia/Shanghai"), speech())
    assert "末次上报 last_seen 2026-06-01 11:58:10" in page
    assert "window_to 2026-06-01 12:00:00" in page
    assert "limit {table: gb3096}" in page


@pytest.mark.parametrize("kind", [*sorted(KINDS), ""])
def test_there_is_a_word_for_every_move_and_signal_of_every_kind(kind: str) -> None:
    names = [*AlertMove, *(MOVE_OF[signal] for signal in Signal)]
    told = [speech().story.move(name, language, kind=kind, comparison="<") for name in names for language in Language]
    assert all(told)


@pytest.mark.parametrize(
    ("kind", "comparison", "begins"),
    [
        ("threshold", "<=", "开始超限"),
        ("guarded", "=", "异常开始"),
        ("guarded", "<=", "开始超限"),
        ("absence", "<", "开始离线"),
        ("frozen", ">", "读数开始不变"),
        ("clock", "<=", "时钟开始偏差"),
        ("ratio", ">=", "开始不达标"),
        ("outage", "<", "同时熄灯"),
        ("correlation", "<", "各条件同时成立"),
        ("drift", "<=", "开始偏离邻近站点"),
    ],
)
def test_an_alert_begins_in_the_words_of_its_kind(kind: str, comparison: str, begins: str) -> None:
    assert speech().story.move("open", Language.CHINESE, kind=kind, comparison=comparison) == begins


def test_every_figure_of_a_story_has_a_name_in_both_languages() -> None:
    story = speech().story
    named = {
        "1": ("条件 1", "Condition 1"),
        "2_devices": ("条件 2 异常设备", "Condition 2, broken at"),
        "iaqi_pm2_5_1h": ("细颗粒物 PM2.5 分指数（1 h）", "Fine particles PM2.5, index (1 h)"),
        "minutes_so2": ("二氧化硫 有效分钟数", "Sulphur dioxide, minutes covered"),
        "voltage": ("电压", "Voltage"),
        "anything_else": ("anything_else", "anything_else"),
    }
    assert {name: tuple(story.figure(name, language) for language in Language) for name in named} == named


@pytest.mark.parametrize(
    ("verdict", "zh", "en"),
    [
        ({"off_s": 0.25}, "相差不超过 0.25 秒", "at most 0.25 s beside it"),
        ({"watched_from": to_micros(NOON) // 1000}, "2026-06-01 12:00:00 之前没有收到", "Before 2026-06-01 12:00:00"),
        ({"agrees": False}, "不能重现", "do not come out at the same moment"),
        ({"agrees": False, "is_whole": False}, "只复算了一部分", "only a part was judged again"),
        ({"order": "event", "off_s": 5.0}, "而非收到次序）复算", "not as they came, give every move on record"),
        ({"agrees": False, "ways_left_out": True}, "迟到的读数过多", "Too many readings came late"),
    ],
)
def test_the_verdict_says_plainly_what_was_found(
    room: EngineRoom, told: str, verdict: dict[str, Any], zh: str, en: str
) -> None:
    found = explained(room, told)
    found["retold"] |= verdict
    page = page_of(found, ZoneInfo("Asia/Shanghai"), speech())
    assert zh in page and en in page


def test_no_figure_and_no_setting_of_a_long_story_is_cut(room: EngineRoom, told: str) -> None:
    found = explained(room, told)
    found["steps"][0]["evidence"]["figures"] = {f"minutes_{metric}": 60.0 for metric in ("pm10", "so2", "no2", "o3")}
    page = page_of(found, ZoneInfo("Asia/Shanghai"), speech())
    assert all(f"minutes_{metric} 60" in page for metric in ("pm10", "so2", "no2", "o3"))
    assert "…" not in page


def test_the_silence_of_a_device_is_told_from_its_last_reading_on(room: EngineRoom) -> None:
    room.judge([("NM-1", "laeq", 55.0)], at=0)
    room.parts.store.write(room.batch([("NM-1", "laeq", 55.0)], at=0), through=None)
    for second in range(10, 400, 10):
        room.judge(at=second)
    [alert] = [one for one, _ in room.history() if one.rule == "device-silent" and one.target.id == "NM-1"]
    found = explained(room, alert.id)
    assert [reading["value"] for reading in found["readings"]] == [55.0]
    assert found["retold"]["agrees"]


@pytest.mark.parametrize(
    ("rule", "hours"), [("aqi-hourly", 25), ("air-station-frozen", 6), ("cover-open", 12), ("sensor-drift", 4)]
)
def test_an_alert_is_told_from_as_far_back_as_its_rule_looks(
    rule: str, hours: float, room: EngineRoom, told: str
) -> None:
    installation = room.parts.installation
    [entry] = [one.entry for one in installation.ruleset.rules if one.entry.id == rule]
    [(alert, moves)] = [story for story in room.history() if story[0].id == told]
    subject = subject_of(alert, moves, entry, list(installation.registry), installation.registry)
    assert alert.opened_at - subject.start >= timedelta(hours=hours)
