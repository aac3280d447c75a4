"""The casebooks that ship pass, played in every manner, and every rule that ships has one."""

from pathlib import Path

import pytest
import yaml

from rules.casebooks.cases import Case
from rules.casebooks.reading import SHIPPED_CASEBOOKS, Shelf, files_of, load_casebook
from rules.casebooks.verdicts import try_case
from rules.settings import SHIPPED_RULES
from tests.rules.city import CATALOGUE, KINDS

SHELF = Shelf(catalogue=CATALOGUE, kinds=KINDS)
CASES = [case for file in files_of([SHIPPED_CASEBOOKS]) for case in load_casebook(file, SHELF).cases]
RULES = [
    (file.name, rule["id"])
    for file in sorted(SHIPPED_RULES.parent.glob("*.yaml"))
    for rule in yaml.safe_load(file.read_text(encoding="utf-8"))["rules"]
]


@pytest.mark.parametrize("case", CASES, ids=[f"{Path(case.file).stem}: {case.name}" for case in CASES])
def test_what_is_expected_comes_in_every_manner(case: Case) -> None:
    assert [one.message for one in try_case(case).differences] == []


@pytest.mark.parametrize("file, rule", RULES)
def test_every_rule_that_ships_has_a_case_in_which_it_speaks(file: str, rule: str) -> None:
    spoken = {one.rule for case in CASES for one in case.expected}
    # a ladder is written as one rule and judged as one for each rung
    assert any(name == rule or name.startswith(f"{rule}-") for name in spoken), (
        f"config/rules/{file}: no case of config/casebooks/ expects a signal of {rule}; docs/casebooks.md says how"
    )
