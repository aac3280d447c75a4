"""The JSON Schema for editors takes what we take, and refuses what we refuse."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from rules.schema import DRAFT, rules_schema
from rules.settings import SHIPPED_RULES
from rules.words import WORDS
from tests.rules.json_schema import Validator

SCHEMA = rules_schema()
FILES = sorted(SHIPPED_RULES.parent.glob("*.yaml"))
GOOD: dict[str, Any] = {
    **{"id": "loud", "kind": "threshold", "zh": "吵", "en": "Loud", "severity": "red", "metric": "laeq"},
    **{"unit": "dB(A)", "compare": "<=", "limit": 60, "hold": "30s"},
}


@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
def test_every_file_that_ships_is_taken(file: Path) -> None:
    assert Validator(SCHEMA).faults(yaml.safe_load(file.read_text(encoding="utf-8"))) == []


def test_a_good_rule_is_taken() -> None:
    assert Validator(SCHEMA).faults({"rules": [GOOD, {**GOOD, "limit": {"table": "gb3096"}}]}) == []


@pytest.mark.parametrize(
    "bad, words",
    [
        ({"hold": "30x"}, "$.rules[0].hold: '30x' does not read as"),
        ({"hold": 30}, "$.rules[0].hold: 30 is no string"),
        ({"holds": "30s"}, "$.rules[0]: holds is unknown"),
        ({"limit": "sixty"}, "$.rules[0].limit: 'sixty' is no"),
        ({"severity": "orange"}, "$.rules[0].severity: 'orange' is none of"),
        ({"dead_band": -1}, "$.rules[0].dead_band: -1 is below 0"),
        ({"id": "Loud!"}, "$.rules[0].id: 'Loud!' does not read as"),
        ({"scope": {"zones": ["9"]}}, "$.rules[0].scope.zones[0]: '9' is none of"),
    ],
)
def test_a_fault_is_refused_where_it_stands(bad: dict[str, Any], words: str) -> None:
    found = Validator(SCHEMA).faults({"rules": [{**GOOD, **bad}]})
    assert any(fault.startswith(words) for fault in found), found


def test_a_kind_that_is_none_is_refused() -> None:
    assert Validator(SCHEMA).faults({"rules": [{**GOOD, "kind": "treshold"}]})


def test_it_is_plain_json_of_the_draft_that_editors_know() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == DRAFT == "https://json-schema.org/draft/2020-12/schema"


def test_keys_are_described_in_both_languages() -> None:
    threshold = SCHEMA["$defs"]["ThresholdEntry"]["properties"]
    assert threshold["hold"]["description"] == " · ".join(WORDS["hold"])
    assert [name for name in threshold if "description" not in threshold[name]] == []
