"""Imports show what they would change before they change it, and know a wrong datum where it can be known."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from citybrain.registry.reloading import reload_engine
from domain.datums import Datum, from_wgs84
from domain.errors import Refused
from runtime.locking import DirectoryLock
from tests.app.installation import CENTRE, DEVICES, Site
from tests.app.terminal import Ran, Terminal


class Importing:
    """`citybrain devices import` of a file of that name and text."""

    def __init__(self, site: Site, terminal: Terminal) -> None:
        self.site = site
        self._terminal = terminal

    def run(self, text: str, *options: str, name: str = "new.csv") -> Ran:
        file = self.site.folder / name
        file.write_text(text, encoding="utf-8")
        return self._terminal.run("devices", "import", file, "--config", self.site.file, *options)

    def json(self, text: str, *options: str, name: str = "new.csv") -> dict[str, Any]:
        [row] = self.run(text, "--json", *options, name=name).rows
        return row

    def installed(self) -> dict[str, dict[str, Any]]:
        file = self.site.folder / "city" / "devices.yaml"
        return {entry["id"]: entry for entry in yaml.safe_load(file.read_text(encoding="utf-8"))["devices"]}


@pytest.fixture
def importing(site: Site, terminal: Terminal) -> Importing:
    return Importing(site, terminal)


NEW = "id,kind,zh,lon,lat\nNM-9,noise_meter,新点,112.51,30.92\nLP-1,lamp,灯一,112.5,30.9\n"


def test_nothing_is_written_without_being_asked(importing: Importing) -> None:
    before = importing.installed()
    ran = importing.run(NEW)
    assert (ran.code, importing.installed()) == (0, before)
    assert "新增 added 1，修改 changed 1，删除 removed 0，不变 unchanged 11" in ran.out
    assert "zh: 设备LP-1 → 灯一" in ran.out
    assert "--apply" in ran.out


def test_applying_merges_and_keeps_the_old_file(importing: Importing) -> None:
    before = importing.installed()
    ran = importing.run(NEW, "--apply")
    after = importing.installed()
    assert (ran.code, len(after)) == (0, len(DEVICES) + 1)
    assert after["NM-9"] == {"id": "NM-9", "kind": "noise_meter", "zh": "新点", "lon": 112.51, "lat": 30.92}
    assert after["LP-1"] == {**before["LP-1"], "zh": "灯一"}
    assert list(after)[-1] == "NM-9"
    assert (importing.site.folder / "city" / "devices.yaml.bak").is_file()
    assert "no engine runs here" in ran.out
    assert len(importing.site.installation().registry) == len(after)


def test_the_same_file_again_changes_nothing_and_writes_nothing(importing: Importing) -> None:
    importing.run(NEW, "--apply")
    stamp = (importing.site.folder / "city" / "devices.yaml").stat().st_mtime_ns
    again = importing.json(NEW, "--apply")
    assert (again["applied"], again["added"], again["changed"], again["unchanged"]) == (False, [], [], 13)
    assert (importing.site.folder / "city" / "devices.yaml").stat().st_mtime_ns == stamp


def test_a_table_of_a_few_columns_changes_those_fields_alone(importing: Importing) -> None:
    before = importing.installed()["NM-1"]
    answer = importing.json("id,lon,units.a34004\nNM-1,112.6,mg/m³\n", "--apply")
    assert answer["changed"] == [
        {"id": "NM-1", "fields": {"lon": [112.5, 112.6], "dialect.units.a34004": [None, "mg/m³"]}}
    ]
    wanted = {**before, "lon": 112.6, "dialect": {"units": {"a34004": "mg/m³"}}}
    assert importing.installed()["NM-1"] == wanted


def test_null_in_yaml_clears_a_field_and_dialects_are_merged(importing: Importing) -> None:
    first = "devices:\n- {id: NM-1, dialect: {timezone: UTC, units: {a: V, b: V}}}\n"
    importing.run(first, "--apply", name="new.yaml")
    second = "devices:\n- {id: NM-1, zone: null, dialect: {timezone: null, units: {a: mV}}}\n"
    importing.run(second, "--apply", name="new.yaml")
    after = importing.installed()["NM-1"]
    assert "zone" not in after and after["dialect"] == {"units": {"a": "mV", "b": "V"}}


def test_replacing_removes_what_is_not_named(importing: Importing) -> None:
    answer = importing.json(NEW, "--replace")
    assert (len(answer["added"]), len(answer["removed"]), answer["devices"]) == (1, 11, 2)


def test_every_problem_comes_at_once_and_nothing_is_written(importing: Importing) -> None:
    text = (
        "id,kind,zh,lon,lat,parent\n"
        "NM-9,noise_meter,新点,30.92,112.51,\n"
        "NM-10,noise_metre,新点,112.5,30.9,\n"
        "NM-10,noise_meter,新点,112.5,30.9,\n"
        "LP-1,,,,,FC-9\n"
    )
    before = importing.installed()
    ran = importing.run(text, "--apply")
    assert ran.code == 1 and importing.installed() == before
    places = [line.split(": ")[0].rpartition("/")[2] for line in ran.err.splitlines()]
    assert places[:4] == ["new.csv:5", "new.csv:2", "new.csv:3", "new.csv:4"]
    assert "lon and lat look swapped" in ran.err and "NM-10 stands twice" in ran.err
    assert ran.err.splitlines()[-1].startswith("4 个问题，未写入")


@pytest.mark.parametrize("options", [(), ("--replace",)])
def test_a_device_whose_row_is_faulty_is_kept_and_not_called_removed(
    importing: Importing, options: tuple[str, ...]
) -> None:
    text = "id,kind,zh,lon,lat\nLP-1,lamp,灯一,112.5,30.9\nNM-1,noise_meter,x,north,30.9\n"
    answer = importing.json(text, *options)
    assert ("NM-1" in answer["removed"], answer["faulty"]) == (False, ["NM-1"])
    ran = importing.run(text, *options)
    assert "stays as it is: new.csv:3 has a problem" in " ".join(ran.out.split())
    assert "new.csv:3: NM-1, column lon" in ran.err


def test_a_fault_that_was_installed_before_is_told_in_its_own_file(importing: Importing) -> None:
    file = importing.site.folder / "city" / "devices.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("road: R2", "road: R7", 1), encoding="utf-8")
    ran = importing.run(NEW)
    assert ran.code == 1 and "city/devices.yaml:" in ran.err and "road 'R7' is not known" in ran.err


def test_a_fault_that_was_installed_before_can_be_mended_by_an_import(importing: Importing) -> None:
    file = importing.site.folder / "city" / "devices.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("road: R2", "road: R7", 1), encoding="utf-8")
    assert importing.run("id,road\nLP-5,R2\n", "--apply").code == 0
    assert importing.site.installation().registry.devices["LP-5"].road == "R2"


def test_a_first_import_needs_no_installed_file(importing: Importing) -> None:
    (importing.site.folder / "city" / "devices.yaml").unlink()
    answer = importing.json(NEW, "--apply")
    assert (answer["applied"], answer["kept"], len(importing.installed())) == (True, None, 2)


def shifted(datum: Datum, *, by_degrees: float = 0.0) -> str:
    """All devices where a map of this datum shows them, spread so that each moves a little differently."""
    lon = np.array([CENTRE[0] + 0.001 * i for i in range(len(DEVICES))])
    lat = np.full(len(DEVICES), CENTRE[1])
    there = from_wgs84(lon, lat, datum)
    rows = zip(DEVICES, there[0].tolist(), there[1].tolist(), strict=True)
    return "id,lon,lat\n" + "".join(f"{one['id']},{x + by_degrees:.7f},{y:.7f}\n" for one, x, y in rows)


@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09])
def test_positions_that_all_move_as_a_map_shifts_are_told_and_refused(importing: Importing, datum: Datum) -> None:
    importing.run(shifted(Datum.WGS84), "--apply")
    before = importing.installed()
    ran = importing.run(shifted(datum), "--apply")
    assert ran.code == 1 and importing.installed() == before
    assert f"12 of 12 moved devices move as {datum.value} would shift them" in ran.err
    assert f"--datum {datum.value}" in ran.err


@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09])
def test_a_named_datum_is_converted_to_where_the_devices_are(importing: Importing, datum: Datum) -> None:
    importing.run(shifted(Datum.WGS84), "--apply")
    answer = importing.json(shifted(datum), "--datum", datum.value)
    moved = [pair for one in answer["changed"] for pair in one["fields"].values()]
    assert answer["problems"] == []
    assert all(abs(old - new) < 2e-7 for old, new in moved)


def test_positions_that_are_said_to_be_right_are_taken(importing: Importing) -> None:
    importing.run(shifted(Datum.WGS84), "--apply")
    assert importing.json(shifted(Datum.GCJ02), "--datum", "wgs84", "--apply")["applied"]


def test_devices_that_move_otherwise_are_no_sign_of_a_datum(importing: Importing) -> None:
    importing.run(shifted(Datum.WGS84), "--apply")
    assert importing.json(shifted(Datum.GCJ02, by_degrees=0.001))["problems"] == []


def test_positions_that_nothing_can_be_compared_with_are_taken_on_trust_and_said_to_be(importing: Importing) -> None:
    [note] = importing.json("id,kind,zh,lon,lat\nNM-9,noise_meter,新点,112.51,30.92\n")["notes"]
    assert "taken on trust" in note and "--datum" in note


def test_an_unknown_column_is_refused_or_left_out(importing: Importing) -> None:
    text = "id,lon,colour\nNM-1,112.6,red\n"
    assert importing.run(text).code == 1
    answer = importing.json(text, "--ignore-extra")
    assert answer["notes"] == ["left out the columns colour"] and answer["problems"] == []


def test_a_registry_that_is_a_table_is_not_written(importing: Importing) -> None:
    site = importing.site
    (site.folder / "city" / "devices.csv").write_text("id,kind,zh,lon,lat\nA,lamp,灯,112.5,30.9\n", encoding="utf-8")
    site.file.write_text(site.file.read_text(encoding="utf-8").replace("devices.yaml", "devices.csv"), encoding="utf-8")
    assert importing.run(NEW).code == 0
    ran = importing.run(NEW, "--apply")
    assert ran.code == 1 and "only YAML is written" in ran.err


def test_two_do_not_write_at_once(importing: Importing) -> None:
    other = DirectoryLock(importing.site.data, "registry")
    try:
        assert importing.run(NEW).code == 0
        ran = importing.run(NEW, "--apply")
        assert ran.code == 1 and "in use by process" in ran.err
    finally:
        other.release()


def test_reloading_without_an_engine_says_so(site: Site, terminal: Terminal) -> None:
    ran = terminal.run("devices", "reload", "--config", site.file)
    assert ran.code == 1 and "no engine runs here" in ran.err
    with pytest.raises(Refused, match="no engine runs here"):
        reload_engine(site.settings())


def test_a_file_that_is_none_is_told_like_any_other_problem(importing: Importing, tmp_path: Path) -> None:
    ran = importing.run("{", name="new.geojson")
    assert ran.code == 1 and "not JSON" in ran.err and "Traceback" not in ran.err


def test_the_answer_in_json_is_one_object_with_these_fields(importing: Importing) -> None:
    fields = "devices added changed removed unchanged faulty notes problems applied kept engine"
    assert set(json.loads(importing.run(NEW, "--json").out)) == set(fields.split())
