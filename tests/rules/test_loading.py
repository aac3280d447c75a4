"""A rules file is read whole or refused whole, with every fault, its line, and what to write instead."""

from pathlib import Path
from typing import Any

import pytest

from domain.errors import Misconfigured
from rules import engine
from rules.entries import NO_SOURCE
from rules.kinds.table import KINDS as RULE_KINDS
from rules.loading import load_rules
from rules.settings import SHIPPED_RULES
from tests.rules.city import CATALOGUE, KINDS, meter, registry_of, rules_of, vocabulary_of

GOOD = """\
rules:
  - id: loud
    kind: threshold
    zh: 噪声
    en: Loud
    severity: yellow
    clause: {zh: 条款, en: Clause}
    scope: {kinds: [noise_meter]}
    metric: laeq
    unit: dB(A)
    compare: "<="
    limit: 60
    hold: 5s
"""


def faults(tmp_path: Path, text: str, **more: Any) -> list[str]:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        load_rules([path], catalogue=CATALOGUE, kinds=KINDS, **more)
    return [str(problem).removeprefix(str(tmp_path) + "/") for problem in caught.value.problems]


@pytest.mark.parametrize(
    "good, bad, line, words",
    [
        ("hold: 5s", "hold: 5x", 13, "'5x' is not a duration; write 5s"),
        ("hold: 5s", "holds: 5s", 13, "unknown key; remove it or mend its spelling; did you mean hold?"),
        ("metric: laeq", "metric: laqe", 9, "'laqe' is not in the catalogue"),
        ("metric: laeq", "metric: laqe", 9, "did you mean laeq?"),
        ("unit: dB(A)", "unit: dB", 10, "write the limit in dB(A)"),
        ("clause: {zh: 条款, en: Clause}", "clause: {zh: 条款, en: ''}", 7, "at least 1 character"),
        ("clause: {zh: 条款, en: Clause}", "clause: {zh: 条款}", 7, "clause.en: missing"),
        ("limit: 60", "limit: sixty", 12, "neither a number such as 60, nor {table: gb3096}"),
        ("limit: 60", "limit: .nan", 12, "neither a number such as 60, nor {table: gb3096}"),
        ("limit: 60", "limit: true", 12, "neither a number such as 60, nor {table: gb3096}"),
        ("limit: 60", "limit: {table: gb309}", 12, "'gb309' is not known; known are gb3096"),
        ("limit: 60", "limit: {table: gb309}", 12, "did you mean gb3096?"),
        ('compare: "<="', 'compare: "=="', 11, "not '=='"),
        ("kind: threshold", "kind: treshold", 3, "write one of threshold, state, ratio, absence"),
        ("kind: threshold", "kind: treshold", 3, "did you mean threshold?"),
        ("severity: yellow", "severity: orange", 6, "'orange'"),
        ("[noise_meter]", "[noisemeter]", 8, "'noisemeter' is no kind of device"),
        ("[noise_meter]", "[noisemeter]", 8, "did you mean noise_meter?"),
        ("[noise_meter]", "[lamp]", 8, "do not report laeq"),
        ("id: loud", "id: Loud!", 2, "Loud!"),
        ("metric: laeq", "metric: pm2_5", 8, "do not report pm2_5"),
    ],
)
def test_a_fault_is_named_with_line_value_and_remedy(
    good: str, bad: str, line: int, words: str, tmp_path: Path
) -> None:
    text = GOOD.replace(good, bad)
    assert text != GOOD
    assert any(fault.startswith(f"mine.yaml:{line}:") and words in fault for fault in faults(tmp_path, text))


def test_a_limit_without_a_clause_is_judged_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("clause: {zh: 条款, en: Clause}\n", "\n"), encoding="utf-8")
    [rule] = load_rules([path], catalogue=CATALOGUE, kinds=KINDS).rules
    assert rule.entry.card(unit="dB(A)").clause == NO_SOURCE


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    second = GOOD.removeprefix("rules:\n").replace("hold: 5s", "hold: 5x").replace("severity: yellow", "severity: blue")
    third = GOOD.removeprefix("rules:\n").replace("metric: laeq", "metric: laqe")
    found = faults(tmp_path, GOOD + second + third)
    assert [any(word in fault for fault in found) for word in ("5x", "blue", "laqe", "stands already at")] == [True] * 4


def test_a_bare_on_or_an_item_that_is_no_rule_hides_no_other_fault(tmp_path: Path) -> None:
    second = GOOD.removeprefix("rules:\n").replace("hold: 5s", "on: {same: device}").replace("id: loud", "id: other")
    third = GOOD.removeprefix("rules:\n").replace("metric: laeq", "metric: laqe").replace("id: loud", "id: third")
    found = faults(tmp_path, GOOD + second + "  - 7\n" + third)
    assert [any(word in fault for fault in found) for word in ("a bare on", "not 7", "laqe")] == [True] * 3


def test_a_limit_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD.replace("limit: 60", "limit: 60\n    limit: 65")) == [
        "mine.yaml:13: the key limit stands twice, first in line 12; keep one"
    ]


def test_the_same_id_in_two_files_is_refused(tmp_path: Path) -> None:
    first = tmp_path / "first.yaml"
    first.write_text(GOOD, encoding="utf-8")
    second = tmp_path / "second.yaml"
    second.write_text(GOOD, encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"second\.yaml:2: rule loud: this id stands already at .*first\.yaml:2"):
        load_rules([first, second], catalogue=CATALOGUE, kinds=KINDS)


def test_a_missing_file_is_named_and_the_others_are_still_checked(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(GOOD.replace("hold: 5s", "hold: 5x"), encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        load_rules([tmp_path / "gone.yaml", bad], catalogue=CATALOGUE, kinds=KINDS)
    assert [Path(problem.file).name for problem in caught.value.problems] == ["gone.yaml", "bad.yaml"]


@pytest.mark.parametrize("text", ["", "rules: 5", "- a", "rules: [5]", "rules: [{kind: [1]}]"])
def test_a_file_of_another_shape_is_refused(text: str, tmp_path: Path) -> None:
    assert faults(tmp_path, text)


def test_a_table_in_another_unit_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace("limit: 60", "limit: {table: gb3096}").replace("laeq", "pm2_5").replace("dB(A)", "µg/m³")
    assert any(
        "is in dB(A), but pm2_5 in µg/m³" in fault
        for fault in faults(tmp_path, text.replace("noise_meter", "air_station"))
    )


def test_an_unknown_road_is_refused_when_the_city_is_known(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, {"id": "r", "kind": "absence", "scope": {"roads": ["R9"]}})
    registry = registry_of(meter("A"))
    with pytest.raises(Misconfigured, match="'R9' is no road of the city"):
        engine.compile_rules(rules, registry, vocabulary_of(registry))


def test_the_files_that_ship_use_every_kind() -> None:
    files = sorted(SHIPPED_RULES.parent.glob("*.yaml"))
    tables = sorted((SHIPPED_RULES.parents[1] / "limits").glob("*.yaml"))
    rulesets = [load_rules([path], catalogue=CATALOGUE, kinds=KINDS, limits=tables) for path in files]
    rules = [rule for ruleset in rulesets for rule in ruleset.rules]
    assert {rule.entry.kind for rule in rules} == set(RULE_KINDS)


DOCUMENT = Path(__file__).parents[2] / "docs" / "rules.md"


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_every_key_of_every_kind_is_documented(kind: str) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert [key for key in (kind, *RULE_KINDS[kind].entry.model_fields) if f"`{key}`" not in text] == []


def test_every_shipped_rule_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    rules = load_rules([SHIPPED_RULES], catalogue=CATALOGUE, kinds=KINDS)
    assert [rule.entry.id for rule in rules.rules if f"`{rule.entry.id}`" not in text] == []
