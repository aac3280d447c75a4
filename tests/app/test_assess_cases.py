"""`citybrain assess cases`: a list of cases as cities export it, with the deadline of each and the official rates."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.app.terminal import Ran, Terminal

HEAD = (
    "案卷编号,类型,小类代码,处置部门,上报时间,是否受理,立案时间,派遣时间,处置时限,"
    "处置时间,核查时间,结案时间,返工次数,延期"
)
ROWS = (
    "A1,部件,0101,市政,2026-02-14 16:00,是,2026-02-14 16:10,2026-02-14 16:20,2紧急工作时,"
    "2026-02-14 17:50,2026-02-14 18:30,2026-02-14 18:40,0,",
    "A2,部件,0137,路灯所,2026-02-14 16:00,是,2026-02-14 16:10,2026-02-14 16:20,4工作时,"
    "2026-02-24 10:00,2026-02-24 11:00,2026-02-24 11:30,1,",
    "A3,事件,0128,执法,2026-02-14 16:00,是,2026-02-14 16:10,2026-02-14 17:20,2紧急工作时,"
    "2026-02-14 19:50,2026-02-14 20:30,2026-02-14 20:40,2,",
    "A4,部件,0118,路灯所,2026-02-25 09:00,是,2026-02-25 09:10,2026-02-25 09:20,2工作日,,,,0,1工作日",
)


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


def table(folder: Path, *rows: str, head: str = HEAD, encoding: str = "utf-8") -> Path:
    file = folder / "cases.csv"
    file.write_text("\n".join((head, *rows)) + "\n", encoding=encoding)
    return file


def found(terminal: Terminal, file: Path, *options: str) -> dict[str, Any]:
    ran = terminal.run("assess", "cases", file, "--json", *options)
    assert ran.code == 0, ran.err
    content: dict[str, Any] = json.loads(ran.out)
    return content


def rates(report: dict[str, Any]) -> dict[str, tuple[int | None, int | None]]:
    return {rate["id"]: (rate["numerator"], rate["denominator"]) for rate in report["total"]["rates"]}


def refused(ran: Ran, words: str) -> None:
    assert ran.code in (1, 2)
    assert words in ran.err


def test_an_export_in_chinese_gives_the_rates_and_the_deadlines(terminal: Terminal, tmp_path: Path) -> None:
    report = found(terminal, table(tmp_path, *ROWS), "--until", "2026-03-01")
    assert {one["id"]: (one["deadline"][5:16], one["state"]) for one in report["cases"]} == {
        "A1": ("02-14T18:20", "in-time"),
        "A2": ("02-24T10:20", "in-time"),  # a make-up Saturday up to 18:00, then nine days of Spring Festival
        "A3": ("02-14T19:20", "late"),
        "A4": ("02-28T09:20", "overdue"),  # two days and one of extension, over another make-up Saturday
    }
    assert rates(report)["disposal_in_time"] == (2, 4)
    assert rates(report)["rework"] == (2, 4)
    assert rates(report)["extension"] == (1, 4)
    assert [one["department"] for one in report["departments"]] == ["市政", "执法", "路灯所"]


def test_parts_and_events_of_one_code_are_told_apart(terminal: Terminal, tmp_path: Path) -> None:
    rows = [f"{number},{kind},0128,d" for number, kind in enumerate(("部件", "事件", "part"))]
    file = table(tmp_path, *rows, head="id,kind,code,department")
    report = found(terminal, file, "--until", "2026-03-01")
    assert [(one["kind"], one["name"], one["cases"]) for one in report["codes"]] == [
        ("part", "电力设施", 2),
        ("event", "商业噪音", 1),
    ]
    [old, *_] = found(terminal, file, "--until", "2026-03-01", "--codes", "cjt214")["codes"]
    assert old["name"] == "公交井盖"


def test_gb18030_semicolons_and_a_title_above_the_header_are_read(terminal: Terminal, tmp_path: Path) -> None:
    rows = [row.replace(",", ";") for row in ROWS]
    file = table(tmp_path, HEAD.replace(",", ";"), *rows, head="某市案卷清单", encoding="gb18030")
    assert rates(found(terminal, file, "--until", "2026-03-01"))["disposal"] == (3, 4)


@pytest.mark.parametrize("lines", [True, False], ids=["ndjson", "array"])
def test_json_is_read_with_its_lines(terminal: Terminal, tmp_path: Path, lines: bool) -> None:
    cases = [
        {"id": "a", "dispatched": "2026-11-23T08:00:00+08:00", "disposed": "2026-11-23T01:00:00Z", "limit": 2,
         "unit": "紧急工作时", "reworked": True, "closed": None},
        {"id": "b", "kind": "part", "code": 118, "dispatched": "soon"},
        {"id": "c", "kind": "part", "code": 118},
    ]  # fmt: skip
    file = tmp_path / "cases.json"
    texts = [json.dumps(one, ensure_ascii=False) for one in cases]
    file.write_text("\n".join(texts) if lines else "[\n" + ",\n".join(texts) + "\n]", encoding="utf-8")
    report = found(terminal, file)
    first = 1 if lines else 2
    assert report["cases"][0]["state"] == "in-time"
    assert [one["line"] for one in report["left_out"]] == [first + 1]
    assert [(one["line"], "write 0118" in one["why"]) for one in report["doubts"]] == [(first + 2, True)]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",2026-11-23 08:00,,2工作日", "the id is empty"),
        ("a,2026-11-23 08:00,,2工作日", "stands in line 2 already"),
        ("b,2026-11-23 08:00,2026-11-23 07:59,2工作日", "disposed 2026-11-23 07:59:00 lies before dispatched"),
        ("b,2026-13-23 08:00,,2工作日", "dispatched"),
        ("b,2026-11-23 08:00,,soon", "is no time limit; write a number and one of 紧急工作时"),
    ],
)
def test_a_row_without_a_meaning_is_left_out_with_its_line(
    terminal: Terminal, tmp_path: Path, row: str, words: str
) -> None:
    file = table(tmp_path, "a,2026-11-23 08:00,,2工作日", row, head="id,dispatched,disposed,limit")
    report = found(terminal, file)
    [(line, why)] = [(one["line"], one["why"]) for one in report["left_out"]]
    assert (line, words in why) == (3, True), why
    assert report["rows"] == {"total": 2, "used": 1, "left_out": 1}


def test_a_kind_that_is_no_word_for_part_or_event_only_leaves_the_code_without_a_name(
    terminal: Terminal, tmp_path: Path
) -> None:
    rows = (ROWS[0], ROWS[1].replace("部件", "市容环境"))
    report = found(terminal, table(tmp_path, *rows), "--until", "2026-03-01")
    assert (report["rows"]["used"], rates(report)["disposal"]) == (2, (2, 2))
    assert [(one["kind"], one["name"]) for one in report["codes"] if one["code"] == "0137"] == [(None, None)]
    assert [(one["line"], "市容环境" in one["why"]) for one in report["doubts"]] == [(3, True)]


@pytest.mark.parametrize("no", ["未退回", "否", "0", "0.0", "没有退回", ""])
def test_what_was_not_sent_back_was_dispatched_to_the_right_unit(terminal: Terminal, tmp_path: Path, no: str) -> None:
    rows = [f"{name},2026-11-23 08:00,2026-11-23 08:10,{word}" for name, word in (("a", no), ("b", "退回"))]
    report = found(terminal, table(tmp_path, *rows, head="id,registered,dispatched,是否退回"))
    assert rates(report)["dispatch_accurate"] == (1, 2)
    assert (report["left_out"], report["doubts"]) == ([], [])


@pytest.mark.parametrize("no", ["未受理", "不受理", "无效", "否", ""])
def test_a_report_that_was_not_accepted_lowers_the_share_of_valid_ones(
    terminal: Terminal, tmp_path: Path, no: str
) -> None:
    rows = [f"{name},2026-11-23 08:00,{word}" for name, word in (("a", no), ("b", "受理"))]
    report = found(terminal, table(tmp_path, *rows, head="id,reported,是否受理"))
    assert rates(report)["valid_reports"] == (1, 2)
    assert (report["left_out"], report["doubts"]) == ([], [])


@pytest.mark.parametrize(
    "nothing",
    [
        *("9999-12-31", "9999-12-31 23:59:59", "9999/12/31 00:00", "9999-12-31T23:59:59.999Z", "9999年12月31日"),
        *("99991231", "99991231235959", "0000-00-00", "0000-00-00 00:00:00"),
    ],
)
def test_a_time_that_stands_for_not_yet_leaves_the_overdue_case_in_the_rate(
    terminal: Terminal, tmp_path: Path, nothing: str
) -> None:
    rows = ("a,2026-11-23 08:00,2026-11-23 09:00,2紧急工作时", f"b,2026-11-23 08:00,{nothing},2紧急工作时")
    file = table(tmp_path, *rows, head="id,dispatched,disposed,limit")
    report = found(terminal, file, "--until", "2026-12-01")
    assert (report["left_out"], rates(report)["overdue_pending"]) == ([], (1, 2))


@pytest.mark.parametrize(
    ("head", "word", "rate"),
    [
        ("是否受理", "退回", "valid_reports"),
        ("是否受理", "退回", "registration"),
        ("是否退回", "受理", "dispatch_accurate"),
        ("延期", "审批中", "extension"),
        ("返工次数", "若干", "rework"),
    ],
)
def test_a_word_that_is_no_answer_is_told_and_leaves_its_case_out_of_that_rate_alone(
    terminal: Terminal, tmp_path: Path, head: str, word: str, rate: str
) -> None:
    times = "2026-11-23 08:00,2026-11-23 08:00,2026-11-23 08:00,2026-11-23 09:00,2026-11-23 09:00,2紧急工作时"
    steps = "reported,registered,dispatched,disposed,closed"
    file = table(tmp_path, f"a,{times},{word}", f"b,{times},是", head=f"id,{steps},limit,{head}")
    report = found(terminal, file, "--until", "2026-12-01")
    assert (report["rows"]["used"], rates(report)["disposal_in_time"]) == (2, (2, 2))
    assert [(one["line"], word in one["why"]) for one in report["doubts"]] == [(2, True)]
    assert rates(report)[rate][1] == 1


def test_how_often_may_be_told_with_its_word(terminal: Terminal, tmp_path: Path) -> None:
    rows = [f"{word},2026-11-23 08:00,2026-11-23 09:00,1工作日,{word}" for word in ("2次", "2.0", "0次", "未返工")]
    report = found(terminal, table(tmp_path, *rows, head="id,dispatched,closed,limit,返工"))
    assert (rates(report)["rework"], report["doubts"]) == ((2, 4), [])


def test_a_case_that_was_filed_though_not_accepted_is_told_and_not_counted_as_filed(
    terminal: Terminal, tmp_path: Path
) -> None:
    rows = [f"{name},2026-11-23 08:00,2026-11-23 08:10,{word}" for name, word in (("a", "否"), ("b", "是"))]
    report = found(terminal, table(tmp_path, *rows, head="id,reported,registered,valid"))
    assert rates(report)["registration"] == (1, 1)
    assert [(one["line"], "not accepted" in one["why"]) for one in report["doubts"]] == [(2, True)]


def test_a_dispatch_without_a_limit_is_told_and_counts_for_nothing(terminal: Terminal, tmp_path: Path) -> None:
    report = found(terminal, table(tmp_path, "a,2026-11-23 08:00,,", head="id,dispatched,disposed,limit"))
    assert (report["cases"][0]["state"], rates(report)["disposal"]) == ("no-limit", (0, 0))
    assert "without a time limit" in report["doubts"][0]["why"]


def test_work_hours_calendar_and_zone_are_settings(terminal: Terminal, tmp_path: Path) -> None:
    file = table(tmp_path, "a,2026-11-23 11:00,,2工作时", head="id,dispatched,disposed,limit")

    def deadline(*options: str) -> str:
        return str(found(terminal, file, *options)["cases"][0]["deadline"])

    calendar = tmp_path / "ours.yaml"
    calendar.write_text(
        "id: ours\nzh: 本市\nen: ours\nyears:\n  2026:\n    source: us\n    rest:\n"
        "      - {zh: 市庆, en: day of the city, from: 2026-11-23, to: 2026-11-23}\n"
    )
    assert deadline() == "2026-11-23T15:00:00+08:00"
    assert deadline("--hours", "09:00-12:00", "--hours", "13:30-17:30") == "2026-11-23T14:30:00+08:00"
    assert deadline("--calendar", str(calendar)) == "2026-11-24T10:00:00+08:00"
    assert deadline("--tz", "Europe/Berlin") == "2026-11-23T15:00:00+01:00"


def test_a_period_without_an_end_ends_with_the_file_and_says_so(terminal: Terminal, tmp_path: Path) -> None:
    report = found(terminal, table(tmp_path, *ROWS))
    assert report["period"]["until"] == "2026-02-25T09:20:00+08:00"
    assert (report["period"]["until_told_by"], rates(report)["overdue_pending"]) == ("latest-time-of-the-file", (0, 3))
    assert any("latest time of the file" in note for note in report["notes"])


def test_a_deadline_of_the_file_that_differs_is_told(terminal: Terminal, tmp_path: Path) -> None:
    row = "a,2026-11-23 08:00,,2紧急工作时,2026-11-23 12:00"
    report = found(terminal, table(tmp_path, row, head="id,dispatched,disposed,limit,deadline"))
    assert report["cases"][0]["recorded_later_s"] == 7200.0
    assert any("differ" in note for note in report["notes"])


def test_plain_days_are_taken_for_working_days_and_counted(terminal: Terminal, tmp_path: Path) -> None:
    report = found(terminal, table(tmp_path, "a,2026-11-20 10:00,,1天", head="id,dispatched,disposed,limit"))
    assert report["cases"][0]["deadline"] == "2026-11-23T10:00:00+08:00"
    assert any("plain word" in note for note in report["notes"])


def test_years_that_the_calendar_does_not_know_are_told(terminal: Terminal, tmp_path: Path) -> None:
    report = found(terminal, table(tmp_path, "a,2029-11-20 10:00,,1工作日", head="id,dispatched,disposed,limit"))
    assert any("2029" in note for note in report["notes"])


@pytest.mark.parametrize(
    ("head", "row", "options", "words"),
    [
        ("dispatched,limit", "2026-11-23 08:00,2工作日", (), "name it with --column id=NAME"),
        ("id,处置时间,办结时间", "a,,", (), "choose with --column disposed=NAME"),
        ("id,name", "a,b", (), "no case has a time"),
        ("foo,bar", "a,b", (), "no line names the columns"),
        ("id,dispatched", "a,2026-11-23 08:00", ("--column", "nix=a"), "the roles are"),
        ("id,dispatched", "a,2026-11-23 08:00", ("--column", "closed=a"), "there is no column 'a'"),
        ("id,dispatched", "a,2026-11-23 08:00", ("--tz", "Mars/Base"), "Mars/Base"),
        ("id,dispatched", "a,2026-11-23 08:00", ("--hours", "9-12"), "are no work hours"),
        ("id,dispatched", "a,2026-11-23 08:00", ("--calendar", "xx"), "neither cn nor a file"),
        ("id,dispatched", "a,2026-11-23 08:00", ("--since", "2027-01-01"), "over before it begins"),
        ("id,dispatched", "a,2026-11-23 08:00", ("--until", "someday"), "--until"),
    ],
)
def test_what_cannot_be_assessed_says_what_to_do(
    terminal: Terminal, tmp_path: Path, head: str, row: str, options: tuple[str, ...], words: str
) -> None:
    refused(terminal.run("assess", "cases", table(tmp_path, row, head=head), *options), words)


def test_a_column_can_be_named_outright(terminal: Terminal, tmp_path: Path) -> None:
    file = table(tmp_path, "a,2026-11-23 08:00,2026-11-23 09:00,2紧急工作时", head="id,dispatched,fertig,limit")
    assert rates(found(terminal, file, "--column", "disposed=fertig"))["disposal_in_time"] == (1, 1)


def test_the_page_shows_rates_departments_and_every_case(terminal: Terminal, tmp_path: Path) -> None:
    ran = terminal.run("assess", "cases", table(tmp_path, *ROWS), "--until", "2026-03-01", "--cases")
    assert "按期处置率" in ran.out and "2/4" in ran.out
    assert "路灯所" in ran.out and "超期待处置 overdue" in ran.out
    assert "缺 lacking: limits.registration" in ran.out
