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
