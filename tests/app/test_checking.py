"""`check` looks at every file of an installation and tells all that is wrong with them at once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from citybrain.checking import check_everything
from tests.app.installation import Site, write_installation
from tests.app.terminal import Terminal


def problems(site: Site) -> list[str]:
    return [str(problem).replace(f"{site.folder}/", "") for problem in check_everything(site.file).problems]


def change(site: Site, name: str, good: str, bad: str) -> None:
    file = site.folder / name
    text = file.read_text(encoding="utf-8")
    assert good in text
    file.write_text(text.replace(good, bad), encoding="utf-8")


def test_a_good_installation_has_no_problem_and_a_summary(site: Site) -> None:
    report = check_everything(site.file)
    assert report.problems == []
    assert report.summary[:2] == ["城市 city       试城 · Testville（Asia/Shanghai）", "设备 devices    12"]
    assert report.summary[-1] == "没有问题 · no problems"


def test_several_broken_files_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    site = write_installation(tmp_path, rules={"files": ["shipped", "mine.yaml"]})
    (tmp_path / "mine.yaml").write_text("rules:\n- id: x\n  kind: treshold\n", encoding="utf-8")
    change(site, "city/devices.yaml", "kind: air_station", "kind: air_statoin")
    change(site, "city/devices.yaml", "road: R2", "road: R7")
    change(site, "city/city.yaml", "Asia/Shanghai", "Asia/Shangri-La")
    found = problems(site)
    places = {problem.split(": ")[0] for problem in found}
    assert {"mine.yaml:3", "city/city.yaml"} <= places
    assert sum(place.startswith("city/devices.yaml:") for place in places) == 3
    assert check_everything(site.file).summary == []


@pytest.mark.parametrize("name", ["city/city.yaml", "city/devices.yaml", "city/map.geojson"])
def test_a_missing_file_is_named(site: Site, name: str) -> None:
    (site.folder / name).unlink()
    assert any(name in problem for problem in problems(site))


def test_a_map_that_is_no_geojson_is_named(site: Site) -> None:
    (site.folder / "city" / "map.geojson").write_text("<svg/>", encoding="utf-8")
    assert any("map.geojson" in problem for problem in problems(site))


def test_missing_secrets_and_certificates_are_named_together(tmp_path: Path) -> None:
    site = write_installation(
        tmp_path,
        ingest={"broker": {"username": "u", "password_file": "no-mqtt", "tls": {"ca": "no-ca"}}},
        series={"kind": "influxdb", "influxdb": {"token_file": "no-token"}},
        notify={"routes": [{"id": "duty", "url_file": "no-duty"}]},
    )
    found = problems(site)
    assert [
        name for name in ("no-mqtt", "no-ca", "no-token", "no-duty") if not any(name in text for text in found)
    ] == []


def test_a_rule_on_a_road_that_the_city_does_not_have_is_told(tmp_path: Path) -> None:
    site = write_installation(tmp_path, rules={"files": ["mine.yaml"]})
    names = "zh: 甲, en: A, severity: white, clause: {zh: 条, en: C}"
    (tmp_path / "mine.yaml").write_text(
        f"rules:\n- {{id: x, kind: absence, {names}, scope: {{roads: [R7]}}}}\n", encoding="utf-8"
    )
    assert any("R7" in problem for problem in problems(site))


PATIENT = """rules:
- {id: loud, kind: threshold, zh: 甲, en: A, severity: white, clause: {zh: 条, en: C}, metric: laeq, unit: dB(A),
   compare: "<=", limit: 60, dead_band: 2,
   lateness: LATENESS}
"""


def with_lateness(folder: Path, lateness: str) -> Site:
    site = write_installation(folder, rules={"files": ["mine.yaml"]})
    (folder / "mine.yaml").write_text(PATIENT.replace("LATENESS", lateness), encoding="utf-8")
    return site


def test_a_rule_that_waits_longer_than_anything_can_be_late_is_told_with_its_line(tmp_path: Path) -> None:
    [problem] = problems(with_lateness(tmp_path, "90d"))
    assert problem.startswith("mine.yaml:4: rule loud: lateness 7776000 s is longer than any reading")


def test_a_rule_may_wait_for_as_long_as_a_reading_can_be_late(tmp_path: Path) -> None:
    assert problems(with_lateness(tmp_path, "26h")) == []


def test_rules_check_tells_a_vain_lateness_too(tmp_path: Path, terminal: Terminal) -> None:
    site = with_lateness(tmp_path, "27h")
    ran = terminal.run("rules", "check", "--config", site.file)
    assert (ran.code, "mine.yaml:4: rule loud: lateness 97200 s" in ran.out) == (1, True)


def test_the_settings_may_not_wait_longer_either(tmp_path: Path) -> None:
    [problem] = problems(write_installation(tmp_path, rules={"lateness": "2d"}))
    assert "rules.lateness (172800 s) is longer than any reading" in problem


def test_a_settings_file_that_cannot_be_read_is_the_only_problem(tmp_path: Path) -> None:
    report = check_everything(tmp_path / "gone.yaml")
    assert [problem.file for problem in report.problems] == [f"{tmp_path}/gone.yaml"]


BREAKS: list[Callable[[Site], None]] = [
    lambda site: (site.folder / "city" / "city.yaml").write_bytes(b"\xff\xfe"),
    lambda site: (site.folder / "city" / "city.yaml").write_text("lon: 500\nlat: 0\nzh: x\nen: x\ntimezone: UTC\n"),
    lambda site: (site.folder / "city" / "devices.yaml").write_text("devices: 5"),
    lambda site: (site.folder / "city" / "devices.yaml").write_text("devices:\n- 5\n- []\n- null\n"),
    lambda site: site.file.write_text("data: 5\ncity: []\ndevices: {}\n"),
    lambda site: site.file.write_text("\x00"),
]


@pytest.mark.parametrize("damage", BREAKS)
def test_whatever_a_file_says_check_does_not_raise(site: Site, damage: Callable[[Site], None]) -> None:
    damage(site)
    assert check_everything(site.file).problems
