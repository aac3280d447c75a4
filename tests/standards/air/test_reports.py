"""The report of an hour or a day: what enters, what is missing, who leads, and what is published."""

from datetime import date

import pytest

from rules.standards.air.indices import as_fraction
from rules.standards.air.reports import Period, Report, indicators_of, report
from tests.standards.air.places import edition, editions

NEW, OLD, US = "hj633-2026", "hj633-2012", "epa-2024"
CLEAN = {"so2_24h": 10, "no2_24h": 20, "co_24h": 1, "o3_8h": 80, "pm10_24h": 40, "pm2_5_24h": 20}


def daily(name: str, values: dict[str, float], **more: tuple[str, ...]) -> Report:
    return report(edition(name), Period.DAILY, {key: as_fraction(value) for key, value in values.items()}, **more)


def test_the_hourly_report_of_2026_takes_six_one_hour_means_that_of_2012_sliding_particles_and_ozone_of_8_hours() -> (
    None
):
    assert indicators_of(edition(NEW), Period.HOURLY) == ("so2_1h", "no2_1h", "co_1h", "o3_1h", "pm10_1h", "pm2_5_1h")
    assert {"pm10_24h", "pm2_5_24h", "o3_8h"} <= set(indicators_of(edition(OLD), Period.HOURLY))
    assert "pm2_5_1h" not in edition(OLD).indicators


def test_particles_of_one_hour_are_held_against_the_breakpoints_of_the_day() -> None:
    assert edition(NEW).bands("pm2_5_1h") == edition(NEW).bands("pm2_5_24h")
    assert edition(NEW).bands("pm10_1h") == edition(NEW).bands("pm10_24h")


def test_the_daily_report_has_six_indicators_in_2026_and_had_seven_with_the_hour_of_ozone() -> None:
    assert set(indicators_of(edition(OLD), Period.DAILY)) - set(indicators_of(edition(NEW), Period.DAILY)) == {"o3_1h"}


@pytest.mark.parametrize(
    ("day", "name"),
    [("2026-02-28", OLD), ("2026-03-01", NEW), ("2011-06-01", OLD), ("2031-01-01", NEW)],
)
def test_the_edition_is_chosen_by_the_date_of_the_observation(day: str, name: str) -> None:
    assert editions().on(date.fromisoformat(day)).id == name


def test_a_missing_pollutant_leaves_the_index_na_up_to_100_and_published_above() -> None:
    low = {key: value for key, value in CLEAN.items() if key != "pm10_24h"}
    assert daily(NEW, low).aqi is None
    assert daily(NEW, low).missing == ("pm10",)
    assert daily(NEW, {**low, "pm2_5_24h": 60}).aqi is None
    assert daily(NEW, {**low, "pm2_5_24h": 61}).aqi == 101


def test_sub_indices_are_shown_although_the_index_is_na() -> None:
    found = daily(NEW, {"pm2_5_24h": 50})
    assert found.aqi is None
    assert found.sub["pm2_5_24h"].index == 80


def test_a_pollutant_that_is_not_monitored_is_not_missing() -> None:
    found = daily(NEW, {"pm2_5_24h": 50}, not_monitored=("so2", "no2", "co", "o3", "pm10"))
    assert (found.aqi, found.missing) == (80, ())
    assert found.not_monitored == ("so2", "no2", "co", "o3", "pm10")


def test_in_2012_the_index_is_that_of_the_others() -> None:
    assert daily(OLD, {"pm2_5_24h": 50}).aqi == 69


def test_a_missing_value_is_not_zero_and_nothing_at_all_is_na() -> None:
    assert daily(OLD, {}).aqi is None
    assert daily(OLD, {}).because == "no pollutant has a valid value"


def test_pollutants_that_tie_lead_together_and_nobody_leads_up_to_50() -> None:
    assert daily(NEW, {**CLEAN, "pm2_5_24h": 60, "o3_8h": 160}).primary == ("o3", "pm2_5")
    assert daily(NEW, {**CLEAN, "pm2_5_24h": 35, "o3_8h": 100}).primary == ()


def test_exceedance_pollutants_exist_in_2012_only() -> None:
    high = {**CLEAN, "pm2_5_24h": 200, "pm10_24h": 260}
    assert daily(OLD, high).exceeding == ("pm10", "pm2_5")
    assert daily(NEW, high).exceeding == ()


def test_the_range_of_2026_begins_at_1() -> None:
    clean = dict.fromkeys(CLEAN, 0.0)
    assert daily(NEW, clean).aqi == 1
    assert daily(OLD, {**clean, "o3_1h": 0}).aqi == 0


def test_an_indicator_of_another_report_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(KeyError, match="no indicator of the daily report; known are so2_24h"):
        report(edition(NEW), Period.DAILY, {"pm2_5_1h": as_fraction(3)})


def test_the_day_of_sulphur_dioxide_enters_the_hourly_report_of_2012_only_above_800_in_the_hour() -> None:
    def hourly(hour: float) -> Report:
        values = {"so2_1h": as_fraction(hour), "so2_24h": as_fraction(100)}
        return report(edition(OLD), Period.HOURLY, values)

    assert (hourly(100).aqi, hourly(100).primary) == (34, ())
    assert hourly(801).aqi == 75
    assert "enters only where" in hourly(100).sub["so2_24h"].because


def test_the_day_of_sulphur_dioxide_does_not_stand_in_for_an_hour_that_is_missing() -> None:
    found = report(edition(OLD), Period.HOURLY, {"so2_24h": as_fraction(100), "no2_1h": as_fraction(50)})
    assert (found.aqi, "so2" in found.missing) == (25, True)
