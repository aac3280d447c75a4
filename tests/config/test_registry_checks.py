"""What a registry must not say: a name twice, a position that cannot be meant, a dialect that leads nowhere."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.registry.coordinates import is_swapped, why_not_here
from domain.devices import PLAIN
from domain.places import City, Place
from tests.config.registry_city import CITY, faults_of, registry_of

GOOD = "{id: A, kind: lamp, zh: 灯, lon: 112.5, lat: 30.9%s}"
OTHER = "{id: B, kind: lamp, zh: 灯, lon: 112.5, lat: 30.9%s}"


def devices(*lines: str) -> str:
    return "devices:\n" + "".join(f"- {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (", aliases: [x]", ", aliases: [x]", "device B: alias 'x' is an alias of device A"),
        (", aliases: [B]", "", "device A: alias 'B' is the id of device B"),
        (
            ", aliases: [24-E1-24-74-3D-40-2D-AB]",
            ", aliases: ['24e124743d402dab']",
            "device B: alias '24e124743d402dab' is an alias of device A",
        ),
        (", aliases: ['a#b']", "", "devices.0.aliases: 'a#b' cannot name a device"),
        (", aliases: ['']", "", "devices.0.aliases: no device name"),
    ],
)
def test_a_name_leads_to_one_device(first: str, second: str, words: str, tmp_path: Path) -> None:
    [fault] = faults_of(tmp_path, "d.yaml", devices(GOOD % first, OTHER % second))
    assert words in fault


def test_two_spellings_of_one_eui_are_one_device(tmp_path: Path) -> None:
    upper = GOOD.replace("id: A", "id: 24E124743D402DAB") % ""
    lower = OTHER.replace("id: B", "id: 24-e1-24-74-3d-40-2d-ab") % ""
    [fault] = faults_of(tmp_path, "d.yaml", devices(upper, lower))
    assert fault.startswith("d.yaml:3: ") and "on the wire the same as device 24E124743D402DAB" in fault


@pytest.mark.parametrize("aliases", ["[A]", "[x, x]", "[a, A, x]"])
def test_a_device_may_say_its_own_name_twice(aliases: str, tmp_path: Path) -> None:
    assert len(registry_of(tmp_path, "d.yaml", devices(GOOD % f", aliases: {aliases}"))) == 1


@pytest.mark.parametrize(
    ("dialect", "words"),
    [
        ("{timezone: Asia/Shangri-La}", "dialect.timezone: 'Asia/Shangri-La' is no zone of time"),
        ("{timezone: Asia}", "dialect.timezone: 'Asia' is no zone of time"),
        ("{metrics: {Lv: laeq}}", "device A: Lv cannot be 'laeq', no metric of a lamp; known are lamp_on"),
        ("{missing: [x]}", "dialect.missing.0: "),
        ("{missing: [.nan]}", "dialect.missing.0: "),
        ("{installed: [0, 1]}", "dialect.installed.2: missing"),
        ("{unit: {a: b}}", "dialect.unit: unknown key"),
    ],
)
def test_a_dialect_that_leads_nowhere_is_told(dialect: str, words: str, tmp_path: Path) -> None:
    [fault] = faults_of(tmp_path, "d.yaml", devices(GOOD % f", dialect: {dialect}"))
    assert fault.startswith("d.yaml:2: ") and words in fault


def test_codes_that_are_numbers_are_codes_all_the_same(tmp_path: Path) -> None:
    text = devices(GOOD % ", dialect: {metrics: {5: lamp_on}, units: {7: 1}}")
    dialect = registry_of(tmp_path, "d.yaml", text).devices["A"].dialect
    assert (dialect.metrics, dialect.units) == ({"5": "lamp_on"}, {"7": "1"})


def test_devices_that_speak_alike_share_their_dialect(tmp_path: Path) -> None:
    text = devices(GOOD % ", dialect: {missing: [-1]}", OTHER % ", dialect: {missing: [-1]}")
    one, other = registry_of(tmp_path, "d.yaml", text)
    assert one.dialect is other.dialect


@pytest.mark.parametrize("dialect", ["{}", "{units: {}, decimal_comma: false}", "null"])
def test_a_dialect_that_says_nothing_is_the_plain_one(dialect: str, tmp_path: Path) -> None:
    assert registry_of(tmp_path, "d.yaml", devices(GOOD % f", dialect: {dialect}")).devices["A"].dialect is PLAIN


def test_a_device_does_not_hang_on_itself(tmp_path: Path) -> None:
    [fault] = faults_of(tmp_path, "d.yaml", devices(GOOD % ", parent: A"))
    assert "device A is its own parent" in fault


@pytest.mark.parametrize(
    ("position", "words"),
    [
        (
            "lon: 30.9, lat: 112.5",
            "devices.0.lat: Input should be less than or equal to 90, not 112.5; lon and lat look",
        ),
        ("lon: 0, lat: 0", "is what devices send that do not know their position"),
        ("lon: 121.47, lat: 31.23", "km from the centre of 试城 · Testville, more than its radius_km 100"),
        ("lon: .nan, lat: 30.9", "devices.0.lon: Input should be"),
    ],
)
def test_a_position_that_cannot_be_meant_is_refused(position: str, words: str, tmp_path: Path) -> None:
    found = faults_of(tmp_path, "d.yaml", devices((GOOD % "").replace("lon: 112.5, lat: 30.9", position)))
    assert all(fault.startswith("d.yaml:2: ") for fault in found)
    assert any(words in fault for fault in found), found


def test_a_swapped_position_is_told_where_both_numbers_could_be_degrees() -> None:
    here = City(zh="甲", en="A", timezone="UTC", centre=Place(lon=12.5, lat=41.9), radius_km=50)
    assert why_not_here(41.9, 12.5, here) == "lon 41.9 and lat 12.5 look swapped; write lon: 12.5, lat: 41.9"


def test_the_radius_of_the_city_decides_how_far_is_too_far() -> None:
    assert why_not_here(113.5, 30.9, CITY) is None
    assert "more than its radius_km 100" in (why_not_here(113.6, 30.9, CITY) or "")


@settings(deadline=None)
@given(st.floats(-180, 180), st.floats(-90, 90))
def test_a_position_is_refused_with_advice_or_is_in_the_city(lon: float, lat: float) -> None:
    reason = why_not_here(lon, lat, CITY)
    is_near = abs(lon - 112.5) < 1.1 and abs(lat - 30.9) < 1.0
    assert is_near if reason is None else "write" in reason


@settings(deadline=None)
@given(st.none() | st.text(max_size=5) | st.floats() | st.lists(st.floats(), max_size=1), st.floats())
def test_whatever_a_file_says_asking_whether_it_is_swapped_does_no_harm(lon: object, lat: float) -> None:
    assert is_swapped(lon, lat, CITY) in (True, False)
