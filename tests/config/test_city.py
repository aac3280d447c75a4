"""The city's files: every device is held against the city and the kinds, and every fault has its line."""

from pathlib import Path

import pytest

from config.catalogue import load_catalogue
from config.city import load_city, load_registry
from domain.devices import Registry
from domain.errors import Misconfigured
from domain.places import NoiseZone, RoadGrade

_, KINDS = load_catalogue()

CITY = """\
zh: 试城
en: Testville
timezone: Asia/Shanghai
lon: 112.5
lat: 30.9
map: map.geojson
districts:
  - {id: north, zh: 北区, en: North}
roads:
  - {id: R1, zh: 一路, en: First Road, grade: main}
departments:
  - {id: lighting, zh: 照明所, en: Lighting}
"""
DEVICES = """\
devices:
  - {id: FC-1, kind: feeder_cabinet, zh: 箱, en: Cabinet, lon: 112.5, lat: 30.9}
  - {id: LP-1, kind: lamp, zh: 灯, en: Lamp, lon: 112.5, lat: 30.9, road: R1, parent: FC-1, department: lighting}
  - id: NM-1
    kind: noise_meter
    zh: 噪声点
    en: Meter
    lon: 112.5
    lat: 30.9
    interval: 10s
    zone: "2"
    district: north
    grid_cell: "990103033010021"
"""


def registry(tmp_path: Path, text: str = DEVICES) -> Registry:
    (tmp_path / "city.yaml").write_text(CITY, encoding="utf-8")
    (tmp_path / "devices.yaml").write_text(text, encoding="utf-8")
    city, _ = load_city(tmp_path / "city.yaml")
    return load_registry(tmp_path / "devices.yaml", city=city, kinds=KINDS)


def faults(tmp_path: Path, text: str) -> list[str]:
    assert text != DEVICES
    with pytest.raises(Misconfigured) as caught:
        registry(tmp_path, text)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


def test_a_good_city_is_read_with_its_map_beside_it(tmp_path: Path) -> None:
    (tmp_path / "city.yaml").write_text(CITY, encoding="utf-8")
    city, map_file = load_city(tmp_path / "city.yaml")
    assert (city.zh, city.centre.lon, city.roads[0].grade) == ("试城", 112.5, RoadGrade.MAIN)
    assert map_file == tmp_path / "map.geojson"


def test_a_city_needs_no_map(tmp_path: Path) -> None:
    (tmp_path / "city.yaml").write_text(CITY.replace("map: map.geojson\n", ""), encoding="utf-8")
    assert load_city(tmp_path / "city.yaml")[1] is None


@pytest.mark.parametrize(
    ("good", "bad", "line"),
    [("lon: 112.5", "lon: 212.5", 4), ("lat: 30.9", "lat: .nan", 5), ("grade: main", "grade: broad", 10)],
)
def test_a_broken_city_is_named_with_its_line(good: str, bad: str, line: int, tmp_path: Path) -> None:
    (tmp_path / "city.yaml").write_text(CITY.replace(good, bad), encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        load_city(tmp_path / "city.yaml")
    assert [problem.line for problem in caught.value.problems] == [line]


def test_the_same_road_twice_is_refused(tmp_path: Path) -> None:
    twice = CITY.replace("departments:", "  - {id: R1, zh: 二路, en: Second Road, grade: branch}\ndepartments:")
    (tmp_path / "city.yaml").write_text(twice, encoding="utf-8")
    with pytest.raises(Misconfigured, match="R1 stands twice"):
        load_city(tmp_path / "city.yaml")


def test_a_good_registry_is_read(tmp_path: Path) -> None:
    devices = registry(tmp_path).devices
    assert list(devices) == ["FC-1", "LP-1", "NM-1"]
    assert (devices["NM-1"].zone, devices["NM-1"].district) == (NoiseZone.TWO, "north")
    assert (devices["LP-1"].road, devices["LP-1"].parent) == ("R1", "FC-1")


def test_the_interval_is_the_devices_own_or_that_of_its_kind(tmp_path: Path) -> None:
    devices = registry(tmp_path).devices
    assert devices["NM-1"].interval_s == 10.0
    assert devices["LP-1"].interval_s == KINDS["lamp"].interval_s == 300.0


@pytest.mark.parametrize(
    ("good", "bad", "line", "words"),
    [
        ("kind: lamp", "kind: lantern", 3, "device LP-1: kind 'lantern' is not known; known are air_station, feeder_"),
        ("road: R1", "road: R9", 3, "device LP-1: road 'R9' is not known; known are R1"),
        ("parent: FC-1", "parent: FC-9", 3, "device LP-1: parent 'FC-9' is not known; known are FC-1, LP-1, NM-1"),
        ("department: lighting", "department: x", 3, "device LP-1: department 'x' is not known; known are lighting"),
        ("district: north", "district: south", 12, "device NM-1: district 'south' is not known; known are north"),
        ('zone: "2"', 'zone: "5"', 11, "devices.2.zone:"),
        ("id: NM-1", "id: FC-1", 4, "device FC-1 stands twice; give every device its own id"),
        (
            "    lon: 112.5",
            "    lon: 30112.5",
            8,
            "devices.2.lon: Input should be less than or equal to 180, not 30112.5",
        ),
        ("    lat: 30.9", "    lat: .nan", 9, "devices.2.lat: Input should be less than or equal to 90, not nan"),
        ("interval: 10s", "interval: 0s", 10, "devices.2.interval: Input should be greater than 0, not '0s'"),
        ("interval: 10s", "interval: 10", 10, "devices.2.interval: 10 is not a duration"),
        ('"990103033010021"', '"99"', 13, "device NM-1: grid cell '99' must have 15 digits"),
        ("zh: 噪声点", "name: 噪声点", 6, "devices.2.name: unknown key"),
        ("id: NM-1", 'id: "NM/1"', 4, "devices.2.id: String should match pattern"),
    ],
)
def test_a_broken_device_is_named_with_its_line(good: str, bad: str, line: int, words: str, tmp_path: Path) -> None:
    found = faults(tmp_path, DEVICES.replace(good, bad))
    assert any(fault.startswith(f"devices.yaml:{line}: ") and words in fault for fault in found), found


def test_the_faults_of_all_devices_come_at_once(tmp_path: Path) -> None:
    text = DEVICES.replace("road: R1", "road: R9").replace("district: north", "district: south")
    assert [fault.split(" ")[0] for fault in faults(tmp_path, text)] == ["devices.yaml:3:", "devices.yaml:12:"]


def test_the_shipped_city_is_read_whole() -> None:
    folder = Path(__file__).parents[2] / "config" / "city"
    city, map_file = load_city(folder / "city.yaml")
    assert map_file is not None and map_file.is_file()
    assert len(load_registry(folder / "devices.yaml", city=city, kinds=KINDS)) == 1610
