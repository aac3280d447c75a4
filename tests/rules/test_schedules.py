"""During which hours something holds: a table of cases that went wrong elsewhere, and a slow twin."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from astral import Observer
from astral.sun import sunrise, sunset
from hypothesis import given, settings
from hypothesis import strategies as st

from config.calendars import Calendar, load_calendar, shipped_calendars
from config.loading import load
from domain.errors import Misconfigured
from domain.instants import MICROS_PER_S, from_micros, to_micros
from domain.places import City, Place
from rules.calendar.daylight import DAY_US, Daylight
from rules.calendar.schedules import Schedule
from rules.calendar.when import When
from tests.rules.city import CENTRE, at

S = MICROS_PER_S
HELSINKI = Place(lon=24.94, lat=60.17)
TROMSO = Place(lon=18.96, lat=69.65)
CITIES = {
    "shanghai": City(zh="沪", en="Shanghai", timezone="Asia/Shanghai", centre=CENTRE),
    "urumqi": City(zh="乌", en="Urumqi", timezone="Asia/Shanghai", centre=Place(lon=87.6, lat=43.8)),
    "berlin": City(zh="柏", en="Berlin", timezone="Europe/Berlin", centre=Place(lon=13.4, lat=52.5)),
    "helsinki": City(zh="赫", en="Helsinki", timezone="Europe/Helsinki", centre=HELSINKI),
    "tromso": City(zh="特", en="Tromso", timezone="Europe/Oslo", centre=TROMSO),
    "sydney": City(zh="悉", en="Sydney", timezone="Australia/Sydney", centre=Place(lon=151.2, lat=-33.9)),
    "auckland": City(zh="奥", en="Auckland", timezone="Pacific/Auckland", centre=Place(lon=174.8, lat=-36.8)),
    "honolulu": City(zh="檀", en="Honolulu", timezone="Pacific/Honolulu", centre=Place(lon=-157.9, lat=21.3)),
}


def schedule(city: str = "shanghai", **when: Any) -> Schedule:
    return When.model_validate(when).schedule(CITIES[city])


def is_on(asked: Schedule, moment: str, *, fold: int = 0) -> bool:
    local = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(asked.timezone), fold=fold)
    return bool(asked.is_on(np.array([to_micros(local)]))[0])


NIGHT: dict[str, Any] = {"hours": ["22:00-06:00"]}
WORKNIGHT: dict[str, Any] = {**NIGHT, "days": "workdays", "calendar": "cn"}
WORKDAY: dict[str, Any] = {"days": "workdays", "calendar": "cn"}
CASES: list[tuple[str, str, dict[str, Any], str, bool]] = [
    ("the second before the night", "shanghai", NIGHT, "2026-11-22T21:59:59", False),
    ("the night begins with its first instant", "shanghai", NIGHT, "2026-11-22T22:00:00", True),
    ("midnight does not end the night", "shanghai", NIGHT, "2026-11-23T00:00:00", True),
    ("the last second of the night", "shanghai", NIGHT, "2026-11-23T05:59:59", True),
    ("the end is not part of it", "shanghai", NIGHT, "2026-11-23T06:00:00", False),
    ("the night goes over the year's end", "shanghai", NIGHT, "2027-01-01T02:00:00", True),
    ("the night before a leap day", "shanghai", NIGHT, "2028-02-29T03:00:00", True),
    ("the night of a leap day", "shanghai", NIGHT, "2028-03-01T03:00:00", True),
    ("noon of a leap day", "shanghai", {"days": ["tue"]}, "2028-02-29T12:00:00", True),
    ("to midnight and no further", "shanghai", {"hours": ["18:00-24:00"]}, "2026-11-23T00:00:00", False),
    ("to 00:00 is to midnight", "shanghai", {"hours": ["18:00-00:00"]}, "2026-11-22T23:59:59", True),
    ("two windows, in the second", "shanghai", {"hours": ["07:00-09:00", "17:00-19:00"]}, "2026-11-23T18:00:00", True),
    ("two windows, between them", "shanghai", {"hours": ["07:00-09:00", "17:00-19:00"]}, "2026-11-23T12:00:00", False),
    ("windows that touch are one", "shanghai", {"hours": ["07:00-09:00", "09:00-10:00"]}, "2026-11-23T09:00:00", True),
    ("Friday's night goes into Saturday", "shanghai", {**NIGHT, "days": ["fri"]}, "2026-11-28T05:00:00", True),
    ("Friday's small hours belong to Thursday", "shanghai", {**NIGHT, "days": ["fri"]}, "2026-11-27T05:00:00", False),
    ("Saturday evening is not Friday's", "shanghai", {**NIGHT, "days": ["fri"]}, "2026-11-28T23:00:00", False),
    ("a plain Monday is a work day", "shanghai", WORKDAY, "2026-11-23T12:00:00", True),
    ("a plain Sunday is none", "shanghai", WORKDAY, "2026-11-22T12:00:00", False),
    ("National Day on a Thursday is none", "shanghai", WORKDAY, "2026-10-01T12:00:00", False),
    ("the last day of the Spring Festival", "shanghai", WORKDAY, "2026-02-23T23:59:59", False),
    ("the day after it", "shanghai", WORKDAY, "2026-02-24T00:00:00", True),
    ("a make-up Saturday is a work day", "shanghai", WORKDAY, "2026-02-28T12:00:00", True),
    ("a make-up Sunday is a work day", "shanghai", WORKDAY, "2026-09-20T12:00:00", True),
    ("a make-up Sunday is no day off", "shanghai", {"days": "restdays", "calendar": "cn"}, "2026-09-20T12:00", False),
    ("without a calendar it is a Sunday", "shanghai", {"days": "workdays"}, "2026-09-20T12:00:00", False),
    ("a listed weekday is the weekday", "shanghai", {"days": ["sun"], "calendar": "cn"}, "2026-09-20T12:00", True),
    ("the night before a holiday is a work night", "shanghai", WORKNIGHT, "2026-10-01T03:00:00", True),
    ("the last night of the holidays is not", "shanghai", WORKNIGHT, "2026-10-08T03:00:00", False),
    ("New Year's make-up Sunday, its night", "shanghai", WORKNIGHT, "2026-01-05T03:00:00", True),
    ("the holidays of 2025", "shanghai", WORKDAY, "2025-10-08T12:00:00", False),
    ("the law's own days of 2027", "shanghai", WORKDAY, "2027-02-08T12:00:00", False),
    ("a year that is not listed goes by weekday", "shanghai", WORKDAY, "2031-10-01T12:00:00", True),
    ("Berlin, before the clock is put forward", "berlin", NIGHT, "2026-03-29T01:59:59", True),
    ("Berlin, after it", "berlin", NIGHT, "2026-03-29T05:59:59", True),
    ("Berlin, the short night ends at six", "berlin", NIGHT, "2026-03-29T06:00:00", False),
    ("Berlin, the long night ends at six", "berlin", NIGHT, "2026-10-25T06:00:00", False),
    ("Berlin, an hour that is skipped", "berlin", {"hours": ["02:00-03:00"]}, "2026-03-29T03:00:00", False),
    ("Berlin, skipped begin: an hour later", "berlin", {"hours": ["02:30-05:00"]}, "2026-03-29T03:29:59", False),
    ("Berlin, skipped begin: then it is on", "berlin", {"hours": ["02:30-05:00"]}, "2026-03-29T03:30:00", True),
    ("the sun is down at midnight", "shanghai", {"sun": "down"}, "2026-11-22T00:00:00", True),
    ("the sun is up at noon", "shanghai", {"sun": "up"}, "2026-11-22T12:00:00", True),
    ("Urumqi: still dark at eight of Beijing", "urumqi", {"sun": "down"}, "2026-12-21T08:30:00", True),
    ("Helsinki in June: light at half past ten", "helsinki", {"sun": "up"}, "2026-06-21T22:30:00", True),
    ("Helsinki in June: dark after eleven", "helsinki", {"sun": "down"}, "2026-06-21T23:15:00", True),
    ("Helsinki in December: dark at four", "helsinki", {"sun": "down"}, "2026-12-21T16:00:00", True),
    ("polar night: down at noon", "tromso", {"sun": "down"}, "2026-12-21T12:00:00", True),
    ("polar night: never up", "tromso", {"sun": "up"}, "2026-12-21T12:00:00", False),
    ("midnight sun: up at midnight", "tromso", {"sun": "up"}, "2026-06-21T00:00:00", True),
    ("midnight sun: never down", "tromso", {"sun": "down"}, "2026-06-21T01:00:00", False),
    ("polar night: the offset needs a sunset", "tromso", {"sun": {"is": "down", "later": "1h"}}, "2026-12-21T12", True),
    ("dark hours only", "shanghai", {"hours": ["17:00-24:00"], "sun": "down"}, "2026-06-21T18:30:00", False),
    ("dark hours only, in winter", "shanghai", {"hours": ["17:00-24:00"], "sun": "down"}, "2026-12-21T18:30:00", True),
    ("Saturday's dark night lasts to Sunday", "shanghai", {"sun": "down", "days": ["sat"]}, "2026-11-22T05:00", True),
    (
        "Sunday's dark evening is not Saturday's",
        "shanghai",
        {"sun": "down", "days": ["sat"]},
        "2026-11-22T19:00",
        False,
    ),
    ("daylight of the southern summer", "sydney", {"sun": "up"}, "2026-12-21T19:30:00", True),
    ("east of the date line, the same day", "auckland", {"days": ["mon"]}, "2026-11-23T00:00:00", True),
    ("east of the date line, the day before", "auckland", {"days": ["mon"]}, "2026-11-22T23:59:59", False),
    ("west of it", "honolulu", {"days": ["mon"]}, "2026-11-23T23:59:59", True),
    ("west of it, the night of the day", "honolulu", {**NIGHT, "days": ["mon"]}, "2026-11-24T05:59:59", True),
]


@pytest.mark.parametrize("city, when, moment, expected", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_an_instant_is_inside_or_not(city: str, when: dict[str, Any], moment: str, expected: bool) -> None:
    assert is_on(schedule(city, **when), moment) is expected


def test_a_time_that_comes_twice_counts_the_first_time() -> None:
    asked = schedule("berlin", hours=["22:00-02:30"])
    assert [is_on(asked, "2026-10-25T02:29:59"), is_on(asked, "2026-10-25T02:29:59", fold=1)] == [True, False]
    rest = schedule("berlin", hours=["02:30-22:00"])
    assert [is_on(rest, "2026-10-25T02:29:59"), is_on(rest, "2026-10-25T02:29:59", fold=1)] == [False, True]


@pytest.mark.parametrize("day, hours", [("2026-03-28", 7), ("2026-10-24", 9), ("2026-11-22", 8)])
def test_the_night_has_the_hours_that_the_clock_gives_it(day: str, hours: int) -> None:
    start = at(f"{day}T20:00:00", ZoneInfo("Europe/Berlin"))
    [[begin, end]] = schedule("berlin", **NIGHT).between(start, start + 6 * 3600 * S).tolist()
    assert (end - begin) / S == hours * 3600


def test_sunrise_and_sunset_are_those_of_the_almanac_within_a_minute() -> None:
    for place in (CENTRE, HELSINKI, CITIES["sydney"].centre):
        for day in range(0, 365, 15):
            on = date(2026, 1, 1) + timedelta(days=day)
            observer = Observer(latitude=place.lat, longitude=place.lon)
            rise, set_ = to_micros(sunrise(observer, on)), to_micros(sunset(observer, on))
            found = Daylight(place=place).up(min(rise, set_) - DAY_US, max(rise, set_) + DAY_US)
            assert min(abs(found[:, 0] - rise)) < 60 * S
            assert min(abs(found[:, 1] - set_)) < 60 * S


def test_the_days_around_the_polar_night_have_their_short_light() -> None:
    start, end = at("2026-11-20T00:00:00"), at("2027-01-25T00:00:00")
    light = Daylight(place=TROMSO).up(start, end)
    lengths = np.diff(light, axis=1).ravel() / S / 3600
    assert len(light) < 20
    assert lengths.min() < 0.7
    gap = (light[1:, 0] - light[:-1, 1]).max() / DAY_US
    assert 40 < gap < 60


def test_offsets_move_the_ends_and_a_sign_moves_them_the_other_way() -> None:
    start = at("2026-11-22T12:00:00")
    [[dusk, dawn]] = schedule(sun="down").between(start, start + 12 * 3600 * S).tolist()
    moved = schedule(sun={"is": "down", "later": "30m", "earlier": "-15m"})
    assert moved.between(start, start + 12 * 3600 * S).tolist() == [[dusk + 1800 * S, dawn + 900 * S]]


schedules = st.builds(
    lambda hours, days, calendar: schedule(
        **{"hours": hours, "days": days, **({"calendar": "cn"} if calendar else {})} if hours else {"days": days}
    ),
    st.lists(
        st.sampled_from(["22:00-06:00", "00:00-24:00", "07:30-09:00", "08:00-12:00", "23:59-00:01", "12:00-11:00"]),
        max_size=3,
    ),
    st.sampled_from(["workdays", "restdays", ["mon"], ["sat", "sun"]]),
    st.booleans(),
)
moments = st.integers(at("2025-12-25T00:00:00") // S, at("2026-03-05T00:00:00") // S).map(lambda second: second * S)


def twin_is_on(asked: Schedule, moment: int) -> bool:
    """Plain clock faces: China has no summer time."""
    local = from_micros(moment).astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)
    for day in (local.date() - timedelta(days=1), local.date()):
        midnight = datetime.combine(day, datetime.min.time())
        for hours in asked.hours or schedule(hours=["00:00-24:00"]).hours:
            begin = midnight + timedelta(hours=hours.begin.hour, minutes=hours.begin.minute)
            end = midnight + (timedelta(hours=hours.end.hour, minutes=hours.end.minute) if hours.end else timedelta(1))
            end += timedelta(days=1) if end <= begin else timedelta()
            if asked.is_due(day) and begin <= local < end:
                return True
    return False


@settings(max_examples=300, deadline=None)
@given(asked=schedules, at_=st.lists(moments, min_size=1, max_size=20))
def test_a_column_of_instants_is_its_twin(asked: Schedule, at_: list[int]) -> None:
    assert asked.is_on(np.array(at_)).tolist() == [twin_is_on(asked, moment) for moment in at_]


@settings(max_examples=200, deadline=None)
@given(asked=schedules, start=moments, length=st.integers(0, 20 * 86400))
def test_stretches_and_edges_are_where_it_turns(asked: Schedule, start: int, length: int) -> None:
    end = start + length * S
    edges = asked.edges(start, end)
    assert (asked.is_on(edges) != asked.is_on(edges - 1)).all()
    probes = np.linspace(start, end, 50).astype(np.int64)
    inside = [any(begin <= probe < stop for begin, stop in asked.between(start, end).tolist()) for probe in probes]
    assert asked.is_on(probes).tolist() == inside
    turns = int(asked.is_on(np.array([start]))[0]) + len(edges)
    assert bool(asked.is_on(np.array([end]))[0]) == (turns % 2 == 1)


def test_figures_say_what_decided() -> None:
    figures = schedule(**WORKNIGHT).explain(at("2026-09-21T01:00:00"))
    assert figures == {
        "schedule": "on",
        "window": "09-20 22:00:00 … 09-21 06:00:00",
        "day": "2026-09-20 sun",
        "day_kind": "workday",
    }


def test_figures_name_the_holiday_and_doubt_a_year_that_is_not_listed_or_not_sure() -> None:
    resting = schedule(days="restdays", calendar="cn")
    assert resting.explain(at("2026-10-01T12:00:00"))["holiday"] == "国庆节 National Day"
    assert "calendar" not in resting.explain(at("2026-10-01T12:00:00"))
    assert "2031 未收录" in str(resting.explain(at("2031-10-05T12:00:00"))["calendar"])
    assert "待核实" in str(resting.explain(at("2027-10-03T12:00:00"))["calendar"])


def test_make_up_work_days_fall_on_weekends_and_every_year_names_its_source() -> None:
    for path in shipped_calendars().values():
        for year in load_calendar(path).years.values():
            assert year.source
            assert all(day.weekday() >= 5 for day in year.work), path


@pytest.mark.parametrize(
    "broken, message",
    [
        ("rest: [{zh: 节, en: F, from: 2026-05-02, to: 2026-05-01}]", "no days in a row"),
        ("rest: [{zh: 节, en: F, from: 2027-05-01, to: 2027-05-01}]", "not of that year"),
        ("rest: [{zh: 节, en: F, from: 2026-05-01, to: 2026-05-02}], work: [2026-05-02]", "under rest and under work"),
    ],
)
def test_a_calendar_that_contradicts_itself_is_refused(tmp_path: Any, broken: str, message: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(f"id: own\nzh: 自\nen: Own\nyears:\n  2026: {{source: s, {broken}}}\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match=message):
        load(path, Calendar)


@pytest.mark.parametrize(
    "when, message",
    [
        ({"hours": ["22-6"]}, "22:00-06:00"),
        ({"hours": ["22:00-22:00"]}, "00:00-24:00"),
        ({"hours": ["24:00-06:00"]}, "are no hours"),
        ({"days": ["monday"]}, "are no days"),
        ({"days": "weekend"}, "restdays"),
        ({"sun": "set"}, "up"),
        ({"sun": {"is": "up", "later": "13h"}}, "12 hours"),
        ({"days": "workdays", "calendar": "cm"}, "write cn, or the path"),
        ({}, "says nothing"),
    ],
)
def test_a_section_that_cannot_be_meant_says_what_to_write(when: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        When.model_validate(when)
