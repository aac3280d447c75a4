"""Datums: known places come out where everybody has them, and the way back leads to where it began."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.datums import Datum, Degrees, from_wgs84, metres, to_wgs84

LON = st.floats(min_value=73.5, max_value=136.0)
LAT = st.floats(min_value=3.0, max_value=54.0)
"""Well inside the box: at its edge a place and its image may lie on different sides."""


def array(*values: float) -> Degrees:
    return np.array(values, dtype=np.float64)


def apart_m(lon: Degrees, lat: Degrees, other_lon: Degrees, other_lat: Degrees) -> float:
    east, north = metres(other_lon - lon, other_lat - lat, at_lat=lat)
    return float(np.hypot(east, north).max())


@pytest.mark.parametrize(
    ("datum", "lon", "lat"),
    [(Datum.GCJ02, 116.41024449916938, 39.91640428150164), (Datum.BD09, 116.41662724378733, 39.922699552216216)],
)
def test_a_known_place_of_beijing_comes_out_where_everybody_has_it(datum: Datum, lon: float, lat: float) -> None:
    there = from_wgs84(array(116.404), array(39.915), datum)
    assert apart_m(array(lon), array(lat), *there) < 0.001


@settings(deadline=None)
@given(LON, LAT, st.sampled_from(Datum))
def test_there_and_back_is_where_it_began(lon: float, lat: float, datum: Datum) -> None:
    there = from_wgs84(array(lon), array(lat), datum)
    assert apart_m(array(lon), array(lat), *to_wgs84(*there, datum)) < 0.001


@settings(deadline=None)
@given(LON, LAT)
def test_what_a_map_shifts_is_hundreds_of_metres_and_no_more(lon: float, lat: float) -> None:
    here = array(lon), array(lat)
    assert apart_m(*here, *from_wgs84(*here, Datum.GCJ02)) < 800
    assert 600 < apart_m(*here, *from_wgs84(*here, Datum.BD09)) < 1600


@pytest.mark.parametrize(("lon", "lat"), [(2.35, 48.86), (-74.0, 40.7), (139.7, 35.7), (103.8, -1.3)])
@pytest.mark.parametrize("datum", Datum)
def test_nothing_is_shifted_outside_of_the_box(lon: float, lat: float, datum: Datum) -> None:
    assert from_wgs84(array(lon), array(lat), datum) == (array(lon), array(lat))
    assert to_wgs84(array(lon), array(lat), datum) == (array(lon), array(lat))


def test_many_places_are_shifted_as_each_by_itself() -> None:
    lon, lat = array(112.5, 2.35, 121.47), array(30.9, 48.86, 31.23)
    together = from_wgs84(lon, lat, Datum.GCJ02)
    alone = [from_wgs84(lon[i : i + 1], lat[i : i + 1], Datum.GCJ02) for i in range(3)]
    assert together[0].tolist() == [float(one[0][0]) for one in alone]
    assert together[1].tolist() == [float(one[1][0]) for one in alone]
