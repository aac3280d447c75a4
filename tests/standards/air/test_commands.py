"""`citybrain aqi` and `citybrain assess air` as people call them: what they say, and how they refuse."""

import json
from pathlib import Path
from typing import Any

import pytest

from citybrain.cli import main

SAMPLE = Path(__file__).parents[2] / "samples" / "beijing_Dongsi_20161101-20170228.csv"


class Said:
    """One call of the command line."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        self.code = ended.value.code or 0
        self.out, self.err = capsys.readouterr()

    @property
    def object(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


def test_the_index_is_told_with_its_arithmetic_colour_and_primary_pollutant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = Said(capsys, "aqi", "pm2_5=61", "o3_8h=170", "--date", "2026-11-20").out
    assert "AQI 110 三级 轻度污染 Lightly polluted · 橙 orange #FF7E00  首要污染物 primary: O₃" in said
    assert "(150−100)/(215−160)×(170−160)+100 = 109.0909… → 110（进位 rounded up）" in said
    assert "60–115 → 100–150" in said


def test_the_date_of_the_observation_chooses_the_edition(capsys: pytest.CaptureFixture[str]) -> None:
    new = Said(capsys, "aqi", "pm2_5=75", "--date", "2026-03-01", "--json").object
    old = Said(capsys, "aqi", "pm2_5=75", "--date", "2026-02-28", "--json").object
    assert [(one["standard"], one["aqi"]) for one in (new, old)] == [("hj633-2026", 114), ("hj633-2012", 100)]


def test_a_value_in_ppb_is_converted_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    found = Said(
        capsys, "aqi", "O3=60ppb", "CO=1200ug/m3", "--not-monitored", "rest", "--date", "2026-04-01", "--json"
    ).object
    assert found["sub"]["o3_8h"]["given"] == 117.6
    assert found["sub"]["co_24h"]["used"] == 1.2
    assert found["remarks"] == ["o3_8h: 60 ppb = 117.6 µg/m³（25 °C）", "co_24h: 1200 µg/m³ = 1.2 mg/m³"]
    assert found["aqi"] == 65


@pytest.mark.parametrize(
    "name", ["细颗粒物", "PM₂.₅", "PM2.5", "pm25", "pm2_5_24h", "PM2,5", "PM2.5-24h", "细颗粒物24小时"]
)
def test_a_pollutant_may_be_named_as_people_write_it(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert (
        Said(capsys, "aqi", f"{name}=61", "--date", "2026-11-20", "--json").object["sub"]["pm2_5_24h"]["index"] == 101
    )


def test_an_index_that_may_not_be_published_is_null_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    found = Said(capsys, "aqi", "pm2_5=50", "--date", "2026-11-20", "--json").object
    assert (found["aqi"], found["sub"]["pm2_5_24h"]["index"]) == (None, 80)
    assert "published only above 100" in found["because"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pm2_6=40"], "did you mean pm2_5_24h"),
        (["pm2_5=-3"], "no concentration is negative"),
        (["pm2_5=-99"], "-99 is a placeholder for a missing value; leave it out"),
        (["pm2_5=-999"], "placeholder"),
        (["pm2_5=—"], "nothing was measured; leave it out"),
        (["pm2_5=40ppb"], "pm2_5 is no gas"),
        (["pm2_5=61,5"], "write the decimal point as a point"),
        (["pm2_5=1,200"], "no separator of thousands"),
        (["pm2_5=1e400"], "too large for a concentration"),
        (["pm2_5=40stones"], "is no unit of a concentration"),
        (["pm2_5"], "write pm2_5=61"),
        (["pm2_5=1", "pm25=2"], "pm2_5_24h is given twice"),
        (["pm2_5_1h=4"], "does not enter"),
        (["o3=100", "--date", "2020-01-01"], "of which mean? Write o3_1h=… or o3_8h=…"),
        (["pm2_5=4", "--not-monitored", "pm2_5"], "is no pollutant without a value"),
    ],
)
def test_what_is_no_concentration_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    said = Said(capsys, "aqi", *(["--date", "2026-11-20"] if "--date" not in arguments else []), *arguments)
    assert said.code == 1
    assert message in said.err
    assert said.err.count("\n") == 1


def test_a_value_far_beyond_its_table_asks_for_the_unit(capsys: pytest.CaptureFixture[str]) -> None:
    assert "is the unit right?" in Said(capsys, "aqi", "co=1200", "--date", "2026-11-20").out


def test_a_station_of_four_months_is_assessed(capsys: pytest.CaptureFixture[str]) -> None:
    found = Said(capsys, "assess", "air", str(SAMPLE), "--json").object
    assert found["hours"]["total"] == 2880
    days = found["days"]
    assert (days["total"], days["valid"], days["good"]) == (120, 119, 55)
    assert days["good_ratio"] == pytest.approx(46.22, abs=0.01)
    assert days["levels"] == {
        "优": 18,
        "良": 37,
        "轻度污染": 21,
        "中度污染": 8,
        "重度污染": 21,
        "严重污染": 14,
        "NA": 1,
    }
    assert (found["from"], found["until"]) == ("2016-10-31T16:00:00.000Z", "2017-02-28T16:00:00.000Z")
    [day] = [one for one in found["daily"] if one["date"] == "2016-12-20"]
    assert (day["edition"], day["aqi"], day["level"], day["primary"]) == ("hj633-2012", 437, "严重污染", ["pm2_5"])
    assert day["values"]["o3"]["mean"] == "max8h"
    assert found["set_aside"]["co"] == {"missing": 47}
    assert {year["because"] for year in found["years"]} >= {"61 valid days, 324 are needed"}
    carbon = [one["highest"] for one in found["compliance"] if (one["pollutant"], one["mean"]) == ("co", "hour")]
    assert carbon == [9.9]


def test_the_tables_name_compliance_levels_and_leftovers(capsys: pytest.CaptureFixture[str]) -> None:
    said = Said(capsys, "assess", "air", str(SAMPLE)).out
    for part in (
        "优良天数比例 good-day ratio 46.2 %",
        "最差 10 天",
        "2016-12-20  437",
        "日最大8h max 8 h",
        "空值 missing 47",
    ):
        assert part in said


MESSY = """监测时间,PM2.5(µg/m³),二氧化硫,CO(μg/m3),O3 (ppb),AQI
2026-11-20 01:00,61,10,500,30,1
2026-11-20 02:00,-99,—,NA,30,1
nonsense,1,2,3,4,5
2026-11-20 03:00,abc,-5,600,0,1
2026-11-20 03:00,50,5,700,1,1
2026-11-20 04:00,50
"""


def messy(tmp_path: Path, text: str = MESSY, name: str = "messy.csv") -> str:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_what_was_missing_invalid_or_unreadable_is_told_with_reasons_and_lines(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = Said(capsys, "assess", "air", messy(tmp_path), "--json").object
    assert found["set_aside"] == {
        "pm2_5": {"placeholder": 1},
        "so2": {"missing": 2, "negative": 1},
        "co": {"missing": 2, "duplicate": 1},
        "o3": {"missing": 1, "duplicate": 1},
    }
    assert [one["line"] for one in found["unreadable"]["first"]] == [4, 5]
    assert found["unreadable"]["lines"] == 2
    assert found["from"] == "2026-11-19T16:00:00.000Z"  # 01:00 names the hour by its end
    # the hour from 0 to 1 o'clock: CO 500 µg/m³ is 0.5 mg/m³, O3 30 ppb is 58.8 µg/m³
    assert found["hourly"][0]["sub"] == {"so2_1h": 4, "co_1h": 5, "o3_1h": 19, "pm2_5_1h": 101}
    assert found["hourly"][0]["aqi"] == 101


def test_times_may_name_the_start_of_their_hours(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = Said(capsys, "assess", "air", messy(tmp_path), "--time-label", "start", "--json").object
    assert found["from"] == "2026-11-19T17:00:00.000Z"


def test_a_zero_is_a_value_unless_it_is_said_to_be_missing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    kept = Said(capsys, "assess", "air", messy(tmp_path), "--json").object
    aside = Said(capsys, "assess", "air", messy(tmp_path), "--zero-is-missing", "--json").object
    assert any("values of 0 counted as measured" in remark for remark in kept["remarks"])
    assert aside["set_aside"]["o3"] == {"missing": 1, "zero": 1}


def readings(*rows: tuple[str, str, str, float, float]) -> str:
    names = ("device", "metric", "at", "value", "span_s")
    return "".join(json.dumps({**dict(zip(names, row, strict=True)), "quality": "good"}) + "\n" for row in rows)


def test_readings_of_a_minute_make_hours_with_45_minutes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    minutes = [("A1", "pm2_5", f"2026-11-20T00:{minute:02d}:00Z", 61.0, 60.0) for minute in range(1, 46)]
    thin = [("A1", "pm2_5", f"2026-11-20T01:{minute:02d}:00Z", 61.0, 60.0) for minute in range(1, 45)]
    text = readings(*minutes, *thin) + "not json\n"
    found = Said(capsys, "assess", "air", messy(tmp_path, text, "readings.ndjson"), "--json").object
    assert [one["highest"] for one in found["hourly"]] == [101, None]
    assert found["set_aside"]["pm2_5"] == {"hour_too_thin": 1}
    assert found["unreadable"]["first"][0]["line"] == 90


def test_of_several_devices_one_must_be_chosen(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = readings(*((name, "o3", "2026-11-20T01:00:00Z", 61.0, 3600.0) for name in ("A1", "A2")))
    path = messy(tmp_path, text, "two.ndjson")
    assert "holds 2 devices: A1, A2; choose one with --device" in Said(capsys, "assess", "air", path).err
    assert Said(capsys, "assess", "air", path, "--device", "A2", "--json").object["lines"] == 2


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("x,y\n1,2\n", [], "no column of time among x, y"),
        ("time,x\n2026-11-20 01:00,2\n", [], "no pollutant among time, x"),
        ("time,pm10\n", [], "0 lines, and no concentration that could be used"),
        ("time,pm10,PM10(µg/m³)\n2026-11-20 01:00,2,3\n", [], "two columns of pm10"),
        ("time,pm10(ppb)\n2026-11-20 01:00,2\n", [], "pm10 is no gas"),
        ("time,pm10\n2026-11-20 01:00,2\n", ["--tz", "Nowhere"], "is no zone of time"),
        ("time,pm10\n2026-11-20 01:00,2\n", ["--unit", "pm10=stones"], "is no unit of a concentration"),
        ("time,pm10\n2026-11-20 01:00,2\n", ["--not-monitored", "radon"], "'radon' is no pollutant"),
        ("time,pm10\n2026-11-20 01:00,2\n1926-11-20 01:00,2\n", [], "mend the wrong ones"),
        ("", [], "is empty"),
    ],
)
def test_a_file_that_cannot_be_assessed_is_refused_with_what_to_do(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, options: list[str], message: str
) -> None:
    said = Said(capsys, "assess", "air", messy(tmp_path, text), *options)
    assert said.code == 1
    assert message in said.err
