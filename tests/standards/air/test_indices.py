"""Sub-indices by the standards' own arithmetic; the vectors of the rules' figures, and traps that others fell into."""

import math
from fractions import Fraction

import pytest

from rules.standards.air.editions import Rounding
from rules.standards.air.indices import as_fraction, rounded, sub_index, sub_indices
from tests.standards.air.places import edition, editions, sub

NEW, OLD, US = "hj633-2026", "hj633-2012", "epa-2024"


@pytest.mark.parametrize(
    ("indicator", "value", "new", "old"),
    [
        ("pm2_5_24h", 35, 50, 50),
        ("pm2_5_24h", 36, 52, 52),
        ("pm2_5_24h", 50, 80, 69),
        ("pm2_5_24h", 60, 100, 82),
        ("pm2_5_24h", 61, 101, 83),
        ("pm2_5_24h", 75, 114, 100),
        ("pm2_5_24h", 76, 115, 102),
        ("pm2_5_24h", 115, 150, 150),
        ("pm10_24h", 120, 100, 85),
        ("pm10_24h", 121, 101, 86),
        ("pm10_24h", 150, 112, 100),
        ("o3_8h", 160, 100, 100),
        ("o3_8h", 161, 101, 101),
        ("o3_8h", 180, 119, 119),
        ("o3_1h", 250, 125, 125),
        ("no2_24h", 55, 69, 69),
        ("no2_1h", 120, 60, 60),
        ("co_24h", "1.2", 30, 30),
        ("so2_24h", 60, 55, 55),
    ],
)
def test_particles_changed_in_2026_and_nothing_else_did(indicator: str, value: float, new: int, old: int) -> None:
    assert (sub(NEW, indicator, value).index, sub(OLD, indicator, value).index) == (new, old)


@pytest.mark.parametrize(
    ("value", "index"),
    [("9.0", 50), ("9.1", 51), (12, 56), ("35.4", 100), ("35.5", 101), (60, 154), ("225.5", 301)],
)
def test_the_us_index_of_particles_after_may_2024(value: str | float, index: int) -> None:
    assert sub(US, "pm2_5_24h", value).index == index


@pytest.mark.parametrize(("indicator", "value", "index"), [("co_24h", "2.2", 55), ("co_1h", "65.4", 218)])
def test_rounding_up_in_binary_floats_would_give_one_too_many_for_carbon_monoxide(
    indicator: str, value: str, index: int
) -> None:
    assert sub(NEW, indicator, value).index == index
    band = sub(NEW, indicator, value).band
    assert band is not None
    low, high = float(band.low), float(band.high)
    in_floats = (band.index_high - band.index_low) / (high - low) * (float(value) - low) + band.index_low
    assert math.ceil(in_floats) == index + 1


def test_the_tenths_of_carbon_monoxide_that_floats_get_wrong_are_22_an_hour() -> None:
    wrong = 0
    for tenths in range(1501):
        found = sub(NEW, "co_1h", str(Fraction(tenths, 10).limit_denominator(10).__float__()))
        assert found.band is not None
        low, high = float(found.band.low), float(found.band.high)
        slope = (found.band.index_high - found.band.index_low) / (high - low)
        wrong += math.ceil(slope * (tenths / 10 - low) + found.band.index_low) != found.index
    assert wrong == 22


def test_china_rounds_half_to_even_before_and_up_after_the_us_truncates_before_and_rounds_to_nearest_after() -> None:
    half = "60.5"
    assert sub(NEW, "pm2_5_24h", half).used == 60
    assert sub(NEW, "pm2_5_24h", "61.5").used == 62
    assert sub(US, "pm2_5_24h", "9.09").used == Fraction(9)
    assert sub(US, "pm2_5_24h", "9.09").index == 50
    assert sub(NEW, "no2_24h", 55).index == 69  # 68.75
    assert sub(US, "no2_1h", 60).index == 57  # 57.39


def test_carbon_monoxide_is_rounded_to_tenths_in_2026_and_not_at_all_in_2012() -> None:
    assert sub(NEW, "co_24h", "2.25").used == Fraction(22, 10)
    assert sub(NEW, "co_24h", "2.35").used == Fraction(24, 10)
    assert sub(OLD, "co_24h", "2.25").used == Fraction(225, 100)
    assert sub(OLD, "co_24h", "2.25").index == 57  # 56.25


def test_another_rounding_of_2012_is_a_setting() -> None:
    read_otherwise = edition(OLD).rounding(Rounding.HALF_EVEN)
    assert sub(OLD, "pm2_5_24h", "35.4").index == 51
    assert sub_index(read_otherwise, "pm2_5_24h", as_fraction("35.4")).index == 50


def test_sulphur_dioxide_above_800_in_the_hour_is_200_in_2026_and_left_to_the_day_in_2012() -> None:
    assert sub(NEW, "so2_1h", 801).index == 200
    assert sub(OLD, "so2_1h", 801).index is None
    both = sub_indices(edition(OLD), {"so2_1h": as_fraction(900), "so2_24h": as_fraction(475)})
    assert both["so2_1h"].index == 150


def test_ozone_above_800_in_eight_hours_is_300_in_2026_and_left_to_the_hour_in_2012() -> None:
    assert sub(NEW, "o3_8h", 801).index == 300
    assert sub(OLD, "o3_8h", 801).index is None
    both = sub_indices(edition(OLD), {"o3_8h": as_fraction(850), "o3_1h": as_fraction(1000)})
    assert both["o3_8h"].index == 400


def test_us_sulphur_dioxide_from_305_on_comes_from_the_day_and_is_200_while_that_is_lower() -> None:
    high = {"so2_1h": as_fraction(400), "so2_24h": as_fraction(310)}
    low = {"so2_1h": as_fraction(400), "so2_24h": as_fraction(100)}
    assert sub_indices(edition(US), high)["so2_1h"].index == 203
    assert sub_indices(edition(US), low)["so2_1h"].index == 200


def test_us_ozone_of_one_hour_has_no_index_below_0_125_ppm() -> None:
    assert sub(US, "o3_1h", "0.124").index is None
    assert sub(US, "o3_1h", "0.125").index == 101


@pytest.mark.parametrize("name", [NEW, OLD])
def test_above_the_table_the_index_stays_at_500(name: str) -> None:
    assert sub(name, "pm2_5_24h", 501).index == 500
    assert sub(name, "pm10_24h", 5000).index == 500


def test_sulphur_dioxide_of_the_day_breaks_at_50_150_475() -> None:
    breaks = [band.high for band in edition(NEW).bands("so2_24h")]
    assert breaks == [50, 150, 475, 800, 1600, 2100, 2620]


def test_the_formula_is_written_out_for_a_pocket_calculator() -> None:
    assert sub(NEW, "pm2_5_24h", 61).formula == "(150−100)/(115−60)×(61−60)+100 = 100.9091… → 101（进位 rounded up）"
    assert sub(NEW, "pm2_5_24h", 60).formula == "(100−50)/(60−35)×(60−35)+50 = 100"


def test_a_float_means_the_number_as_it_is_written() -> None:
    assert as_fraction(2.2) == Fraction(11, 5)
    assert rounded(as_fraction(0.1 + 0.2), edition(NEW).indicators["co_1h"].step, Rounding.HALF_EVEN) == Fraction(3, 10)


def test_negative_concentrations_have_no_index() -> None:
    with pytest.raises(ValueError, match="no concentration is negative"):
        sub(NEW, "pm2_5_24h", -1)


def test_the_purple_of_china_is_not_that_of_the_us() -> None:
    assert edition(NEW).level(250).hex == "#99004C"
    assert edition(US).level(250).hex == "#8F3F97"


def test_every_level_has_both_names_and_a_colour() -> None:
    for name in editions().by_id:
        for aqi in (0, 50, 51, 100, 101, 150, 151, 200, 201, 300, 301, 500):
            level = edition(name).level(aqi)
            assert level.zh
            assert level.en
            assert level.hex.startswith("#")
    names = [edition(NEW).level(aqi).zh for aqi in (50, 51, 101, 151, 201, 301)]
    assert names == ["优", "良", "轻度污染", "中度污染", "重度污染", "严重污染"]
