"""A casebook is read whole, or every fault of it is named with its line."""

from pathlib import Path

import pytest

from domain.errors import Misconfigured
from rules.casebooks.cases import Casebook
from rules.casebooks.reading import Shelf, load_casebook
from rules.casebooks.running import play
from tests.rules.city import CATALOGUE, KINDS

SHELF = Shelf(catalogue=CATALOGUE, kinds=KINDS)
GOOD = """\
devices:
  C: {kind: manhole_cover}
cases:
  - name: open
    start: 2026-11-22 12:00
    series:
      - {device: C, metric: cover_open, values: "1x3", every: 15s}
    until: +1m
    expect:
      - +0s cover-open C violated
      - +5s cover-open C held
"""


def read(tmp_path: Path, text: str) -> Casebook:
    path = tmp_path / "book.yaml"
    path.write_text(text, encoding="utf-8")
    return load_casebook(path, SHELF)


def faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        read(tmp_path, text)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


@pytest.mark.parametrize(
    "good, bad, line, words",
    [
        ("expect:", "expects:", 9, "unknown key; remove it or mend its spelling; did you mean expect?"),
        ("kind: manhole_cover", "kind: manhole_covers", 4, "did you mean manhole_cover?"),
        ("metric: cover_open", "metric: coveropen", 7, "did you mean cover_open?"),
        ("device: C,", "device: D,", 7, "the case has no device 'D'"),
        ("+5s cover-open C held", "+5s cover-opened C held", 11, "did you mean cover-open?"),
        ("+5s cover-open C held", "+5s cover-open D held", 11, "the case has no device 'D'"),
        ("+5s cover-open C held", "+5s cover-open C hold", 11, "'violated', 'held', 'cleared' or 'lost'"),
        ("+5s cover-open C held", "held in time", 11, "reads as nothing"),
        ('"1x3"', "0x3", 7, 'write the values in quotes: "0x4"'),
        ('"1x3"', '"1x"', 7, "'1x' is no value"),
        ("until: +1m", "until: 12:01", 8, "write it in quotes"),
        ("start: 2026-11-22 12:00", "start: noon", 5, "'noon' is no date with a time"),
    ],
)
def test_a_fault_is_named_with_line_value_and_remedy(
    good: str, bad: str, line: int, words: str, tmp_path: Path
) -> None:
    text = GOOD.replace(good, bad)
    assert text != GOOD
    found = faults(tmp_path, text)
    assert any(fault.startswith(f"book.yaml:{line}: ") and words in fault for fault in found), found


def test_the_faults_of_all_cases_come_at_once(tmp_path: Path) -> None:
    second = GOOD.partition("cases:\n")[2].replace("C, metric", "X, metric")
    found = faults(tmp_path, GOOD.replace("cover-open C held", "cover-opn C held") + second)
    assert [line.split(":")[1] for line in found] == ["11", "15"]


def test_a_case_that_asks_nothing_is_refused(tmp_path: Path) -> None:
    assert any("asks nothing" in fault for fault in faults(tmp_path, GOOD.partition("    expect:")[0]))


def test_rules_may_be_written_out_and_a_fault_in_them_has_its_line(tmp_path: Path) -> None:
    rule = "{id: cover-open, kind: state, zh: 开, en: Open, severity: red, metric: cover_open, normal: 0, hold: 5s}"
    assert read(tmp_path, f"rules:\n  - {rule}\n{GOOD}").cases[0].rules == ("cover-open",)
    [fault] = faults(tmp_path, f"rules:\n  - {rule.replace('5s', '5x')}\n{GOOD}")
    assert fault.startswith("book.yaml:2: rules.0.hold: '5x' is not a duration")


def test_a_case_holds_only_the_rules_and_devices_that_it_speaks_of(tmp_path: Path) -> None:
    [case] = read(tmp_path, GOOD.replace("devices:\n", "devices:\n  N: {kind: noise_meter}\n")).cases
    assert [rule.entry.id for rule in case.ruleset.rules] == ["cover-open"]
    assert list(case.registry.devices) == ["C"]


def test_devices_may_come_from_a_registry(tmp_path: Path) -> None:
    (tmp_path / "city.yaml").write_text(
        "{zh: 城, en: City, timezone: Asia/Shanghai, lon: 121, lat: 31}", encoding="utf-8"
    )
    (tmp_path / "devices.yaml").write_text(
        "devices: [{id: MC-7, kind: manhole_cover, zh: 井, en: Well, lon: 121, lat: 31}]", encoding="utf-8"
    )
    text = GOOD.replace("devices:\n  C: {kind: manhole_cover}\n", "city: city.yaml\nregistry: devices.yaml\n")
    text = text.replace("start:", "devices: [MC-7]\n    start:").replace(" C", " MC-7")
    [case] = read(tmp_path, text).cases
    assert [str(told.target) for told in play(case)] == ["device:MC-7"] * 2
    [fault] = faults(tmp_path, text.replace("[MC-7]", "[MC-8]"))
    assert "the registry has no device 'MC-8'; did you mean MC-7?" in fault


def test_late_shuffled_and_doubled_readings_arrive_as_planned(tmp_path: Path) -> None:
    plan = "arrival: {delay: 1m, shuffle: 10s, duplicate: 3, seed: 7}\n    series:"
    [case] = read(tmp_path, GOOD.replace("series:", plan)).cases
    assert len(case.lines) == 4
    assert all(60e6 <= line.arrival - line.at <= 71e6 for line in case.lines)
    assert [line.arrival for line in case.lines] == sorted(line.arrival for line in case.lines)
