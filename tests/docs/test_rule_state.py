"""docs/rule-state.md names every field and column of a snapshot, in the order in which they are written."""

import re

import msgspec
import pytest

from rules import memory
from rules.core.feeds import FEED_COLUMNS
from rules.core.machine import Phase
from rules.core.queues import FILLS
from tests.docs.documents import page

PAGE = page("rule-state.md")
TABLES = {
    "`sightings`": memory.SIGHTINGS,
    "`judgements`": memory.JUDGEMENTS,
    "`waiting`": memory.WAITING,
    "`feeds`": FEED_COLUMNS,
    "`series` of a queue": tuple(FILLS),
    "`pending` of a queue": memory.PENDING,
}


def described(table: str) -> list[str]:
    """The columns that the page names for a table."""
    rows = PAGE.partition("| Table | Columns |")[2].partition("\n\n")[0]
    [row] = [line for line in rows.splitlines() if line.startswith(f"| {table} |")]
    return re.findall(r"`(\w+)`", row.split("|")[2])


@pytest.mark.parametrize("table", TABLES)
def test_the_columns_of_a_table_are_described_in_their_order(table: str) -> None:
    assert described(table) == list(TABLES[table])


@pytest.mark.parametrize("part", [memory.Snapshot, memory.Remembered, memory.Queued])
def test_every_field_of_a_snapshot_is_described(part: type[msgspec.Struct]) -> None:
    heads = {name for line in PAGE.splitlines() for name in re.findall(r"`(\w+)`", line.partition(" | ")[0])}
    assert set(part.__struct_fields__) <= heads


def test_the_version_is_that_of_the_code() -> None:
    assert f"| `version` | {memory.VERSION}." in PAGE


def test_every_phase_is_described_by_its_number() -> None:
    assert [int(number) for number in re.findall(r"(\d) (?:calm|pending|held|clearing)", PAGE)] == list(Phase)
