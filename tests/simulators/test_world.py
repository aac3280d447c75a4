"""The physics of the simulated city."""

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest
from astral import Observer
from astral.sun import sunrise, sunset
from hypothesis import given
from hypothesis import strategies as st

from config.catalogue import load_catalogue
from domain.devices import Device
from simulators.effects import Effects, TripEffect
from simulators.scenario import Scenario
from simulators.world.world import World
from tests.simulators.stage import SEED, stage_of

MIDNIGHT = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
"""Wednesday 25 November 2026, 00:00 in the city."""
START_S = MIDNIGHT.timestamp()
HOUR_S = 3600.0
LIMITS = {"0": (50, 40), "1": (55, 45), "2": (60, 50), "3": (65, 55), "4a": (70, 55), "4b": (70, 60)}
times = st.floats(START_S - 200 * 86_400, START_S + 200 * 86_400)
CATALOGUE, KINDS = load_catalogue()
REGISTRY = stage_of("calm").registry


@cache
def world_with(*effects: tuple[tuple[str, object], ...]) -> World:
    """A city in which nothing happens but these effects; they are timed from midnight."""
    scenario = Scenario.model_validate({"zh": "测", "en": "Test", "effects": [dict(effect) for effect in effects]})
    stage = stage_of("calm")
    return World(stage.registry, scenario, surroundings=stage.surroundings, seed=SEED, origin_s=START_S)


def effect(kind: str, **fields: object) -> tuple[tuple[str, object], ...]:
    devices = fields.pop("devices", None)
    target = {"target": FrozenTarget(devices)} if devices else {}
    return tuple({"effect": kind, **fields, **target}.items())


class FrozenTarget(dict):  # type: ignore[type-arg]  # a hashable mapping for the cache above
    def __init__(self, devices: object) -> None:
        super().__init__(devices=devices)

    def __hash__(self) -> int:  # type: ignore[override]  # see above
        return hash(str(self))


def calm() -> World:
    return world_with()


def of_kind(kind: str) -> tuple[Device, ...]:
    return REGISTRY.of_kind(kind)


@given(at_s=times, device=st.sampled_from(list(REGISTRY.devices.values())))
def test_every_value_is_one_that_the_catalogue_allows(at_s: float, device: Device) -> None:
    values = calm().values(device, at_s)
    assert set(values) <= set(KINDS[device.kind].metrics)
    for metric, value in values.items():
        assert CATALOGUE[metric].low <= value <= CATALOGUE[metric].high, (device.id, metric, value)


@given(at_s=times, device=st.sampled_from(of_kind("noise_meter")))
def test_levels_stand_in_the_order_of_their_percentiles(at_s: float, device: Device) -> None:
    values = calm().values(device, at_s)
    assert values["lamax"] >= values["la10"] >= values["la50"] >= values["la90"]
    assert values["la90"] <= values["laeq"] <= values["lamax"]


@pytest.mark.parametrize(("is_night", "least", "most"), [(False, 0.97, 1.0), (True, 0.85, 0.99)])
def test_about_nine_in_ten_meters_comply_and_nights_fail_first(is_night: bool, least: float, most: float) -> None:
    hours = [h for h in np.arange(0, 24, 0.5) if bool(h < 6 or h >= 22) is is_night]
    verdicts = [
        calm().mean_level(meter, START_S + h * HOUR_S, span_s=900) <= LIMITS[str(meter.zone)][is_night]
        for meter in of_kind("noise_meter")
        for h in hours
    ]
    assert least <= np.mean(verdicts) <= most


def test_at_half_past_eight_in_the_evening_every_meter_complies() -> None:
    at_s = START_S + 20.5 * HOUR_S
    over = [m.id for m in of_kind("noise_meter") if calm().mean_level(m, at_s, span_s=60) > LIMITS[str(m.zone)][0]]
    assert over == []


def test_roadsides_are_loud_when_traffic_is() -> None:
    roadside = [meter for meter in of_kind("noise_meter") if meter.zone == "4a"]
    rush = np.mean([calm().mean_level(m, START_S + 8 * HOUR_S, span_s=900) for m in roadside])
    small_hours = np.mean([calm().mean_level(m, START_S + 3 * HOUR_S, span_s=900) for m in roadside])
    assert 6 < rush - small_hours < 18


def test_a_sound_beside_a_meter_adds_as_energy() -> None:
    meter = of_kind("noise_meter")[20]
    loud = world_with(effect("sound", level=80.0, devices=(meter.id,)))
    quiet, sounding = calm().values(meter, START_S + HOUR_S), loud.values(meter, START_S + HOUR_S)
    assert 79 < sounding["laeq"] < 83 and quiet["laeq"] < 60


def air_of_a_week() -> dict[str, np.ndarray]:
    rows = [
        calm().pollutants(station, START_S + h * HOUR_S)
        for h in np.arange(0, 168, 1.5)
        for station in of_kind("air_station")
    ]
    return {metric: np.array([row[metric] for row in rows]) for metric in rows[0]}


def test_pollutants_rise_and_fall_together_and_ozone_against_them() -> None:
    air = air_of_a_week()
    assert np.corrcoef(air["pm2_5"], air["pm10"])[0, 1] > 0.7
    assert np.corrcoef(air["o3"], air["no2"])[0, 1] < -0.3
    assert (air["pm10"] > air["pm2_5"]).all()


def test_the_usual_air_is_neither_clean_nor_alarming() -> None:
    fine = air_of_a_week()["pm2_5"]
    assert 30 < fine.mean() < 50 and fine.max() <= 68


def test_a_cloud_lifts_the_stations_under_it_and_goes_again() -> None:
    under, beside = of_kind("air_station")[0], of_kind("air_station")[1]
    world = world_with(effect("pollution", pm2_5=80.0, ramp="5m", **{"for": "1h"}, devices=(under.id,)))
    during, after = START_S + 0.5 * HOUR_S, START_S + 1.2 * HOUR_S
    assert world.pollutants(under, during)["pm2_5"] > 100
    assert world.pollutants(under, after) == calm().pollutants(under, after)
    assert world.pollutants(beside, during) == calm().pollutants(beside, during)


@given(day=st.integers(0, 364), lamp=st.sampled_from(of_kind("lamp")))
def test_lamps_follow_the_sun(day: int, lamp: Device) -> None:
    evening = (MIDNIGHT + timedelta(days=day, hours=12)).date()
    centre = REGISTRY.city.centre
    observer = Observer(latitude=centre.lat, longitude=centre.lon)
    dusk = sunset(observer, evening, tzinfo=UTC).timestamp()
    dawn = sunrise(observer, evening + timedelta(days=1), tzinfo=UTC).timestamp()
    lit = calm()._lamps.state(lamp, dusk + 1).is_due, calm()._lamps.state(lamp, dawn - 1).is_due
    dark = calm()._lamps.state(lamp, dusk - 400).is_due, calm()._lamps.state(lamp, dawn + 400).is_due
    assert (lit, dark) == ((True, True), (False, False))


def test_about_one_lamp_in_a_hundred_is_dark_and_never_two_on_a_road() -> None:
    evening = START_S + 20 * HOUR_S
    dark = [lamp for lamp in of_kind("lamp") if calm().values(lamp, evening)["lamp_on"] == 0]
    assert 6 <= len(dark) <= 18
    assert len({lamp.road for lamp in dark}) == len(dark)


@given(
    at_s=st.floats(START_S, START_S + 100 * 86_400),
    later_s=st.floats(1, 40 * 86_400),
    lamp=st.sampled_from(of_kind("lamp")),
)
def test_energy_counters_never_fall(at_s: float, later_s: float, lamp: Device) -> None:
    world = world_with(effect("trip", at="1h", every="5h", **{"for": "1h"}, devices=(str(lamp.parent),)))
    assert world._lamps.energy_kwh(lamp, at_s + later_s) >= world._lamps.energy_kwh(lamp, at_s)


def test_voltage_current_power_and_power_factor_agree() -> None:
    for lamp in of_kind("lamp")[::37]:
        state = calm()._lamps.state(lamp, START_S + 21 * HOUR_S)
        assert state.voltage * state.current * state.power_factor == pytest.approx(state.power_w)


def test_a_cabinet_sums_its_lamps() -> None:
    cabinet, at_s = of_kind("feeder_cabinet")[0], START_S + 21 * HOUR_S
    power = sum(calm()._lamps.state(lamp, at_s).power_w for lamp in REGISTRY.children(cabinet.id))
    assert calm().values(cabinet, at_s)["active_power"] == pytest.approx(power, abs=0.1)


def test_a_tripped_feeder_darkens_its_lamps_and_no_other() -> None:
    tripped, other = of_kind("feeder_cabinet")[1:3]
    world, at_s = world_with(effect("trip", devices=(tripped.id,))), START_S + 21 * HOUR_S
    assert {world.values(lamp, at_s)["lamp_on"] for lamp in REGISTRY.children(tripped.id)} == {0.0}
    assert world.values(tripped, at_s)["active_power"] == 0
    assert world.values(other, at_s) == calm().values(other, at_s)


def test_rain_fills_the_wells_and_they_drain_again() -> None:
    cover = of_kind("manhole_cover")[5]
    world = world_with(effect("rain", rate=40.0, **{"for": "1h"}))
    before, at_the_end, later, long_after = (
        world._covers.water(cover, START_S + hours * HOUR_S) for hours in (-0.1, 1.0, 2.0, 9.0)
    )
    assert at_the_end > before + 0.2
    assert before < later < at_the_end
    assert long_after == pytest.approx(calm()._covers.water(cover, START_S + 9 * HOUR_S), abs=0.01)


def test_rain_is_heard_and_washes_the_air() -> None:
    world, at_s = world_with(effect("rain", rate=40.0, **{"for": "3h"})), START_S + 2 * HOUR_S
    meter, station = of_kind("noise_meter")[0], of_kind("air_station")[0]
    assert world.mean_level(meter, at_s, span_s=900) > calm().mean_level(meter, at_s, span_s=900) + 1
    assert world.pollutants(station, at_s)["pm2_5"] < 0.7 * calm().pollutants(station, at_s)["pm2_5"]


def test_batteries_sink() -> None:
    levels = [calm().values(of_kind("manhole_cover")[8], START_S + d * 86_400)["battery"] for d in range(0, 300, 50)]
    assert levels == sorted(levels, reverse=True) and levels[0] > levels[-1]


def test_repeated_effects_choose_their_targets_anew() -> None:
    entry = TripEffect.model_validate(
        {"effect": "trip", "for": "1m", "every": "10m", "target": {"kind": "feeder_cabinet", "pick": 1}}
    )
    effects = Effects([entry], registry=REGISTRY, seed=SEED, origin_s=START_S)
    hit = {min(o.devices) for _, o in effects.starting_in(START_S, START_S + 5 * HOUR_S)}
    assert len(hit) > 8
