"""Tables of air as stations and people export them: the same figures however they are written, or a clear refusal."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from citybrain.air.columns import named
from citybrain.cli import main

POLLUTANTS = ("so2", "no2", "co", "o3", "pm10", "pm2_5")
HEADER = "time,SO2,NO2,CO,O3,PM10,PM2.5"
BASE = {"so2": 8, "no2": 30, "co": 0.5, "o3": 60, "pm10": 55, "pm2_5": 30}
TWO_DAYS = 48
BEGIN = datetime.fromisoformat("2026-11-19 01:00")

Told = Callable[[datetime], str]


def plain(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def utc_s(moment: datetime) -> int:
    return round(moment.replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp())


def to_24(moment: datetime) -> tuple[datetime, int]:
    return (moment, moment.hour) if moment.hour else (moment - timedelta(days=1), 24)


def value(pollutant: str, hour: int) -> float:
    return BASE[pollutant] + (hour % 7) * (0.25 if pollutant == "co" else 1)


def cell(pollutant: str, hour: int) -> str:
    return f"{value(pollutant, hour):g}"


def table(header: str = HEADER, told: Told = plain, sep: str = ",", cells: Callable[[str, int], str] = cell) -> str:
    rows = [
        sep.join([told(BEGIN + timedelta(hours=hour)), *(cells(pollutant, hour) for pollutant in POLLUTANTS)])
        for hour in range(TWO_DAYS)
    ]
    return "\n".join([header, *rows]) + "\n"


def long_table() -> str:
    rows = [
        f"{plain(BEGIN + timedelta(hours=hour))},{name},{cell(pollutant, hour)}"
        for hour in range(TWO_DAYS)
        for name, pollutant in zip(HEADER.split(",")[1:], POLLUTANTS, strict=True)
    ]
    noise = [f"{plain(BEGIN)},AQI,999", f"{plain(BEGIN)},PM2.5_24h,999"]
    return "\n".join(["监测时间,污染物,浓度", *rows, *noise]) + "\n"


def assessed(capsys: pytest.CaptureFixture[str], path: Path, content: str | bytes, *options: str) -> tuple[Any, str]:
    """What was said as JSON (None when refused), and what stands on stderr."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(SystemExit) as ended:
        main(["assess", "air", str(path), "--json", *options])
    out, err = capsys.readouterr()
    return (json.loads(out), err) if not ended.value.code else (None, err)


CHINESE = "监测时间,二氧化硫,二氧化氮,一氧化碳(mg/m³),臭氧,PM10(μg/m³),细颗粒物（PM2.5）"
SAME: dict[str, str | bytes] = {
    "a byte-order mark": b"\xef\xbb\xbf" + table().encode(),
    "GB 18030 and Chinese names": table(CHINESE).encode("gb18030"),
    "subscripts and full-width brackets": table("时间,SO₂,NO₂,CO（mg/m3）,O₃,PM₁₀,PM₂.₅(μg/m³)"),
    "units behind the names": table("Date/Time,SO2 μg/m3,no2_ugm3,co_mg_m3,o3_ug/m3,PM10 μg/m³,pm25_ugm3"),
    "words behind the names": table("时间,SO2浓度,二氧化氮1小时,CO小时均值,臭氧1小时浓度,PM10_1h,PM2.5实时浓度"),
    "tabs": table(HEADER.replace(",", "\t"), sep="\t"),
    "semicolons and decimal commas": table(
        HEADER.replace(",", ";"), sep=";", cells=lambda name, hour: cell(name, hour).replace(".", ",")
    ),
    "semicolons named by Excel's own line": "sep=;\n" + table(HEADER.replace(",", ";"), sep=";"),
    "quotes": table(told=lambda moment: f'"{plain(moment)}"', cells=lambda name, hour: f'"{cell(name, hour)}"'),
    "an offset": table(told=lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S+08:00")),
    "UTC": table(told=lambda moment: (moment - timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%SZ")),
    "seconds since 1970": table(told=lambda moment: str(utc_s(moment))),
    "milliseconds since 1970": table(told=lambda moment: str(utc_s(moment) * 1000)),
    "24:00": table(told=lambda moment: f"{to_24(moment)[0]:%Y-%m-%d} {to_24(moment)[1]:02d}:00"),
    "hour stamps": table(told=lambda moment: moment.strftime("%Y%m%d%H")),
    "Chinese dates": table(told=lambda moment: moment.strftime("%Y年%m月%d日%H时")),
    "hours of one digit": table(told=lambda moment: f"{moment.year}/{moment.month}/{moment.day} {moment.hour}:00"),
    "a date and an hour": table(
        "date,hour,SO2,NO2,CO,O3,PM10,PM2.5", told=lambda moment: f"{moment:%Y%m%d},{moment.hour}"
    ),
    "a date and hours from 1 to 24": table(
        "日期,小时,SO2,NO2,CO,O3,PM10,PM2.5", told=lambda moment: f"{to_24(moment)[0]:%Y-%m-%d},{to_24(moment)[1]}"
    ),
    "a date and a time of day": table(
        "date,time,SO2,NO2,CO,O3,PM10,PM2.5", told=lambda moment: f"{moment:%Y-%m-%d},{moment:%H:%M}"
    ),
    "lines above the header": "站点,东四\n导出时间,2026-11-22\n\n" + table(),
    "rows out of order": "\n".join([HEADER, *sorted(table().splitlines()[1:], key=lambda row: row[::-1])]),
    "a row for each pollutant": long_table(),
    "CO in µg/m³": table(
        HEADER.replace("CO", "CO(μg/m³)"),
        cells=lambda name, hour: f"{value(name, hour) * 1000:g}" if name == "co" else cell(name, hour),
    ),
}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """By hand: the means of the first 24 rows, of ozone the largest mean of 8 consecutive ones that ends from 8 on."""
    found = {name: sum(value(name, hour) for hour in range(24)) / 24 for name in POLLUTANTS}
    found["o3"] = max(sum(value("o3", hour) for hour in range(end - 8, end)) / 8 for end in range(8, 25))
    return found


@pytest.mark.parametrize("how", SAME)
def test_a_file_gives_the_same_figures_however_it_is_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, expected: dict[str, float], how: str
) -> None:
    found, err = assessed(capsys, tmp_path / "air.csv", SAME[how])
    assert found is not None, err
    assert (found["hours"]["total"], found["unreadable"]["lines"], found["set_aside"]) == (TWO_DAYS, 0, {})
    day = found["daily"][0]
    assert day["date"] == "2026-11-19"
    assert {name: one["value"] for name, one in day["values"].items()} == pytest.approx(expected)


def test_words_for_nothing_placeholders_and_numbers_that_cannot_be_are_set_aside_or_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    odd = [
        "--",
        "——",
        "#N/A",
        "无效",
        "缺测",
        "NA",
        "-99.0",
        "-999",
        "99999",
        "1e300",
        "inf",
        "-3",
        "<2",
        "12H",
        "1,234",
    ]

    def cells(name: str, hour: int) -> str:
        return f'"{odd[hour]}"' if name == "pm2_5" and hour < len(odd) else cell(name, hour)

    found, _ = assessed(capsys, tmp_path / "air.csv", table(cells=cells))
    assert found["set_aside"] == {
        "pm2_5": {"missing": 6, "placeholder": 2, "out_of_range": 2, "not_finite": 1, "negative": 1}
    }
    assert [one["line"] for one in found["unreadable"]["first"]] == [14, 15, 16]


def test_of_several_stations_in_a_table_one_must_be_chosen(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rows = [f"{name},{row}" for row in table().splitlines()[1:] for name in ("东四", "天坛")]
    text = "\n".join([f"站点,{HEADER}", *rows]) + "\n"
    refused, err = assessed(capsys, tmp_path / "air.csv", text)
    assert refused is None
    assert "air.csv:1 holds 2 stations: 东四, 天坛; choose one with --device" in err
    found, _ = assessed(capsys, tmp_path / "air.csv", text, "--device", "天坛")
    assert (found["lines"], found["hours"]["with_aqi"], found["set_aside"]) == (TWO_DAYS, TWO_DAYS, {})
    _, err = assessed(capsys, tmp_path / "air.csv", text, "--device", "故宫")
    assert "no station '故宫'; it holds 东四, 天坛" in err


def test_columns_and_rows_without_a_meaning_here_are_told_and_other_means_are_not_taken_for_hours(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = "时间,AQI,PM2.5,PM2.5_24h,O3_8h,温度\n2026-11-20 01:00,50,61,40,90,3\n2026-11-20 02:00,50,61,40,90,3\n"
    found, _ = assessed(capsys, tmp_path / "wide.csv", text)
    assert "未使用的列 columns not used: AQI, PM2.5_24h, O3_8h, 温度" in found["remarks"]
    assert found["hourly"][0]["sub"] == {"pm2_5_1h": 101}
    found, _ = assessed(capsys, tmp_path / "long.csv", long_table())
    assert "未使用的行 rows not used: AQI × 1, PM2.5_24h × 1" in found["remarks"]


def test_hours_that_the_clock_skips_are_told_and_those_that_come_twice_are_two(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    spring = [f"2026-03-29 {hour:02d}:00,50" for hour in range(24)]
    found, _ = assessed(capsys, tmp_path / "a.csv", "\n".join(["begin,pm10", *spring]), "--tz", "Europe/Berlin")
    assert [one["line"] for one in found["unreadable"]["first"]] == [4]
    assert "skips this time" in found["unreadable"]["first"][0]["reason"]
    autumn = [f"2026-10-25 {hour:02d}:00,50" for hour in (0, 1, 2, 2, *range(3, 24))]
    found, _ = assessed(capsys, tmp_path / "a.csv", "\n".join(["begin,pm10", *autumn]), "--tz", "Europe/Berlin")
    assert (found["hours"]["total"], found["set_aside"], found["unreadable"]["lines"]) == (25, {}, 0)


def test_a_header_that_says_begin_is_believed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = "{},PM10\n2026-11-20 00:00,50\n2026-11-20 01:00,50\n"
    begins = {}
    for name in ("开始时间", "DataTime", "time", "结束时间"):
        found, _ = assessed(capsys, tmp_path / "air.csv", text.format(name))
        begins[name] = found["from"]
    first, before = "2026-11-19T16:00:00.000Z", "2026-11-19T15:00:00.000Z"
    assert begins == {"开始时间": first, "DataTime": first, "time": before, "结束时间": before}


def test_of_rows_with_a_mark_only_the_normal_ones_enter_statistics(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = "time,PM10,Flag\n2026-11-20 01:00,50,N\n2026-11-20 02:00,500,D\n2026-11-20 03:00,60,\n"
    found, _ = assessed(capsys, tmp_path / "air.csv", text)
    assert [one["sub"] for one in found["hourly"]] == [{"pm10_1h": 50}, {}, {"pm10_1h": 58}]
    assert found["set_aside"] == {"pm10": {"quality": 1}}


def test_a_file_of_daily_means_is_not_taken_for_a_bad_year_without_a_word(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    days = "\n".join(f"2026-11-{day:02d},50" for day in range(1, 8))
    found, _ = assessed(capsys, tmp_path / "air.csv", f"date,pm10\n{days}\n")
    assert found["days"]["valid"] == 0
    assert any("rows are 24 h apart" in remark for remark in found["remarks"])


def test_carbon_monoxide_that_must_be_in_micrograms_asks_for_its_unit(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows = "\n".join(f"2026-11-20 {hour:02d}:00,600,30" for hour in range(1, 24))
    found, _ = assessed(capsys, tmp_path / "air.csv", f"time,CO,O3\n{rows}\n")
    assert any("--unit co=µg/m³" in remark for remark in found["remarks"])
    assert found["set_aside"]["co"] == {"out_of_range": 23}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("date,hour,type,1001A,1002A\n20261119,1,PM2.5,3,4\n", "type names the pollutant of each row"),
        ("a,b\n1,2\n", "air.csv:1: no column of time among a, b"),
        ("时间,温度\n2026-11-20 01:00,3\n", "air.csv:1: no pollutant among 时间, 温度"),
    ],
)
def test_a_table_of_another_shape_is_refused_with_file_and_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, message: str
) -> None:
    found, err = assessed(capsys, tmp_path / "air.csv", text)
    assert found is None
    assert message in err


@pytest.mark.parametrize(
    ("name", "pollutant", "unit"),
    [
        ("PM2.5(μg/m³)", "pm2_5", "µg/m³"),
        ("一氧化碳(mg/m3)", "co", "mg/m³"),
        ("臭氧", "o3", None),
        ("臭氧8小时", None, None),
        ("O3_8h", None, None),
        ("PM2.5_24h", None, None),
        ("二氧化硫(SO2)", "so2", None),
        ("o3 [ppb]", "o3", "ppb"),
        ("IAQI(PM2.5)", None, None),
        ("CO_flag", None, None),
        ("CO2", None, None),
        ("NOx", None, None),
    ],
)
def test_a_column_is_known_by_its_name(name: str, pollutant: str | None, unit: str | None) -> None:
    assert named(name, POLLUTANTS) == (pollutant, unit)
