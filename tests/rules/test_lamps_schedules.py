"""When lamps have to be lit or dark: by the sun, by the clock, by both, by a plan; each on a night with known times."""

from dataclasses import replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from astral import Observer
from astral.sun import sunset
from pydantic import ValidationError

from domain.instants import MICROS_PER_S, to_micros
from domain.places import Place, RoadGrade
from rules.calendar.lighting import ClockHours, Lighting, LightingEntry, PlanPeriod, Schedules
from tests.rules.city import CENTRE, at, device, registry_of, road

S = MICROS_PER_S
MINUTE = 60 * S
SHANGHAI: dict[str, Any] = {"place": CENTRE, "timezone": "Asia/Shanghai"}
SUNSET, SUNRISE = at("2026-11-22T16:53:05.931896"), at("2026-11-23T06:28:19.587806")
NIGHT = (at("2026-11-22T12:00:00"), at("2026-11-23T12:00:00"))
CLOCK = ClockHours.model_validate({"on": "18:00", "off": "06:00"})


def asked(lighting: Lighting) -> list[tuple[int, int, int]]:
    """Begin, end and share of what is asked from noon to noon."""
    found = lighting.between(*NIGHT)
    return [(s.begin, s.end, s.share) for s in found if s.end > NIGHT[0] and s.begin < NIGHT[1]]


def period(begin: str, end: str, share: float, **more: Any) -> PlanPeriod:
    return PlanPeriod.model_validate({"begin": begin, "end": end, "share": share, **more})


def test_by_the_sun_lamps_are_due_from_sunset_with_offset_and_grace_to_sunrise() -> None:
    lighting = Lighting(**SHANGHAI, after_sunset=10 * MINUTE, before_sunrise=5 * MINUTE, grace=15 * MINUTE)
    assert asked(lighting) == [(SUNSET + 25 * MINUTE, SUNRISE - 5 * MINUTE, 1000)]


def test_sunset_is_that_of_the_place() -> None:
    dusk = sunset(Observer(31.2, 121.4), date(2026, 11, 22), tzinfo=ZoneInfo("Asia/Shanghai"))
    assert asked(Lighting(**SHANGHAI))[0][0] == to_micros(dusk) == SUNSET


def test_by_the_clock_lamps_are_due_from_evening_to_morning() -> None:
    lighting = Lighting(**SHANGHAI, sun=False, clock=CLOCK)
    assert asked(lighting) == [(at("2026-11-22T18:00:00"), at("2026-11-23T06:00:00"), 1000)]


def test_by_sun_and_clock_lamps_are_due_when_both_say_so() -> None:
    late = ClockHours.model_validate({"on": "16:00", "off": "06:00"})
    assert asked(Lighting(**SHANGHAI, clock=late)) == [(SUNSET, at("2026-11-23T06:00:00"), 1000)]


def test_lamps_must_be_dark_when_neither_sun_nor_clock_lets_them_burn() -> None:
    [(begin, end, share)] = [
        row
        for row in asked(Lighting(**SHANGHAI, clock=CLOCK, grace=10 * MINUTE, dark=True))
        if row[0] > at("2026-11-23T00:00:00")
    ]
    assert begin == SUNRISE + 10 * MINUTE
    assert at("2026-11-23T16:42:00") < end < at("2026-11-23T16:43:00")
    assert share == 1000


def test_where_the_sun_stays_down_no_lamp_is_judged_neither_lit_nor_dark() -> None:
    tromso: dict[str, Any] = {"place": Place(lon=18.9, lat=69.6), "timezone": "Europe/Oslo"}
    moment = at("2026-12-21T18:00:00", ZoneInfo("Europe/Oslo"))
    assert Lighting(**tromso).between(moment, moment) == []
    assert Lighting(**tromso, dark=True).between(moment, moment) == []


def test_a_plan_asks_for_fewer_lamps_and_after_it_for_all_again_once_the_grace_is_over() -> None:
    lighting = Lighting(**SHANGHAI, sun=False, clock=CLOCK, grace=10 * MINUTE, plan=(period("00:00", "05:00", 0.5),))
    found = lighting.between(*NIGHT)
    midnight, five = at("2026-11-23T00:00:00"), at("2026-11-23T05:00:00")
    assert [(s.begin, s.end, s.share, s.steady) for s in found] == [
        (at("2026-11-22T18:10:00"), midnight, 1000, True),
        (midnight, midnight + 10 * MINUTE, 500, False),
        (midnight + 10 * MINUTE, five, 500, True),
        (five, five + 10 * MINUTE, 500, False),
        (five + 10 * MINUTE, at("2026-11-23T06:00:00"), 1000, True),
    ]


def test_a_night_of_summer_time_is_an_hour_shorter_by_the_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    lighting = Lighting(place=Place(lon=13.4, lat=52.5), timezone="Europe/Berlin", sun=False, clock=CLOCK)
    noon = at("2026-03-28T12:00:00", berlin)
    [night] = [s for s in lighting.between(noon, noon + 12 * 60 * MINUTE) if s.begin > noon]
    assert (night.end - night.begin) / MINUTE == 11 * 60


@pytest.mark.parametrize(
    "keys, words",
    [
        ({"sun": False}, "nobody knows when lamps are due"),
        ({"clock": {"on": "06:00", "off": "18:00"}}, "on 06:00 is not before off 18:00"),
        ({"plan": [{"begin": "05:00", "end": "00:00", "share": 1}]}, "begin 05:00 is not before end 00:00"),
        ({"plan": [{"begin": "00:00", "end": "05:00", "share": 1.5}]}, "less than or equal to 1"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        LightingEntry.model_validate(keys)


def test_each_road_follows_the_sun_over_itself_and_its_own_plan() -> None:
    east, west = Place(lon=122.4, lat=31.2), Place(lon=120.4, lat=31.2)
    registry = registry_of(roads=[road("E"), road("W", RoadGrade.BRANCH)])
    lamps = [
        replace(device(name, "lamp", road=name[0]), place=place)
        for name, place in (("E1", east), ("W1", west), ("W2", west))
    ]
    entry = LightingEntry.model_validate(
        {"place": "road", "grace": "0s", "plan": [{"begin": "23:00", "end": "05:00", "share": 0, "grades": ["branch"]}]}
    )
    schedules = Schedules(entry, lamps, registry, dark=False)
    segments = schedules.segments(*NIGHT)
    begins = [int(segments.begin[segments.lighting == lighting].min()) for lighting in schedules.of]
    # the sun takes four minutes for each degree
    assert begins[1] == begins[2]
    assert (begins[1] - begins[0]) / MINUTE == pytest.approx(8, abs=0.1)
    assert schedules.shares_at(at("2026-11-23T01:00:00"))[schedules.of].tolist() == [1000, 0, 0]
    assert np.array_equal(schedules.shares_at(at("2026-11-23T12:00:00"))[schedules.of], [-1, -1, -1])
