"""What a kind remembers beyond sightings and judgements comes back from a snapshot, by its keys."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from domain.conditions import Clause, RuleCard, Severity, Target, TargetKind, Transition
from domain.devices import Device
from rules import snapshots
from rules.columns import Column, RuleState
from rules.core.arrivals import Arrivals
from rules.core.machine import Timing
from rules.judges import Judge, Site
from rules.program import Program
from rules.state import State
from tests.rules.city import meter, registry_of, vocabulary_of

COLUMNS = {"count": Column(dtype=np.int64, fill=0), "sums": Column(dtype=np.float64, fill=np.nan, width=3)}
ROWS: dict[str, npt.DTypeLike] = {"at": np.int64, "value": np.float64}


class Counting(Judge):
    """A kind that only remembers."""

    def __init__(self, devices: tuple[Device, ...], columns: dict[str, Column]) -> None:
        card = RuleCard(
            id="counting",
            zh="计数",
            en="Counting",
            severity=Severity.WHITE,
            clause=Clause(zh="无", en="none"),
            kind="x",
        )
        registry = registry_of(*devices)
        site = Site(registry=registry, vocabulary=vocabulary_of(registry), tables={}, units={}, blind_after_us=1)
        targets = tuple(Target(kind=TargetKind.DEVICE, id=device.id) for device in devices)
        super().__init__(card=card, timing=Timing(), devices=devices, targets=targets, site=site)
        self.own_columns, self.own_rows = columns, ROWS

    def observe(self, state: RuleState, arrivals: Arrivals) -> list[Transition]:
        return []

    def advance(self, state: RuleState, *, frontier: int, now: int) -> list[Transition]:
        return []


def program_of(*names: str, columns: dict[str, Column] | None = None) -> Program:
    devices = tuple(meter(name) for name in names)
    judge = Counting(devices, COLUMNS if columns is None else columns)
    return Program(vocabulary=vocabulary_of(registry_of(*devices)), judges={"counting": judge}, settle_us=0)


def filled(program: Program) -> State:
    state = program.judges["counting"].initial()
    state.own["count"][:] = [7, 0, 9]
    state.own["sums"][2] = [1.0, 2.0, np.nan]
    state.rows = state.rows.joined(np.array([2, 0, 1]), at=[30, 10, 20], value=[3.0, 1.0, 2.0])
    return State(rules={"counting": state})


def test_columns_and_rows_come_back_under_their_keys_in_a_registry_of_another_order() -> None:
    content = snapshots.dump(filled(program_of("A", "B", "C")))
    again = snapshots.load(content, program_of("X", "C", "A")).rules["counting"]
    assert again.own["count"].tolist() == [0, 9, 7]
    np.testing.assert_array_equal(again.own["sums"], [[np.nan] * 3, [1.0, 2.0, np.nan], [np.nan] * 3])
    assert [again.rows.keys[key] for key in again.rows.key] == ["C", "A"]
    assert (again.rows["at"].tolist(), again.rows["value"].tolist()) == ([30, 10], [3.0, 1.0])


def test_restored_columns_can_be_changed() -> None:
    again = snapshots.load(snapshots.dump(filled(program_of("A", "B", "C"))), program_of("A", "B", "C"))
    again.rules["counting"].own["count"][0] = 8
    assert again.rules["counting"].own["count"][0] == 8


def test_what_holds_nothing_is_left_out() -> None:
    program = program_of(*(f"N{number}" for number in range(1000)))
    state = State(rules={"counting": program.judges["counting"].initial()})
    empty = len(snapshots.dump(state))
    state.rules["counting"].own["count"][500] = 1
    assert empty < 400
    assert len(snapshots.dump(state)) - empty < 100


def test_a_kind_without_devices_has_a_snapshot_too() -> None:
    state = snapshots.load(snapshots.dump(program_of().initial()), program_of("A"))
    assert state.rules["counting"].own["count"].tolist() == [0]


@pytest.mark.parametrize(
    "columns",
    [
        {"count": Column(dtype=np.int64, fill=0)},
        {**COLUMNS, "count": Column(dtype=np.int32, fill=0)},
        {**COLUMNS, "sums": Column(dtype=np.float64, fill=np.nan, width=4)},
    ],
)
def test_a_kind_that_declares_other_columns_starts_without_them(columns: dict[str, Any]) -> None:
    content = snapshots.dump(filled(program_of("A", "B", "C")))
    again = snapshots.load(content, program_of("A", "B", "C", columns=columns)).rules["counting"]
    assert again.own["count"].tolist() == [0, 0, 0]
