"""Rows that others published: the same index, or a difference with its reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.standards.air.places import sub

JUDGES = json.loads(Path(__file__).with_name("judges.json").read_text(encoding="utf-8"))["judges"]
ROWS = [
    pytest.param(row, id=f"{row['standard']}-{row['indicator']}-{row['value']}")
    for one in JUDGES
    for row in one["rows"]
]


@pytest.mark.parametrize("row", ROWS)
def test_an_index_that_others_published_is_ours_or_the_difference_is_explained(row: dict[str, Any]) -> None:
    assert sub(row["standard"], row["indicator"], row["value"]).index == row.get("ours", row["index"])
    assert ("ours" in row) == bool(row.get("why"))


def test_every_judge_names_its_source() -> None:
    assert all(judge["source"] for judge in JUDGES)
    assert sum(len(judge["rows"]) for judge in JUDGES) > 100
