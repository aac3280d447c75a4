"""`citybrain assess noise` at the terminal: one object for programs, words for people, errors in a line."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.app.terminal import Ran, Terminal

SAMPLE = Path(__file__).parents[1] / "samples" / "laeq_1min_3days.csv"


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


def nights(folder: Path, levels: Sequence[float], peaks: Sequence[float]) -> Path:
    """A day from 06:00 on, hour by hour."""
    begin = datetime.fromisoformat("2026-03-21T06:00")
    rows = [
        f"{begin + timedelta(hours=i)},{level},{peak}"
        for i, (level, peak) in enumerate(zip(levels, peaks, strict=True))
    ]
    file = folder / "day.csv"
    file.write_text("begin,leq,lmax\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def loud_night(tmp_path: Path) -> Path:
    return nights(tmp_path, [55.0] * 16 + [51.0] * 8, [70.0] * 24)


def assessed(terminal: Terminal, *arguments: object) -> dict[str, Any]:
    ran: Ran = terminal.run("assess", "noise", *arguments, "--json")
    assert (ran.code, ran.err) == (0, "")
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_the_street_of_three_days_as_one_object(terminal: Terminal) -> None:
    report = assessed(terminal, SAMPLE)
    assert [(day["date"], day["ld"], day["ln"]) for day in report["daily"]] == [
        ("2025-03-20", None, 49.384),
        ("2025-03-21", 52.049, 44.807),
        ("2025-03-22", 50.5, 47.804),
        ("2025-03-23", 46.041, None),
    ]
    assert report["totals"]["used"] == 4320


def test_words_keep_an_alert_apart_from_non_compliance(terminal: Terminal, loud_night: Path) -> None:
    out = terminal.run("assess", "noise", loud_night, "--hourly").out
    assert [line.split()[-1] for line in out.splitlines() if "预警 alert" in line] == ["alert"] * 8
    [night] = [line for line in out.splitlines() if " Ln " in line and "2026-03-21" in line]
    assert "超标 not compliant" in night and "+1.0" in night and "GB 3096-2008" in night
    assert not any("超标" in line and "T2" in line for line in out.splitlines())


def test_the_zone_and_the_zone_of_one_point_choose_the_limit(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "two.csv"
    rows = [f"2025-03-21 {hour:02}:00,50,{point}" for hour in range(24) for point in ("A", "B")]
    file.write_text("begin,leq,station\n" + "\n".join(rows) + "\n", encoding="utf-8")
    report = assessed(terminal, file, "--zone", "4a", "--zone", "B=1")
    limits = {(day["point"], day["verdicts"]["ld"]["limit"]) for day in report["daily"]}
    assert limits == {("A", 70.0), ("B", 55.0)}
    assert set(report["compliance"]["by_zone"]) == {"1", "4a"}


def test_day_night_and_the_maximum_of_the_night_have_rates_of_their_own(terminal: Terminal, loud_night: Path) -> None:
    rates = assessed(terminal, loud_night)["compliance"]
    assert {name: rates[name]["rate"] for name in ("day", "night", "lmax_night")} == {
        "day": 100.0,
        "night": 0.0,
        "lmax_night": 0.0,
    }


def test_a_building_site_is_told_by_measurement(terminal: Terminal, tmp_path: Path) -> None:
    begin = datetime.fromisoformat("2026-03-21T23:00")
    rows = [f"{begin + timedelta(minutes=i)},56,60" for i in range(60)]
    file = tmp_path / "site.csv"
    file.write_text("begin,leq,lmax\n" + "\n".join(rows) + "\n", encoding="utf-8")
    report = assessed(terminal, file, "--kind", "construction")
    told = [one["verdicts"]["leq"] for one in report["measurements"]]
    assert [(verdict["outcome"], verdict["excess"], verdict["edition"]) for verdict in told] == [
        ("not-compliant", 1.0, "GB 12523-2025")
    ] * 3
    assert report["compliance"]["night"] == {"valid": 3, "compliant": 0, "rate": 0.0}
    out = terminal.run("assess", "noise", file, "--kind", "construction").out
    assert "超标 not compliant" in out and "未核实 unverified" in out


def test_validity_comes_from_a_file_and_single_options_change_it(
    terminal: Terminal, loud_night: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "mine.yaml"
    settings.write_text("{hours_of_day: 10, rounding: integer}", encoding="utf-8")
    validity = assessed(terminal, loud_night, "--validity", settings, "--hours-of-day", "11")["method"]["validity"]
    assert (validity["hours_of_day"], validity["rounding"], validity["hours_of_night"]) == (11, "integer", 6)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--zone", "9"), "'9' is none of 0, 1, 2, 3, 4a, 4b"),
        (("--zone", "2", "--zone", "3"), "one zone for all; for one point write POINT=ZONE"),
        (("--tz", "Peking"), "'Peking' is not known; write a name such as Asia/Shanghai"),
        (("--span", "2h"), "at most 1h"),
        (("--column", "level"), "is no pair; write NAME=VALUE"),
        (("--column", "colour=red"), "'colour' is none of time, date, level"),
        (("--minutes-of-hour", "90"), "--minutes-of-hour: Input should be less than or equal to 60"),
    ],
)
def test_wrong_usage_is_told_with_what_to_write(
    terminal: Terminal, loud_night: Path, arguments: tuple[str, ...], told: str
) -> None:
    ran = terminal.run("assess", "noise", loud_night, *arguments)
    assert ran.code == 2
    assert told in " ".join(ran.err.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--place", "room-a"), "gb3096 has no limits for 'room-a'; choose one of outdoor, old-railway"),
        (("--zone", "X=2"), "the file has no point X; it has one without a name"),
    ],
)
def test_what_cannot_be_judged_is_told_in_a_line(
    terminal: Terminal, loud_night: Path, arguments: tuple[str, ...], told: str
) -> None:
    ran = terminal.run("assess", "noise", loud_night, *arguments)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert told in ran.err


def keys_of(content: object) -> set[str]:
    """Every key of an object, at any depth, but for names of settings, roles, zones and reasons."""
    if isinstance(content, list):
        return set().union(*(keys_of(item) for item in content))
    if not isinstance(content, dict):
        return set()
    below = set().union(
        *(keys_of(value) for name, value in content.items() if name not in {"validity", "columns", "by_zone"})
    )
    return below | content.keys()


def test_every_key_of_the_object_is_documented(terminal: Terminal, loud_night: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "standards-noise.md").read_text(encoding="utf-8")
    found = keys_of(assessed(terminal, loud_night)) | keys_of(assessed(terminal, loud_night, "--kind", "industrial"))
    assert sorted(key for key in found if f"`{key}" not in text and not key.startswith("lmax_")) == []


@pytest.fixture
def long_list(tmp_path: Path) -> Path:
    """A row for each metric, more of them than are read between two steps of the bar."""
    begin = datetime.fromisoformat("2026-03-21T06:00:00+08:00")
    rows = [f"NM-1,laeq,{(begin + timedelta(seconds=i)).isoformat()},55" for i in range(20_100)]
    file = tmp_path / "list.csv"
    file.write_text("device,metric,at,value\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return file


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)


def test_a_long_list_is_read_with_a_bar_on_a_terminal(
    terminal: Terminal, long_list: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert terminal.run("assess", "noise", long_list).err == ""
    on_a_terminal(monkeypatch)
    err = terminal.run("assess", "noise", long_list).err
    assert "读取" in err and "100%" in err


def test_programs_get_no_bar(terminal: Terminal, long_list: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_terminal(monkeypatch)
    assert terminal.run("assess", "noise", long_list, "--json").err == ""


def test_every_note_is_told_in_both_languages(terminal: Terminal) -> None:
    notes = assessed(terminal, SAMPLE)["notes"]
    assert len(notes) >= 2
    assert [note for note in notes if " · " not in note or note.isascii()] == []
