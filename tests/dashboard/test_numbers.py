"""Numbers and times as people read them."""

from zoneinfo import ZoneInfo

import pytest

from dashboard.languages import Language
from dashboard.pages.alerts import read_search
from dashboard.pages.numbers import against_limit, device_of, duration, in_city_time, moment, number, quantity

MINUTE = 60_000
ZH, EN = Language.CHINESE, Language.ENGLISH


@pytest.mark.parametrize(
    ("value", "text"), [(None, "—"), (0, "0"), (57.34, "57.3"), (50.0, "50"), (1284300, "1,284,300"), (-0.04, "0")]
)
def test_numbers_have_no_needless_decimals(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(("unit", "text"), [("dB(A)", "57 dB(A)"), ("1", "57"), ("", "57")])
def test_the_unit_one_is_not_written(unit: str, text: str) -> None:
    assert quantity(57, unit) == text


def test_degrees_of_an_angle_stand_close_to_their_number() -> None:
    assert (quantity(18.64, "°"), quantity(21, "°C")) == ("18.6°", "21 °C")


@pytest.mark.parametrize(("value", "text"), [(1.46, "1.46 m"), (1.5, "1.5 m"), (-0.004, "0 m"), (10.46, "10.5 m")])
def test_a_small_value_does_not_read_like_its_limit(value: float, text: str) -> None:
    assert quantity(value, "m") == text


@pytest.mark.parametrize(
    ("minutes", "zh", "en"),
    [
        (0, "0 秒", "0 s"),
        (0.7, "42 秒", "42 s"),
        (59, "59 分", "59 min"),
        (65, "1 时 05 分", "1 h 05 min"),
        (1500, "1 天 1 时", "1 d 1 h"),
    ],
)
def test_durations_have_two_units_at_most(minutes: float, zh: str, en: str) -> None:
    assert (duration(minutes * MINUTE, ZH), duration(minutes * MINUTE, EN)) == (zh, en)


def test_a_moment_is_that_of_the_city() -> None:
    assert moment(0, ZoneInfo("Asia/Shanghai")) == "1970-01-01 08:00:00"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-23T12:30:11.494Z", "2026-11-23 20:30:11"),
        ("2026-11-23T16:00:00+00:00", "2026-11-24 00:00:00"),
        ("GB 3095-2026", "GB 3095-2026"),
        ("2026-13-45T99:00:00", "2026-13-45T99:00:00"),
    ],
)
def test_a_moment_among_the_figures_is_told_on_the_citys_clock(text: str, shown: str) -> None:
    assert in_city_time(text, ZoneInfo("Asia/Shanghai")) == shown


@pytest.mark.parametrize(
    ("alert", "shown"),
    [
        ({"value": 57.3, "limit": 50, "comparison": "<=", "unit": "dB(A)"}, ("57.3 dB(A)", "限值 ≤ 50")),
        ({"value": None, "limit": 50, "comparison": "<", "unit": "m"}, ("", "限值 < 50 m")),
        ({"value": 3, "limit": None, "comparison": "<", "unit": ""}, ("3", "")),
        ({"value": 7200, "limit": 900, "comparison": "<", "unit": "s"}, ("2 时 00 分", "限值 < 15 分")),
        ({"value": 1, "limit": 0, "comparison": "=", "unit": "1"}, ("", "")),
    ],
)
def test_a_value_stands_beside_its_limit(alert: dict[str, object], shown: tuple[str, str]) -> None:
    assert against_limit(alert, limit_word="限值") == shown


@pytest.mark.parametrize(("target", "device"), [("device:NM-1", "NM-1"), ("road:r-1", ""), ("city:x", "")])
def test_only_devices_have_a_number(target: str, device: str) -> None:
    assert device_of(target) == device


@pytest.mark.parametrize(
    ("search", "expected"),
    [("", ("open", None)), ("?state=all&after=x%3A1", ("all", "x:1")), ("?state=drop", ("open", None))],
)
def test_the_address_says_which_page_of_which_alerts(search: str, expected: tuple[str, str | None]) -> None:
    assert read_search(search) == expected
