"""docs/traps.md names tests for each of the 29 traps, and every one of them exists."""

import ast
import re
from functools import cache

import pytest
import yaml

from tests.docs.documents import ROOT, page, section_tables

[ROWS] = [rows for rows in section_tables(page("traps.md")).values() if rows]
NAMED = [(row[0], name) for row in ROWS for name in re.findall(r"`([^`]+)`", row[3])]


@cache
def names_in(file: str) -> set[str]:
    """Functions of a module of tests, or cases of a casebook."""
    text = (ROOT / file).read_text(encoding="utf-8")
    if file.endswith(".yaml"):
        return {case["name"] for case in yaml.safe_load(text)["cases"]}
    return {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}


def test_every_trap_has_its_row_in_order() -> None:
    assert [row[0] for row in ROWS] == [str(number) for number in range(1, 30)]


def test_every_trap_is_told_in_both_languages_and_held_by_a_test() -> None:
    assert [row[0] for row in ROWS if not re.search(r"[一-鿿].* · .*[a-z]", row[1]) or "`" not in row[3]] == []


@pytest.mark.parametrize(("number", "name"), NAMED, ids=[f"{number}: {name[-60:]}" for number, name in NAMED])
def test_a_test_that_holds_a_trap_exists(number: str, name: str) -> None:
    file, _, test = name.partition("::" if "::" in name else ": ")
    assert (ROOT / file).is_file(), f"trap {number}: {file} is gone"
    assert test in names_in(file), f"trap {number}: {file} has no {test!r} any more; name what holds it now"
