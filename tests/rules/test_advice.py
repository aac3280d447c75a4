"""What may not be meant is said: with the line, and why."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rules.advice import warnings_of
from rules.loading import RuleSet
from tests.rules.city import device, meter, registry_of, rules_of, shipped

TODAY = date(2026, 11, 22)
LOUD: dict[str, Any] = {
    **{"id": "loud", "kind": "threshold", "metric": "laeq", "unit": "dB(A)", "compare": "<=", "limit": 60},
    **{"hold": "5m", "dead_band": 2},
}
METERS = registry_of(meter("N", "2", interval_s=60))


def said(rules: RuleSet, on: date = TODAY) -> list[str]:
    return [warning.message for warning in warnings_of(rules, METERS, on=on)]


def test_nothing_is_said_of_a_rule_that_is_as_meant(tmp_path: Path) -> None:
    assert said(rules_of(tmp_path, LOUD)) == []


@pytest.mark.parametrize(
    "change, words",
    [
        ({"clause": None}, "rule loud: has no clause: its alerts will say 未注明出处 · no source"),
        ({"hold": "2m"}, "rule loud: hold 120 s is over before the evidence of one reading is (60 s × 3)"),
        ({"evidence_for": 0.5}, "rule loud: evidence_for 0.5: a reading is not believed until the next one comes"),
        ({"dead_band": 0}, "rule loud: dead_band 0: laeq around its limit will fire and clear again and again"),
        ({"scope": {"zones": ["4a"]}}, "rule loud: judges no device of the registry"),
    ],
)
def test_what_may_not_be_meant_is_said(change: dict[str, Any], words: str, tmp_path: Path) -> None:
    found = said(rules_of(tmp_path, {**LOUD, **change}))
    assert len(found) == 1 and found[0].startswith(words)


def test_a_hold_time_of_nothing_is_meant(tmp_path: Path) -> None:
    assert said(rules_of(tmp_path, {**LOUD, "hold": "0s"})) == []


def test_a_device_that_speaks_seldom_may_fire_by_one_reading(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, {"id": "open", "kind": "state", "metric": "cover_open", "normal": 0, "hold": "5s"})
    assert warnings_of(rules, registry_of(device("C", "manhole_cover")), on=TODAY) == []


def test_the_same_limit_twice_is_said_of_the_second(tmp_path: Path) -> None:
    [warning] = said(rules_of(tmp_path, LOUD, {**LOUD, "id": "again", "hold": "10m"}, {**LOUD, "id": "c", "limit": 61}))
    assert warning.startswith("rule again: judges the same as loud (") and "rules.yaml:2)" in warning


def test_a_table_without_an_edition_for_today_is_said(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, {**LOUD, "limit": {"table": "gb3096"}})
    table = rules.tables["gb3096"]
    edition = table.editions[0].model_copy(update={"valid_until": date(2026, 11, 22)})
    ended = RuleSet(
        rules=rules.rules,
        tables={"gb3096": table.model_copy(update={"editions": (edition,)})},
        catalogue=rules.catalogue,
    )
    assert said(rules) == [] == said(ended, on=date(2026, 11, 21))
    [warning] = said(ended)
    assert warning.startswith("rule loud: table gb3096: its last edition ended on 2026-11-22")
    [early] = said(rules, on=date(2000, 1, 1))
    assert "it has no edition for today" in early


def test_a_warning_stands_at_the_line_of_its_key(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, {**LOUD, "dead_band": 0})
    [warning] = warnings_of(rules, METERS, on=TODAY)
    text = (tmp_path / "rules.yaml").read_text(encoding="utf-8").splitlines()
    assert warning.line is not None and "dead_band" in text[warning.line - 1]


def test_without_a_registry_nothing_is_said_of_devices(tmp_path: Path) -> None:
    assert warnings_of(rules_of(tmp_path, {**LOUD, "hold": "1s"}), None, on=TODAY) == []


def test_the_shipped_rules_name_their_source() -> None:
    assert [w.message for w in warnings_of(shipped(), None, on=TODAY) if "clause" in w.message] == []
