"""One target moved by itself goes through the same phases, and tells the same, as a column of targets."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.conditions import Signal
from rules.columns import RuleState, blank
from rules.core import machine
from rules.core.machine import Timing
from rules.memory import JUDGEMENTS
from rules.series.steps import Steps, Terms

VALIDITY = 30
moves = st.lists(
    st.tuples(st.sampled_from(["settle", "observe", "regain"]), st.sampled_from([0, 1, 5, 10, 40]), st.integers(0, 3))
)


def state() -> RuleState:
    return blank(devices=("D",), targets=("device:D",))


@settings(max_examples=400, deadline=None)
@given(moves=moves, hold=st.sampled_from([0, 5, 10]), clear=st.sampled_from([0, 5, 10]))
def test_a_single_target_goes_where_a_column_of_targets_goes(
    moves: list[tuple[str, int, int]], hold: int, clear: int
) -> None:
    told: list[tuple[Signal, int, int]] = []
    expected: list[tuple[Signal, int, int]] = []
    single, column, timing, target = state(), state(), Timing(hold=hold, clear=clear), np.zeros(1, dtype=np.intp)
    terms = Terms.of(hold=[hold], clear=[clear], validity=[np.array([VALIDITY], dtype=np.int64)])
    steps = Steps(single, terms, lambda _, signal, at, since: told.append((signal, at, since)))
    now = 0
    for move, after, found in moves:
        now += after
        at, more = np.array([now], dtype=np.int64), list[Any]()
        if move == "settle":
            steps.settle(0, now)
        elif move == "observe":
            steps.settle(0, now)
            steps.observe(0, now, found)
        else:
            steps.regain(0, now)
        if move != "regain":
            more += machine.settle(column.judgements, target, at, timing)
        if move == "observe":
            more += machine.observe(column.judgements, target, at, np.array([found], dtype=np.int8), timing)
        if move == "regain":
            more += machine.regain(column.judgements, target, at)
        expected += [(change.signal, change.at, change.since) for change in more]
        for name in JUDGEMENTS:
            assert getattr(single.judgements, name).tolist() == getattr(column.judgements, name).tolist()
    assert told == expected
