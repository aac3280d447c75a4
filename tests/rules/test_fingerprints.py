"""A rule means the same as long as names, colour and clause alone change."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.errors import Refused
from rules.fingerprints import fingerprints, without
from rules.snapshots import dump, load
from tests.rules.city import Run, at, meter, registry_of, rules_of

LOUD: dict[str, Any] = {
    **{"id": "loud", "kind": "threshold", "metric": "laeq", "unit": "dB(A)", "compare": "<=", "limit": 60},
    "hold": "30s",
}


def meaning(tmp_path: Path, **changes: Any) -> str:
    return fingerprints(rules_of(tmp_path, {**LOUD, **changes}))["loud"]


@pytest.mark.parametrize(
    "changes",
    [
        {"zh": "吵", "en": "Noisy"},
        {"severity": "red"},
        {"clause": None},
        {"needs_acknowledgement": False},
        {"limit": 60.0},
        {"clear": "0s"},  # what it is anyway
        {"hold": "30000ms"},
    ],
)
def test_it_is_the_same_rule(changes: dict[str, Any], tmp_path: Path) -> None:
    assert meaning(tmp_path, **changes) == meaning(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"limit": 61},
        {"limit": {"table": "gb3096"}},
        {"hold": "31s"},
        {"clear": "1s"},
        {"compare": "<"},
        {"dead_band": 1},
        {"evidence_for": 2},
        {"scope": {"zones": ["2"]}},
    ],
)
def test_it_is_another_rule(changes: dict[str, Any], tmp_path: Path) -> None:
    assert meaning(tmp_path, **changes) != meaning(tmp_path)


def test_the_tables_that_a_rule_names_are_part_of_its_meaning(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, {**LOUD, "limit": {"table": "gb3096"}})
    table = rules.tables["gb3096"]
    later = table.editions[0].model_copy(update={"source": "another"})
    renamed, changed = (
        type(rules)(rules=rules.rules, tables={**rules.tables, "gb3096": new}, catalogue=rules.catalogue)
        for new in (table.model_copy(update={"zh": "新名"}), table.model_copy(update={"editions": (later,)}))
    )
    assert fingerprints(renamed) == fingerprints(rules) != fingerprints(changed)


def test_a_snapshot_without_a_rule_starts_that_rule_fresh_and_no_other(tmp_path: Path) -> None:
    start = at("2026-11-22T12:00:00")
    rules = rules_of(tmp_path, LOUD, {**LOUD, "id": "louder", "limit": 70})
    run = Run.of(rules, registry_of(meter("N", "2")))
    run.readings([("N", "laeq", start, 80.0)])
    run.tick(start + 5_000_000)
    run.state = load(without(dump(run.state), {"louder"}), run.program)
    told = run.tick(start + 60_000_000)
    assert [(change.rule, change.signal.value) for change in told] == [("loud", "held")]


@pytest.mark.parametrize("content", [b"\xc1", msgspec.msgpack.encode([1]), msgspec.msgpack.encode({"version": 1})])
def test_what_is_no_snapshot_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match="remove it to start without memory"):
        without(content, {"a"})


LADDER: dict[str, Any] = {
    **{key: value for key, value in LOUD.items() if key not in ("limit", "hold")},
    "levels": [{"severity": "white", "limit": 60}, {"severity": "red", "limit": 80}],
}


@pytest.mark.parametrize(
    ("levels", "changed"),
    [
        ([{"severity": "white", "limit": 60, "zh": "轻", "en": "mild"}, {"severity": "red", "limit": 80}], set()),
        ([{"severity": "white", "limit": 60}, {"severity": "red", "limit": 85}], {"loud-red"}),
        ([{"severity": "white", "limit": 55}, {"severity": "red", "limit": 80}], {"loud-white"}),
        ([{"severity": s, "limit": n} for s, n in (("white", 60), ("yellow", 70), ("red", 80))], {"loud-yellow"}),
        ([{"severity": "red", "limit": 80}], {"loud-white"}),
    ],
)
def test_a_rung_means_the_same_whatever_becomes_of_the_others(
    levels: list[dict[str, Any]], changed: set[str], tmp_path: Path
) -> None:
    before, after = (fingerprints(rules_of(tmp_path, entry)) for entry in (LADDER, {**LADDER, "levels": levels}))
    assert {rule for rule in before.keys() | after.keys() if before.get(rule) != after.get(rule)} == changed


def test_a_table_of_limits_by_device_is_part_of_the_meaning_and_its_place_is_not(tmp_path: Path) -> None:
    found = []
    for name, limit in (("a.csv", 60), ("b.csv", 60), ("a.csv", 61)):
        (tmp_path / name).write_text(f"N,{limit}\n", encoding="utf-8")
        found.append(meaning(tmp_path, limit={"file": name}))
    assert found[0] == found[1] != found[2]


def test_the_days_of_a_calendar_are_part_of_the_meaning_and_its_place_and_words_are_not(tmp_path: Path) -> None:
    def night(name: str, day: str, source: str = "gov.cn") -> str:
        rest = f"{{zh: 节, en: Feast, from: {day}, to: {day}}}"
        text = f"id: own\nzh: 自\nen: Own\nyears: {{2026: {{source: {source}, rest: [{rest}]}}}}\n"
        (tmp_path / name).write_text(text, encoding="utf-8")
        when = {"hours": ["22:00-06:00"], "days": "workdays", "calendar": name}
        return meaning(tmp_path, kind="schedule", when=when)

    first = night("own.yaml", "2026-11-23")
    assert first == night("moved.yaml", "2026-11-23") == night("own.yaml", "2026-11-23", source="elsewhere")
    assert first != night("own.yaml", "2026-11-24")


def test_a_correlation_means_what_the_rule_that_it_names_demands(tmp_path: Path) -> None:
    both = {"id": "both", "kind": "correlation", "of": [{"rule": "loud"}], "where": {"same": "device"}}

    def found(**changes: Any) -> str:
        return fingerprints(rules_of(tmp_path, {**LOUD, **changes}, both))["both"]

    assert found() == found(zh="吵", severity="red") == found(hold="5s")
    assert len({found(), found(limit=61), found(limit={"table": "gb3096"}), found(scope={"zones": ["2"]})}) == 4
