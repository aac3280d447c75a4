"""Figures say what the numbers say."""

from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.figures.exceedance import exceedances, limit_at
from dashboard.figures.map_figure import map_figure, view_bounds
from dashboard.figures.trend_figure import trend_figure
from tests.dashboard.fake_city import city
from tests.dashboard.fake_world import FakeWorld

SHANGHAI = ZoneInfo("Asia/Shanghai")
VALUES = st.floats(min_value=0, max_value=120)
LIMITS = st.lists(st.sampled_from([40.0, 50.0, 60.0]), min_size=1, max_size=4)


def steps(values: list[float], length: float) -> list[tuple[float, float, float]]:
    each = length / len(values)
    return [(n * each, (n + 1) * each, value) for n, value in enumerate(values)]


@given(st.lists(VALUES, min_size=2, max_size=30), LIMITS)
def test_no_shaded_point_lies_below_its_limit(values: list[float], limits: list[float]) -> None:
    course = [(float(n), value) for n, value in enumerate(values)]
    for area in exceedances(course, steps(limits, len(values) - 1)):
        level = min(value for _, value in area)
        assert level in limits
        assert area[0][1] >= level


@given(st.lists(VALUES, min_size=2, max_size=30), LIMITS)
def test_every_point_above_its_limit_is_shaded(values: list[float], limits: list[float]) -> None:
    course = [(float(n), value) for n, value in enumerate(values)]
    within = steps(limits, len(values) - 1)
    shaded = {point for area in exceedances(course, within) for point in area}
    above = {(t, v) for t, v in course if (limit := limit_at(within, t)) is not None and v > limit}
    assert above <= shaded


def test_a_course_under_its_limit_is_not_shaded() -> None:
    assert exceedances([(0, 40), (10, 49.9)], [(0, 10, 50)]) == []


def test_the_area_begins_and_ends_where_the_course_crosses_the_limit() -> None:
    assert exceedances([(0, 40), (10, 60), (20, 40)], [(0, 20, 50)]) == [
        [(5, 50), (10, 60), (15, 50), (15, 50), (5, 50)]
    ]


def test_times_are_those_of_the_city() -> None:
    trend = {"points": [[0, 50], [900_000, 51]], "limits": [[0, 900_000, 60]], "bucket_s": 900, "unit": "dB(A)"}
    figure = trend_figure(trend, timezone=SHANGHAI, colour="#fff", limit_name="限值")
    assert figure["data"][2]["x"][0] == "1970-01-01 08:00:00"


def test_what_was_not_measured_is_not_joined() -> None:
    points = [[0, 50], [900_000, 51], [3_600_000, 52]]
    trend = {"points": points, "limits": [], "bucket_s": 900, "unit": "dB(A)"}
    figure = trend_figure(trend, timezone=SHANGHAI, colour="#fff", limit_name="限值")
    assert figure["data"][2]["y"] == [50, 51, None, 52]


@pytest.mark.parametrize(("value", "is_marked"), [(61, True), (60, False)])
def test_the_current_value_is_marked_when_it_is_over_the_limit(value: float, is_marked: bool) -> None:
    trend = {"points": [[0, 50], [900_000, value]], "limits": [[0, 900_000, 60]], "bucket_s": 900, "unit": "dB(A)"}
    label = trend_figure(trend, timezone=SHANGHAI, colour="#fff", limit_name="限值")["layout"]["annotations"][0]
    assert (label["font"]["color"] == "#FFC629") is is_marked


def test_a_single_point_makes_a_figure() -> None:
    trend = {"points": [[0, 50]], "limits": [[0, 900_000, 60]], "bucket_s": 900, "unit": "dB(A)"}
    first, last = trend_figure(trend, timezone=SHANGHAI, colour="#fff", limit_name="限值")["layout"]["xaxis"]["range"]
    assert first < last


def test_a_day_of_the_fake_city_is_in_order_of_time() -> None:
    for trend in FakeWorld().trends():
        times = [t for t in trend_figure(trend, timezone=SHANGHAI, colour="#fff", limit_name="")["data"][2]["x"] if t]
        assert all(before < after for before, after in pairwise(times))


def test_every_device_is_on_the_map_once() -> None:
    town = city()
    figure = map_figure(town, field="zh", tile_url=None)
    ids = [identifier for identifier, _ in figure["data"][0]["customdata"]]
    assert sorted(ids) == sorted(device["id"] for device in town["devices"])
    assert len(figure["data"]) == 1


def test_one_absurd_place_does_not_shrink_the_city() -> None:
    devices = city()["devices"]
    west, south, east, north = view_bounds([*devices, {"lon": -179.0, "lat": -89.0}]) or []
    assert east - west < 0.4
    assert north - south < 0.3


def test_a_city_without_devices_has_a_map() -> None:
    bounds = map_figure({**city(), "devices": []}, field="zh", tile_url=None)["layout"]["meta"]["bounds"]
    assert bounds[0] < bounds[2]


def test_the_map_asks_nobody_for_anything() -> None:
    style = map_figure(city(), field="en", tile_url=None)["layout"]["map"]["style"]
    assert "glyphs" not in style
    assert {source["type"] for source in style["sources"].values()} == {"geojson"}


def test_the_intranets_tiles_lie_under_everything_else() -> None:
    style = map_figure(city(), field="en", tile_url="http://tiles/{z}/{x}/{y}.png")["layout"]["map"]["style"]
    assert style["layers"][1]["id"] == "tiles"
