"""The fictional city: complete, loadable, and the same from the same seed."""

import json
from collections import Counter
from pathlib import Path

import pytest

from config.catalogue import load_catalogue
from config.city import load_city, load_registry
from domain.devices import Registry
from domain.places import NoiseZone, RoadGrade
from simulators.city import SHIPPED, SHIPPED_SEED, write_city
from simulators.layout.profiles import Profile
from simulators.world.surroundings import load_surroundings

FILES = ("city.yaml", "devices.yaml", "map.geojson")


def registry_in(directory: Path) -> Registry:
    city, _ = load_city(directory / "city.yaml")
    return load_registry(directory / "devices.yaml", city=city, kinds=load_catalogue()[1])


@pytest.fixture(scope="module")
def shipped() -> Registry:
    return registry_in(SHIPPED)


@pytest.mark.parametrize("name", FILES)
def test_the_city_that_ships_is_what_its_seed_writes(name: str, tmp_path: Path) -> None:
    write_city(tmp_path, seed=SHIPPED_SEED)
    assert (tmp_path / name).read_bytes() == (SHIPPED / name).read_bytes()


def test_another_seed_is_another_city_that_loads_as_well(tmp_path: Path) -> None:
    write_city(tmp_path, seed=77)
    assert len(registry_in(tmp_path)) == 1610
    assert (tmp_path / "devices.yaml").read_bytes() != (SHIPPED / "devices.yaml").read_bytes()


def test_the_city_has_what_a_demo_needs(shipped: Registry) -> None:
    kinds = Counter(device.kind for device in shipped)
    assert kinds == {
        "noise_meter": 60,
        "air_station": 20,
        "lamp": 1200,
        "feeder_cabinet": 30,
        "manhole_cover": 300,
    }
    assert len(shipped.city.roads) == 20
    assert sum(road.grade is RoadGrade.MAIN for road in shipped.city.roads) >= 8


def test_every_class_of_noise_zone_has_meters(shipped: Registry) -> None:
    assert {meter.zone for meter in shipped.of_kind("noise_meter")} == set(NoiseZone)


def test_every_lamp_hangs_on_a_cabinet_of_its_own_road(shipped: Registry) -> None:
    for lamp in shipped.of_kind("lamp"):
        assert lamp.parent is not None
        assert shipped.devices[lamp.parent].road == lamp.road


def test_one_dark_lamp_does_not_break_the_target_of_any_road(shipped: Registry) -> None:
    lamps = Counter(lamp.road for lamp in shipped.of_kind("lamp"))
    for road in shipped.city.roads:
        assert 1 - 1 / lamps[road.id] >= (0.98 if road.grade is RoadGrade.MAIN else 0.96)


def test_grid_cells_begin_with_a_county_that_does_not_exist(shipped: Registry) -> None:
    assert {str(device.grid_cell)[:5] for device in shipped} == {"99010"}


def test_no_two_devices_of_a_kind_share_a_name(shipped: Registry) -> None:
    for language in ("zh", "en"):
        names = Counter(getattr(device, language) for device in shipped)
        assert [name for name, count in names.items() if count > 1] == []


def test_a_realistic_profile_reports_as_seldom_as_real_devices(tmp_path: Path) -> None:
    write_city(tmp_path, profile=Profile.REALISTIC)
    intervals = {device.kind: device.interval_s for device in registry_in(tmp_path)}
    assert intervals == {
        "noise_meter": 60,
        "air_station": 60,
        "lamp": 300,
        "feeder_cabinet": 60,
        "manhole_cover": 86_400,
    }


def test_the_map_has_every_layer_and_the_shape_of_a_wall() -> None:
    features = json.loads((SHIPPED / "map.geojson").read_text())["features"]
    layers = Counter(feature["properties"]["layer"] for feature in features)
    assert set(layers) == {"land", "park", "water", "rail", "boundary", "road", "district"}
    land = next(f for f in features if f["properties"]["layer"] == "land")["geometry"]["coordinates"][0]
    width = (max(p[0] for p in land) - min(p[0] for p in land)) * 111.2 * 0.858
    height = (max(p[1] for p in land) - min(p[1] for p in land)) * 111.2
    assert 1.75 < width / height < 2.05
    assert 18 < width < 22


def test_meters_beside_main_roads_stand_within_the_belt_of_class_4a(shipped: Registry) -> None:
    surroundings = load_surroundings(SHIPPED / "map.geojson", shipped.city.centre)
    for meter in shipped.of_kind("noise_meter"):
        main = next(h.distance_m for h in surroundings.hear(meter.place) if h.street == "main")
        assert (main <= 36) is (meter.zone is NoiseZone.FOUR_A), meter.id
