"""Lamps held against the plan of their road: as their slow twin, and what the plan's file may say."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from domain.errors import Misconfigured
from domain.instants import MICROS_PER_S
from domain.places import RoadGrade
from rules.loading import RuleSet
from tests.rules.city import Row, Run, at, device, registry_of, road, rules_of, seconds
from tests.rules.test_twins import Plan, of_target, plans, readings_of, runs, stories
from tests.rules.twins.dimming import Asked, dimming

S = MICROS_PER_S
START = at("2026-11-22T21:58:00")
END = START + 3000 * S
TEN, QUARTER, HALF = (at(f"2026-11-22T22:{minute}:00") for minute in ("00", "15", "30"))
GRACE = 120 * S
PLAN = [
    {"begin": "22:00", "end": "22:15", "dim": 50, "grades": ["branch"]},
    {"begin": "22:15", "end": "22:30", "dim": 30, "share": 0.5, "grades": ["branch"]},
]
ASKED: list[Asked] = [
    (TEN, TEN + GRACE, 50, True, True),
    (TEN + GRACE, QUARTER, 50, False, True),
    (QUARTER, QUARTER + GRACE, 30, True, False),
    (QUARTER + GRACE, HALF, 30, False, False),
]
ENTRY: dict[str, Any] = {"kind": "dimming", "metric": "dim_level", "grace": "2m", "plan": PLAN, "tolerance": 5}


def lamp(name: str, road_id: str, interval_s: float = 60.0) -> Any:
    return device(name, "lamp", road=road_id, interval_s=interval_s)


CITY = registry_of(
    lamp("A", "B"), lamp("C", "B"), lamp("M", "R"), roads=[road("B", RoadGrade.BRANCH), road("R", RoadGrade.MAIN)]
)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    times = {"hold": "30s", "clear": "40s"}
    return rules_of(
        tmp_path_factory.mktemp("dimming"),
        {**ENTRY, **times, "id": "dim"},
        {**ENTRY, "id": "close", "dead_band": 3},
    )


@pytest.mark.thorough
@settings(max_examples=150, deadline=None)
@given(
    rows=stories(
        ["A", "A", "C"],
        "dim_level",
        [0.0, 30.0, 33.0, 35.0, 45.0, 50.0, 53.0, 55.0, 56.0, 100.0],
        [0, 1, 30, 40, 60, 120, 180, 181],
        start=START,
    ),
    plan=plans,
)
def test_dimming_is_its_twin(rules: RuleSet, rows: list[Row], plan: Plan) -> None:
    run = runs(rules, CITY, rows, plan, start=START, until=END)
    for name in ("A", "C"):
        mine: Any = {"readings": readings_of(rows, name), "asked": ASKED, "validity": 180 * S, "until": END}
        dim = dimming(**mine, tolerance=5, dead_band=0, hold=30 * S, clear=40 * S)
        close = dimming(**mine, tolerance=5, dead_band=3, hold=0, clear=0)
        assert of_target(run, "dim", f"device:{name}") == dim
        assert of_target(run, "close", f"device:{name}") == close


def test_a_lamp_that_stays_at_full_is_told_when_the_grace_is_over_by_tick_alone(rules: RuleSet) -> None:
    run = Run.of(rules, CITY)
    run.tick(TEN)
    run.readings([("A", "dim_level", TEN + 60 * S, 100.0), ("M", "dim_level", TEN + 60 * S, 100.0)])
    run.tick(TEN + 125 * S)
    assert seconds(run.of_rule("dim"), TEN) == [("violated", 120.0, 120.0)]
    evidence = run.told[0].evidence
    assert (evidence.value, evidence.limit, evidence.comparison) == (100.0, 55.0, "<=")


def test_a_silent_lamp_is_unknown_and_one_without_a_plan_is_never_judged(rules: RuleSet) -> None:
    run = Run.of(rules, CITY)
    run.tick(TEN)
    run.readings([("C", "dim_level", TEN + 121 * S, 20.0), ("M", "dim_level", TEN + 121 * S, 20.0)])
    run.tick(TEN + 400 * S)
    assert {str(change.target) for change in run.told} == {"device:C"}
    assert run.of_rule("dim")[-1][1:3] == ("lost", TEN + 301 * S)


@pytest.mark.parametrize(
    "plan, words",
    [
        ([{"begin": "22:00", "end": "23:00", "share": 0.5}], "plan says no dim"),
        ([{"begin": "22:00", "end": "23:00"}], "a period of the plan says nothing"),
        ([{"begin": "22:00", "end": "23:00", "dim": 101}], "less than or equal to 100"),
    ],
)
def test_a_plan_that_asks_nothing_is_refused(tmp_path: Path, plan: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        rules_of(tmp_path, {**ENTRY, "id": "dim", "plan": plan})
