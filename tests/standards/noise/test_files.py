"""Files as people export them: times, columns, marks, weather, holes, and what cannot be read."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from citybrain.noise.assessing import AssessedFile, AssessOptions, assess_file
from citybrain.noise.columns import Role, roles, stamp_words
from citybrain.noise.report import report_of
from citybrain.noise.rows import ranges
from citybrain.noise.series import SeriesOptions, Stamp
from citybrain.noise.stamps import parse_time, to_utc
from domain.errors import Refused
from domain.instants import from_micros, to_micros
from rules.standards.noise.masking import Mask
from rules.standards.noise.validity import Validity

ZONE = "Asia/Shanghai"
BERLIN = "Europe/Berlin"
NINE = "2025-03-21 09:00:00"


def read(path: Path, **more: object) -> AssessedFile:
    series = SeriesOptions(timezone=str(more.pop("tz", ZONE)), stamp=Stamp(str(more.pop("stamp", "auto"))))
    options = {"validity": Validity(), "series": series, **more}
    return assess_file(path, AssessOptions(**options), lambda _passed: None)  # type: ignore[arg-type]  by name


def written(folder: Path, *lines: str, encoding: str = "utf-8", end: str = "\n") -> Path:
    file = folder / "levels.csv"
    file.write_bytes((end.join(lines) + end).encode(encoding))
    return file


def hour_rows(*, start: str = "2025-03-21 09:00", count: int = 60, level: float = 55.0) -> list[str]:
    first = datetime.fromisoformat(start)
    return [f"{first + timedelta(minutes=i + 1):%Y-%m-%d %H:%M:%S},{level}" for i in range(count)]


def hours_of(found: AssessedFile) -> list[tuple[str, float, float]]:
    return [
        (f"{judged.hour.begin:%m-%d %H}", round(judged.hour.figures.leq, 3), judged.hour.minutes)
        for judged in found.points[0].assessment.hours
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("2025-03-21 09:05:00", "2025-03-21T09:05", "2025/3/21 9:05", "2025/03/21 09:05:00.000", "20250321090500"),
        *(
            "2025年3月21日 9时05分",
            "21/03/2025 09:05",
            "21.03.2025 9:05",
            "2025-03-21 09:05:00+08:00",
            "2025-03-21T01:05:00Z",
        ),
        *("1742519100", "1742519100000", "1742519100.0"),
    ],
)
def test_times_in_the_spellings_that_occur(text: str) -> None:
    micros, is_local = parse_time(text)
    naive = from_micros(micros).replace(tzinfo=None)
    assert naive == datetime.fromisoformat("2025-03-21T09:05" if is_local else "2025-03-21T01:05")


def test_24_00_is_the_end_of_the_day() -> None:
    assert parse_time("2025-03-21 24:00") == parse_time("2025-03-22 00:00")


@pytest.mark.parametrize("text", ["", "noon", "2025-13-01 00:00", "0001-01-01 00:00", "9", "25:61"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


def local_rows(texts: Sequence[str], timezone: str = BERLIN) -> list[str]:
    stamps = np.array([parse_time(text)[0] for text in texts], dtype=np.int64)
    found = to_utc(stamps, np.ones(len(texts), dtype=np.bool_), timezone)
    return [
        "missing" if missing else f"{from_micros(at):%H:%M}"
        for at, missing in zip(found.at.tolist(), found.is_missing.tolist(), strict=True)
    ]


def test_the_hour_that_comes_twice_is_told_by_the_order_of_the_rows() -> None:
    day = "2025-10-26"
    assert local_rows([f"{day} {clock}" for clock in ("01:30", "02:00", "02:30", "02:00", "02:30", "03:00")]) == [
        *("23:30", "00:00", "00:30", "01:00", "01:30", "02:00")
    ]


def test_hourly_rows_of_the_hour_that_comes_twice_are_two() -> None:
    day = "2025-10-26"
    assert local_rows([f"{day} {clock}:00" for clock in ("01", "02", "02", "03")]) == [
        "23:00",
        "00:00",
        "01:00",
        "02:00",
    ]


def test_in_an_unordered_file_the_second_of_two_equal_times_is_the_second_run() -> None:
    day = "2025-10-26"
    texts = [f"{day} {clock}" for clock in ("04:00", "02:30", "02:00", "02:30", "02:00", "01:00")]
    assert local_rows(texts) == ["03:00", "00:30", "00:00", "01:30", "01:00", "23:00"]


def test_a_repeated_row_does_not_move_the_rest_into_the_second_run() -> None:
    day = "2025-10-26"
    assert local_rows([f"{day} {clock}" for clock in ("01:50", "02:00", "02:00", "02:10", "02:20")]) == [
        *("23:50", "00:00", "00:00", "00:10", "00:20")
    ]


def test_a_local_time_that_the_clock_skips_is_told(tmp_path: Path) -> None:
    file = written(tmp_path, "time,leq", "2025-03-30 01:59:00,50", "2025-03-30 02:30:00,51", "2025-03-30 03:00:00,52")
    found = read(file, tz=BERLIN)
    assert found.file.unread.lines == {"the local clock skips this time": [3]}


@pytest.mark.parametrize("timezone", [BERLIN, "America/New_York", "Australia/Sydney"])
def test_every_instant_of_a_year_with_changes_of_the_clock_comes_back(timezone: str) -> None:
    zone = ZoneInfo(timezone)
    instants = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=30 * i) for i in range(48 * 365)]
    local = [to_micros(moment.astimezone(zone).replace(tzinfo=UTC)) for moment in instants]
    found = to_utc(np.array(local, dtype=np.int64), np.ones(len(local), dtype=np.bool_), timezone)
    assert not found.is_missing.any()
    assert found.at.tolist() == [to_micros(moment) for moment in instants]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("datetime,LEQ dB -A", {Role.TIME: 0, Role.LEVEL: 1}),
        ("监测时间,等效声级(dB),最大声级,风速,降雨量,天气,数据标识", dict(zip(
            (Role.TIME, Role.LEVEL, Role.PEAK, Role.WIND, Role.RAIN, Role.WEATHER, Role.FLAG), range(7), strict=True))),
        ("L10,L90,LAeq,LAFmax,Timestamp", {Role.TIME: 4, Role.LEVEL: 2, Role.PEAK: 3}),
        ("device_id,at,laeq,span_s", {Role.POINT: 0, Role.TIME: 1, Role.LEVEL: 2, Role.SPAN: 3}),
        ("Datum/Zeit,LAeq [dB]", {Role.TIME: 0, Role.LEVEL: 1}),
        ("Date,Time,LAeq", {Role.DATE: 0, Role.TIME: 1, Role.LEVEL: 2}),
        ("time,wind_direction,wind_speed,leq", {Role.TIME: 0, Role.WIND: 2, Role.LEVEL: 3}),
    ],
)  # fmt: skip
def test_columns_are_known_by_the_words_of_their_header(header: str, expected: dict[Role, int]) -> None:
    assert roles(header.split(","), {}) == expected


def test_a_column_may_be_named_outright() -> None:
    assert roles(["when?", "x"], {Role.TIME: "when?", Role.LEVEL: "x"}) == {Role.TIME: 0, Role.LEVEL: 1}
    with pytest.raises(Refused, match="there is no column 'y'; the columns are when, x"):
        roles(["when", "x"], {Role.LEVEL: "y"})


def test_a_file_without_a_level_says_what_it_has_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"levels.csv:1: the columns are time, temp; .* --column level=NAME"):
        read(written(tmp_path, "time,temp", f"{NINE},55"))


@pytest.mark.parametrize(
    ("name", "said"), [("开始时间", "begin"), ("DataTime", "begin"), ("interval_end", "end"), ("t", None)]
)
def test_headers_may_say_which_end_of_the_interval_they_stamp(name: str, said: str | None) -> None:
    assert stamp_words(name) == said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_line_ends_of_spreadsheets(tmp_path: Path, encoding: str, end: str) -> None:
    found = read(written(tmp_path, "时间,等效声级", *hour_rows(), encoding=encoding, end=end))
    assert hours_of(found) == [("03-21 09", 55.0, 60.0)]


def test_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    rows = [row.replace(",", ";").replace(".", ",") for row in hour_rows(level=55.5)]
    assert hours_of(read(written(tmp_path, "time;LAeq", *rows))) == [("03-21 09", 55.5, 60.0)]


def test_lines_that_a_meter_writes_above_its_table_are_passed_over(tmp_path: Path) -> None:
    file = written(tmp_path, "Meter,NM-3", "Serial: 4711", "", "time,LAeq", *hour_rows(), "x,55")
    found = read(file)
    assert hours_of(found) == [("03-21 09", 55.0, 60.0)]
    assert found.file.unread.lines == {"the time cannot be read": [65]}


def test_every_row_is_used_masked_or_told_with_its_line(tmp_path: Path) -> None:
    rows = [f"{NINE},55", "2025-03-21 09:01:00,-99", "2025-03-21 09:02:00,—", "2025-03-21 09:03:00,0"]
    bad = ["2025-03-21 09:04:00,loud", "yesterday,55", "2025-03-21 09:05:00", "time,leq"]
    report = report_of(read(written(tmp_path, "time,leq", *rows, "", *bad, f"{NINE},60", "2025-03-21 09:06:00,56")))
    totals = report["totals"]
    assert (totals["rows"], totals["used"], totals["masked"], totals["unread"], totals["beside"]) == (10, 2, 4, 4, 0)
    assert {entry["reason"]: entry["samples"] for entry in report["masked"]} == {"placeholder": 3, "duplicate": 1}
    assert {entry["reason"]: entry["lines"] for entry in report["unread"]} == {
        "too few cells, 2 are needed": ["9"],
        "the time cannot be read": ["8", "10"],
        "level is no number": ["7"],
    }


def test_a_cell_beside_the_level_that_is_no_number_costs_the_cell_and_not_the_row(tmp_path: Path) -> None:
    report = report_of(read(written(tmp_path, "time,leq,wind", f"{NINE},55,calm", "2025-03-21 09:01:00,55,1")))
    assert report["totals"]["used"] == 2
    assert report["unread"] == [{"reason": "wind is no number", "count": 1, "row_used": True, "lines": ["2"]}]


def test_lines_are_told_as_ranges_and_cells_over_several_lines_do_not_shift_them(tmp_path: Path) -> None:
    assert list(ranges([7, 2, 3, 4, 9])) == ["2-4", "7", "9"]
    found = read(written(tmp_path, "time,leq,note", f'{NINE},55,"two\nlines"', "2025-03-21 09:01:00,55,", "x,55,"))
    assert found.file.unread.lines == {"the time cannot be read": [5]}


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    rows = [f"{row[:-4]}{50 + i % 7}" for i, row in enumerate(hour_rows(count=180))]
    ordered = hours_of(read(written(tmp_path, "time,leq", *rows)))
    assert hours_of(read(written(tmp_path, "time,leq", *rows[::-1]))) == ordered


def test_marked_rows_and_bad_weather_leave_the_statistics(tmp_path: Path) -> None:
    rows = ["09:01:00,55,1,0,N", "09:02:00,90,6,0,N", "09:03:00,90,1,0.2,N", "09:04:00,90,1,0,D", "09:05:00,55,1,0,N"]
    file = written(tmp_path, "time,leq,wind_speed,rain,flag", *(f"2025-03-21 {row}" for row in rows))
    found = read(file)
    assert hours_of(found) == [("03-21 09", 55.0, 2.0)]
    assert set(found.points[0].series.masked.removed) == {Mask.WIND, Mask.RAIN, Mask.FLAG}


def test_rain_may_be_noted_as_yes_and_no(tmp_path: Path) -> None:
    rows = [f"2025-03-21 09:{i:02}:00,55,{word}" for i, word in enumerate(("是", "否", "Yes", "no"))]
    found = read(written(tmp_path, "time,leq,降雨", *rows), stamp="begin")
    assert found.points[0].series.masked.counts.tolist() == [False, True, False, True]
    assert found.file.unread.cells == {}


def test_an_hour_of_one_level_has_no_percentiles(tmp_path: Path) -> None:
    report = report_of(read(written(tmp_path, "begin,leq", "2025-03-21 09:00,50", "2025-03-21 10:00,60")))
    assert [(hour["leq"], hour["l10"], hour["l90"]) for hour in report["hourly"]] == [
        (50, None, None),
        (60, None, None),
    ]


@pytest.mark.parametrize(
    ("first", "count", "stamp", "told_by"),
    [
        ("2025-03-21 00:00", 24, Stamp.BEGIN, "whole days"),
        ("2025-03-21 01:00", 24, Stamp.END, "whole days"),
        ("2025-03-21 00:00", 22, Stamp.BEGIN, "whole days"),
        ("2025-03-21 05:00", 10, Stamp.END, "assumed"),
    ],
)
def test_a_file_of_whole_days_shows_which_end_it_stamps(
    tmp_path: Path, first: str, count: int, stamp: Stamp, told_by: str
) -> None:
    begin = datetime.fromisoformat(first)
    rows = [f"{begin + timedelta(hours=i)},{50 + i}" for i in range(count)]
    [point] = read(written(tmp_path, "time,leq", *rows)).points
    assert (point.series.stamp, point.series.told_by, point.series.span_s) == (stamp, told_by, 3600.0)


def test_stamps_of_the_begin_and_of_the_end_differ_by_one_interval(tmp_path: Path) -> None:
    file = written(tmp_path, "time,leq", "2025-03-21 09:00,50", "2025-03-21 10:00,60")
    assert [name for name, _, _ in hours_of(read(file, stamp="begin"))] == ["03-21 09", "03-21 10"]
    assert [name for name, _, _ in hours_of(read(file, stamp="end"))] == ["03-21 08", "03-21 09"]


def test_one_row_alone_does_not_say_how_long_it_lasted(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"one time only.*give --span 60s"):
        read(written(tmp_path, "time,leq", f"{NINE},55"))


def test_points_of_one_file_are_assessed_apart(tmp_path: Path) -> None:
    rows = [f"{row},{point}" for row in hour_rows() for point in ("A", "B")]
    report = report_of(read(written(tmp_path, "time,leq,station", *rows)))
    assert [(hour["point"], hour["minutes"]) for hour in report["hourly"]] == [("A", 60.0), ("B", 60.0)]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\x00\x01\x02\xff", b"time,leq\n", b"time,leq\nx,y\n", b"{}\n"])
def test_a_file_that_holds_no_level_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.csv"
    file.write_bytes(content)
    with pytest.raises(Refused, match=r"odd\.csv"):
        read(file)


def reading(at: str, metric: str, value: float, **more: object) -> str:
    line = {"device": "NM-1", "metric": metric, "at": at, "value": value, "quality": "good", "span_s": 60.0, **more}
    return json.dumps(line)


def test_lines_of_readings_are_levels_with_their_maxima_and_weather(tmp_path: Path) -> None:
    lines = [reading(f"2025-03-21T01:{i:02}:00.000Z", "laeq", 55.0) for i in range(1, 60)]
    lines += [
        reading("2025-03-21T01:01:00.000Z", "lamax", 71.0),
        reading("2025-03-21T01:10:00.000Z", "wind_speed", 6.0),
        reading("2025-03-21T01:20:00.000Z", "rain", 1.0, span_s=0.0),
        reading("2025-03-21T01:30:00.000Z", "laeq", 99.0, quality="bad", device="NM-2"),
        reading("2025-03-21T01:30:00.000Z", "battery", 80.0),
        "not json",
    ]
    report = report_of(read(written(tmp_path, *lines)))
    first = report["hourly"][0]
    assert (first["point"], first["begin"], first["minutes"], first["lmax"]) == (
        "NM-1",
        "2025-03-21T09:00:00+08:00",
        57,
        71,
    )
    assert {entry["reason"] for entry in report["masked"]} == {"wind", "rain", "flag"}
    assert [entry["lines"] for entry in report["unread"]] == [["65"]]
    assert report["totals"]["beside"] == 4
    assert report["method"]["ignored"] == ["battery"]


def test_a_list_with_a_row_for_each_metric_keeps_maxima_wind_and_others_out_of_the_levels(tmp_path: Path) -> None:
    rows = []
    for hour in range(6, 22):
        at = f"2025-03-21T{hour + 1:02d}:00:00+08:00"
        rows += [f"NM-1,lamax,{at},99,3600,good", f"NM-1,LAeq,{at},55,3600,good", f"NM-1,battery,{at},60,3600,good"]
    rows += ["NM-1,wind_speed,2025-03-21T10:00:00+08:00,7,3600,good", "NM-1,laeq,2025-03-21T12:00:00+08:00,90,3600,bad"]
    found = report_of(read(written(tmp_path, "device,metric,at,value,span_s,quality", *rows)))
    [day] = found["daily"]
    assert (day["ld"], day["day_hours"]) == (55.0, 15)
    assert {one["reason"]: one["samples"] for one in found["masked"]} == {"flag": 1, "wind": 1}
    assert found["method"]["ignored"] == ["battery"]
    assert found["hourly"][0]["lmax"] == 99.0


def test_the_line_of_excel_that_names_the_delimiter_is_no_part_of_a_table(tmp_path: Path) -> None:
    rows = [row.replace(",", ";") for row in hour_rows()]
    table = read(written(tmp_path, "sep=;", "time;LAeq", *rows, "x;55"))
    assert (hours_of(table), table.file.unread.lines) == (
        [("03-21 09", 55.0, 60.0)],
        {"the time cannot be read": [63]},
    )
    rows = [f"A;laeq;2025-03-21 {hour:02d}:00;55" for hour in (9, 10)]
    listed = written(tmp_path, "sep=;", "测点;指标;时间;数值", "A;laeq;soon;55", *rows)
    [unread] = report_of(read(listed))["unread"]
    assert (unread["reason"], unread["lines"]) == ("the time cannot be read", ["3"])


def test_a_list_tells_what_it_could_not_read_with_its_line(tmp_path: Path) -> None:
    rows = [
        "A,laeq,2025-03-21 09:00,55",
        "A,laeq,soon,55",
        "A,laeq,2025-03-21 11:00,loud",
        "A,laeq,2025-03-21 10:00,55",
    ]
    found = report_of(read(written(tmp_path, "测点,指标,时间,数值", *rows)))
    assert {one["reason"]: one["lines"] for one in found["unread"]} == {
        "the time cannot be read": ["3"],
        "value is no number": ["4"],
    }


@pytest.mark.parametrize(
    ("header", "pattern"),
    [("date,hour,leq", "%Y-%m-%d,%H"), ("日期,小时,等效声级", "%Y%m%d,%H"), ("date,clock,leq", "%Y/%m/%d,%H:%M")],
)
def test_an_hour_may_stand_beside_its_date(tmp_path: Path, header: str, pattern: str) -> None:
    moments = [datetime(2025, 3, 21, tzinfo=UTC) + timedelta(hours=hour) for hour in range(24)]
    found = report_of(read(written(tmp_path, header, *(f"{moment:{pattern}},55" for moment in moments))))
    assert [day["ld"] for day in found["daily"] if day["date"] == "2025-03-21"] == [55.0]
    assert found["points"][0]["span_s"] == 3600.0


def test_ten_digits_are_the_hour_of_a_day_or_seconds_since_1970() -> None:
    assert parse_time("2026112022") == parse_time("2026-11-20 22:00")
    assert parse_time("1795017600") == (1_795_017_600_000_000, False)
