"""Tables and maps of devices: the same devices as from YAML, and every fault with its row or feature."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.registry.table_file import read_table
from domain.devices import Dialect
from domain.places import NoiseZone, Place
from tests.config.registry_city import faults_of, registry_of

YAML = """\
devices:
- {id: FC-1, kind: feeder_cabinet, zh: 箱, en: Cabinet, lon: 112.5, lat: 30.9}
- id: NM-1
  kind: noise_meter
  zh: 点, 一
  lon: 112.51
  lat: 30.91
  interval: 10s
  zone: "2"
  district: north
  grid_cell: "990103033010021"
  parent: FC-1
  aliases: [24-E1-24-74-3D-40-2D-AB, 甲]
  dialect:
    timezone: Asia/Shanghai
    units: {a34004: mg/m³}
    metrics: {Lv: laeq}
    missing: [-999, 65535]
    decimal_comma: true
    codec: x
    installed: [0, 1.5, -2]
  figures: {depth: 3.2, cross_section: 1}
"""
HEAD = (
    "id,kind,zh,en,lon,lat,interval,zone,district,grid_cell,parent,aliases,timezone,units.a34004,metrics.Lv,"
    "missing,decimal_comma,codec,installed,井深,figures.cross_section"
)
ROWS = (
    "FC-1,feeder_cabinet,箱,Cabinet,112.5,30.9",
    'NM-1,noise_meter,"点, 一",,112.51,30.91,10s,2,north,990103033010021,FC-1,24-E1-24-74-3D-40-2D-AB;甲,'
    "Asia/Shanghai,mg/m³,laeq,-999;65535,true,x,0;1.5;-2,3.2,1",
)
CSV = "\n".join((HEAD, *ROWS)) + "\n"


def feature(lon: float, lat: float, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": properties}


GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        feature(112.5, 30.9, id="FC-1", kind="feeder_cabinet", zh="箱", en="Cabinet", road=None, parent=""),
        {
            **feature(
                112.51,
                30.91,
                kind="noise_meter",
                zh="点, 一",
                interval="10s",
                zone="2",
                district="north",
                grid_cell="990103033010021",
                parent="FC-1",
                aliases=["24-E1-24-74-3D-40-2D-AB", "甲"],
                dialect={"timezone": "Asia/Shanghai", "missing": [-999, 65535], "codec": "x"},
                decimal_comma=True,
                installed=[0, 1.5, -2],
                figures={"depth": 3.2},
                **{"units.a34004": "mg/m³", "metrics.Lv": "laeq", "figures.cross_section": 1},
            ),
            "id": "NM-1",
        },
    ],
}


def geojson(**changes: Any) -> str:
    return json.dumps({**GEOJSON, **changes}, ensure_ascii=False)


def test_yaml_says_all_there_is_to_say(tmp_path: Path) -> None:
    meter = registry_of(tmp_path, "d.yaml", YAML).devices["NM-1"]
    assert (meter.en, meter.zone, meter.place) == ("点, 一", NoiseZone.TWO, Place(lon=112.51, lat=30.91))
    assert meter.aliases == ("24-E1-24-74-3D-40-2D-AB", "甲")
    assert meter.dialect == Dialect(
        timezone="Asia/Shanghai",
        units={"a34004": "mg/m³"},
        metrics={"Lv": "laeq"},
        missing=frozenset({-999.0, 65535.0}),
        decimal_comma=True,
        codec="x",
        installed=(0.0, 1.5, -2.0),
    )
    assert meter.figures == {"depth": 3.2, "cross_section": 1.0}


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("deep", "NM-1, column figures.depth: "),
        ("nan", "column figures.depth: Input should be a finite number"),
        ("1e999", "a finite number"),
    ],
)
def test_a_figure_that_is_no_number_is_refused(cell: str, words: str, tmp_path: Path) -> None:
    text = f"id,kind,zh,lon,lat,figures.depth\nNM-1,noise_meter,点,112.5,30.9,{cell}\n"
    [fault] = faults_of(tmp_path, "d.csv", text)
    assert words in fault


def test_a_figure_that_yaml_reads_as_true_is_refused(tmp_path: Path) -> None:
    text = "devices:\n- {id: NM-1, kind: noise_meter, zh: 点, lon: 112.5, lat: 30.9, figures: {depth: yes}}\n"
    assert any("write such as 3.2" in fault for fault in faults_of(tmp_path, "d.yaml", text))


def test_the_name_of_a_figure_is_one_that_rules_can_say(tmp_path: Path) -> None:
    text = "id,kind,zh,lon,lat,figures.Depth m\nNM-1,noise_meter,点,112.5,30.9,3\n"
    [fault] = faults_of(tmp_path, "d.csv", text)
    assert "figures.Depth m" in fault


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.csv", CSV),
        ("bom.csv", CSV.encode("utf-8-sig")),
        ("crlf.csv", CSV.replace("\n", "\r\n")),
        ("excel.csv", "sep=,\n" + CSV),
        ("tab.tsv", CSV.replace(",", "\t").replace('"点\t 一"', "点, 一")),
        ("gaps.csv", CSV.replace("\nNM", "\n\n,,,\nNM")),
        ("d.geojson", geojson()),
        ("bom.geojson", geojson().encode("utf-8-sig")),
        ("crs.json", geojson(crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}})),
    ],
)
def test_every_kind_of_file_gives_the_same_devices(name: str, content: str | bytes, tmp_path: Path) -> None:
    assert list(registry_of(tmp_path, name, content)) == list(registry_of(tmp_path, "d.yaml", YAML))


def test_chinese_heads_are_understood(tmp_path: Path) -> None:
    [device] = registry_of(tmp_path, "d.csv", "编号;类别;名称;经度;纬度;行政区\nLP-1;lamp;灯;112.5;30.9;north\n")
    assert (device.id, device.zh, device.en, device.district) == ("LP-1", "灯", "灯", "north")


@pytest.mark.parametrize("first", ["sep=;\n", "SEP=;\r\n", '"sep=;"\n', "sep=;;;;\n"])
def test_the_delimiter_that_excel_names_in_its_own_line_is_taken_and_lines_count_on(tmp_path: Path, first: str) -> None:
    head = "id;kind;zh;lon;lat;aliases\n"
    [device] = registry_of(tmp_path, "d.csv", f"{first}{head}LP-1;lamp;灯;112.5;30.9;\n")
    assert (device.id, device.zh) == ("LP-1", "灯")
    [fault] = faults_of(tmp_path, "e.csv", f"{first}{head}LP-1;lantern;灯;112.5;30.9;\n")
    assert ":3: " in fault


def test_the_faults_of_a_table_come_at_once_each_with_the_line_on_which_its_row_begins(tmp_path: Path) -> None:
    text = (
        "id,kind,zh,lon,lat,interval,units.x\n"
        'A,lamp,"two\nlines",112.5,30.9,,\n'
        "B,lantern,灯,112.5,30.9,,\n"
        "C,lamp,灯,east,30.9,10,\n"
        "D,lamp,灯,112.5,30.9,,,more,\n"
        ",lamp,灯,112.5,30.9,,\n"
    )
    found = faults_of(tmp_path, "d.csv", text)
    assert [fault.split(": ")[0] for fault in found] == ["d.csv:4", "d.csv:5", "d.csv:5", "d.csv:6", "d.csv:7"]
    assert "C, column lon: " in found[1] and "not 'east'" in found[1]
    assert "C, column interval: '10' is not a duration" in found[2]
    assert "D, column ...: unknown key" in found[3]
    assert "row, column id: missing" in found[4]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "names no column that we know"),
        ("a,b\n1,2\n", "names no column that we know"),
        ("id,kind,zh,lon,lat,colour,size\n", "unknown column 'colour', 'size'; mend its spelling"),
        ("id,kind,zh,lon,lat,编号\n", "column id stands twice"),
        ('id,kind\n"A,lamp\n', "the row is no CSV"),
        ("id,kind\nA,灯\n".encode("gb18030"), "readable as GBK (GB18030); convert it: iconv -f GB18030 -t UTF-8 d.csv"),
        ("id,kind\n".encode("utf-16"), "readable as UTF-16"),
        (b"PK\x03\x04\x14\x00\x06\x00\xff\xff", "a workbook or archive"),
    ],
)
def test_a_table_without_a_usable_head_is_refused(content: str | bytes, words: str, tmp_path: Path) -> None:
    [fault] = faults_of(tmp_path, "d.csv", content)
    assert words in fault


def test_unknown_columns_are_left_out_and_named_when_that_is_wished(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text("id,colour,kind,,size\nA,red,lamp,,9\n", encoding="utf-8")
    listing = read_table(file, ignore_extra=True)
    assert list(listing.contents) == [{"id": "A", "kind": "lamp"}]
    assert listing.notes == ("left out the columns colour, size",)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"type": "Topology"}, "not a FeatureCollection"),
        ({"features": {}}, "not a FeatureCollection"),
        ({"crs": {"type": "name", "properties": {"name": "EPSG:3857"}}}, "export it in WGS-84"),
        ({"crs": {"type": "name", "properties": {"name": "EPSG:14326"}}}, "export it in WGS-84"),
        ({"features": [5]}, "features[0]: Input should be"),
        (
            {"features": [{"geometry": {"type": "LineString", "coordinates": []}}]},
            "features[0]: its geometry is a LineS",
        ),
        (
            {"features": [{"geometry": {"type": "Point", "coordinates": [1]}}]},
            "a Point without lon and lat; a device is",
        ),
        ({"features": [{"geometry": ["x"]}]}, "features[0]: its geometry is \"['x']\"; a device is a Point"),
        (
            {"features": [feature(112.5, 30.9, id="A", kind="lamp", zh="灯", colour=1)]},
            "features[0] (A).colour: unknown",
        ),
        (
            {"features": [feature(112.5, 30.9, id="A", kind="lamp", zh="灯", figures=3, **{"figures.depth": 2})]},
            "features[0] (A).figures: Input should be a valid dictionary",
        ),
        ({"features": [feature(112.5, 30.9, id="A", kind="x", zh="灯")]}, "device A: kind 'x' is not known"),
        ({"features": [feature(112.5, 30.9, id="A", kind="lamp", zh="灯", zone=2)]}, "features[0] (A).zone: Input"),
    ],
)
def test_a_map_that_is_none_of_devices_is_refused(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    assert any(words in fault for fault in faults_of(tmp_path, "d.geojson", geojson(**changes)))


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    [fault] = faults_of(tmp_path, "d.geojson", "{")
    assert "not JSON" in fault


def test_a_file_of_another_ending_is_refused(tmp_path: Path) -> None:
    [fault] = faults_of(tmp_path, "d.xlsx", "")
    assert "ends in .yaml, .csv or .geojson, not in .xlsx" in fault


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=8)


@settings(deadline=None)
@given(rows=st.lists(st.tuples(CELL, CELL), max_size=6))
def test_a_cell_is_read_as_any_spreadsheet_wrote_it(rows: list[tuple[str, str]], tmp_path_factory: Any) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("id", "zh"), *rows])
    file = tmp_path_factory.getbasetemp() / "d.csv"
    file.write_bytes(text.getvalue().encode())
    wanted = [(one.strip(), other.strip()) for one, other in rows]
    found = [
        (content.get("id", ""), content.get("zh", "")) for content in read_table(file, ignore_extra=False).contents
    ]
    assert found == [row for row in wanted if any(row)]


def test_rows_are_the_same_one_by_one_in_slices_and_all_in_a_row(tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text('id,zh,aliases\nA,"一\n路",x;y\n\n  B  ,二,\n"C, D",三,z\n', encoding="utf-8")
    listing = read_table(file, ignore_extra=False)
    contents = list(listing.contents)
    assert contents == [
        {"id": "A", "zh": "一\n路", "aliases": ["x", "y"]},
        {"id": "B", "zh": "二"},
        {"id": "C, D", "zh": "三", "aliases": ["z"]},
    ]
    assert [listing.contents[index] for index in range(3)] == contents
    assert [*listing.contents[:1], *listing.contents[1:]] == contents
    assert [listing.spot(index, ()).line for index in range(3)] == [2, 5, 6]
