"""`citybrain rules`: list, check, test and schema, as people and scripts call them."""

import json
from pathlib import Path

import pytest

from rules.casebooks.reading import SHIPPED_CASEBOOKS
from tests.app.installation import write_installation
from tests.app.terminal import Terminal

RULE = """\
rules:
  - id: loud
    kind: threshold
    zh: 噪声
    en: Loud
    severity: yellow
    scope: {kinds: [noise_meter]}
    metric: laeq
    unit: dB(A)
    compare: "<="
    limit: 60
    dead_band: 1
"""
BOOK = """\
rules: [mine.yaml]
cases:
  - name: loud at once
    start: 2026-11-22 12:00
    devices: {N: {kind: noise_meter, interval: 10s}}
    series: [{device: N, metric: laeq, values: "55 65 55"}]
    until: +30s
    expect: [+10s loud N violated, +10s loud N held, +20s loud N cleared]
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "mine.yaml").write_text(RULE, encoding="utf-8")
    (tmp_path / "book.yaml").write_text(BOOK, encoding="utf-8")
    return tmp_path


def test_the_list_is_that_of_the_installation_with_the_number_of_devices(mine: Path, terminal: Terminal) -> None:
    site = write_installation(mine, rules={"files": ["mine.yaml"]})
    ran = terminal.run("rules", "--json", "--config", site.file)
    [row] = [json.loads(line) for line in ran.out.splitlines()]
    assert (row["id"], row["limit"], row["devices"], row["clause_zh"]) == ("loud", "<= 60 dB(A)", 2, "未注明出处")


def test_the_list_of_what_ships_needs_no_settings(terminal: Terminal) -> None:
    ran = terminal.run("rules")
    assert ran.code == 0 and "noise-zone" in ran.out and "gb3096" in ran.out


def test_check_warns_and_with_strict_fails(mine: Path, terminal: Terminal) -> None:
    ran = terminal.run("rules", "check", mine / "mine.yaml")
    assert ran.code == 0 and f"{mine}/mine.yaml:2: rule loud: has no clause" in ran.out
    assert terminal.run("rules", "check", "--strict", mine / "mine.yaml").code == 1


def test_check_names_every_problem_of_every_file(mine: Path, terminal: Terminal) -> None:
    (mine / "other.yaml").write_text(RULE.replace("limit: 60", "limit: many"), encoding="utf-8")
    (mine / "mine.yaml").write_text(RULE.replace("metric: laeq", "metric: laqe"), encoding="utf-8")
    ran = terminal.run("rules", "check", "--json", mine / "mine.yaml", mine / "other.yaml")
    told = json.loads(ran.out)
    assert (ran.code, told["ok"]) == (1, False)
    assert sorted((Path(one["file"]).name, one["line"]) for one in told["problems"]) == [
        ("mine.yaml", 8),
        ("other.yaml", 11),
    ]


def test_check_knows_the_devices_of_an_installation(mine: Path, terminal: Terminal) -> None:
    (mine / "mine.yaml").write_text(RULE.replace("[noise_meter]", '[noise_meter], zones: ["4a"]'), encoding="utf-8")
    site = write_installation(mine, rules={"files": ["mine.yaml"]})
    ran = terminal.run("rules", "check", "--config", site.file)
    assert "judges no device of the registry" in ran.out


def test_wrong_usage_is_exit_code_two(terminal: Terminal) -> None:
    assert terminal.run("rules", "check", "--strictly").code == 2


def test_a_casebook_passes_or_shows_what_differs(mine: Path, terminal: Terminal) -> None:
    ran = terminal.run("rules", "test", mine / "book.yaml", "-v")
    assert ran.code == 0 and "✓ loud at once" in ran.out and "1 cases passed, 0 failed" in ran.out
    (mine / "mine.yaml").write_text(RULE.replace("limit: 60", "limit: 70"), encoding="utf-8")
    ran = terminal.run("rules", "test", mine / "book.yaml")
    assert ran.code == 1 and "✗ loud at once" in ran.out and "loud · device:N" in ran.out and "got 实际" in ran.out


def test_a_failure_as_json_has_its_lines_and_its_picture(mine: Path, terminal: Terminal) -> None:
    (mine / "mine.yaml").write_text(RULE.replace("limit: 60", "limit: 70"), encoding="utf-8")
    told = json.loads(terminal.run("rules", "test", "--json", "--fast", mine / "book.yaml").out)
    [failed] = told["failed"]
    assert (told["ok"], told["cases"], told["passed"], told["rules"]) == (False, 1, 0, ["loud"])
    assert {one["line"] for one in failed["differences"]} == {8} and failed["timeline"]


def test_a_faulty_casebook_is_a_failure(mine: Path, terminal: Terminal) -> None:
    (mine / "book.yaml").write_text(BOOK.replace("N held", "M held"), encoding="utf-8")
    ran = terminal.run("rules", "test", mine / "book.yaml")
    assert ran.code == 1 and f"{mine}/book.yaml:8: loud at once: the case has no device 'M'" in ran.out


def test_shipped_rules_of_a_casebook_are_those_of_the_settings(mine: Path, terminal: Terminal) -> None:
    site = write_installation(mine / "site", rules={"files": ["../mine.yaml"]})
    (mine / "book.yaml").write_text(BOOK.replace("rules: [mine.yaml]\n", ""), encoding="utf-8")
    assert terminal.run("rules", "test", mine / "book.yaml", "--config", site.file).code == 0
    assert terminal.run("rules", "test", mine / "book.yaml").code == 1


def test_one_of_the_casebooks_that_ship_can_be_tried_alone(terminal: Terminal) -> None:
    assert terminal.run("rules", "test", "--fast", SHIPPED_CASEBOOKS / "shipped.yaml").code == 0


def test_the_schema_is_json(terminal: Terminal) -> None:
    assert json.loads(terminal.run("rules", "schema").out)["properties"]["rules"]["type"] == "array"


def test_reload_without_an_engine_is_said(mine: Path, terminal: Terminal) -> None:
    site = write_installation(mine, rules={"files": ["mine.yaml"]})
    ran = terminal.run("rules", "reload", "--config", site.file)
    assert ran.code == 1 and "no engine runs here" in ran.err
