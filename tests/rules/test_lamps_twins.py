"""Feeders that fail, part-night plans, lamps that burn by day: as their slow twin, for any order, cut and restart."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instants import MICROS_PER_S
from rules.calendar.lighting import ClockHours, Lighting, PlanPeriod
from rules.loading import RuleSet
from tests.rules.city import CENTRE, Row, Run, at, device, registry_of, road, rules_of
from tests.rules.test_twins import SETTLE, Plan, of_target, plans, readings_of, runs
from tests.rules.twins.lamps import outage_at, rate_at, walked

S = MICROS_PER_S
DUSK = at("2026-11-22T17:55:00")
"""Lamps are due at 18:00 and judged from 18:02; from 18:10 to 18:20 the plan asks for half of them."""
END = DUSK + 3000 * S
NAMES = [f"L{number}" for number in range(6)]
CLOCK = {"on": "18:00", "off": "06:00"}
HALF = {"begin": "18:10", "end": "18:20", "share": 0.5}
LAMPS = {"kind": "ratio", "metric": "lamp_on", "sun": False, "clock": CLOCK, "grace": "2m", "by": "parent"}
TIMES: dict[str, Any] = {"hold": 30 * S, "clear": 40 * S, "until": END}
VALIDITY = 120 * S


def lighting(**more: Any) -> list[Any]:
    how = Lighting(
        place=CENTRE,
        timezone="Asia/Shanghai",
        sun=False,
        clock=ClockHours.model_validate(CLOCK),
        grace=120 * S,
        **more,
    )
    return how.between(DUSK, END)


PLANNED = lighting(plan=(PlanPeriod.model_validate(HALF),))

step = st.tuples(st.sampled_from([0, 0, 1, 5, 15, 15, 30, 60]), st.sampled_from(NAMES), st.sampled_from([0.0, 1.0]))
crowd = st.tuples(st.sampled_from([1, 30, 90]), st.just("all"), st.sampled_from([0.0, 1.0]))


def walk(steps: list[tuple[int, str, float]]) -> list[Row]:
    """Some of the steps are of all lamps at once: so that feeders do fail."""
    rows: list[Row] = []
    now = DUSK + 240 * S
    for gap, name, value in steps:
        now += gap * S
        rows += [(lamp, "lamp_on", now, value) for lamp in (NAMES if name == "all" else [name])]
    return rows


stories = st.lists(st.one_of(step, crowd), max_size=40).map(walk)
lateness = st.lists(st.integers(0, SETTLE * S - 1), min_size=6, max_size=6)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    times = {"hold": "30s", "clear": "40s"}
    outage = {"id": "outage", "kind": "outage", "share": 60, "at_least": 3, "together": "60s", "plan": [HALF]}
    return rules_of(
        tmp_path_factory.mktemp("lamps"),
        {**LAMPS, **times, **outage},
        {**LAMPS, **times, "id": "half", "target": 90, "plan": [HALF]},
        {**LAMPS, **times, "id": "burning", "target": 100, "expect": "dark", "clock": {"on": "18:30", "off": "06:00"}},
    )


@pytest.mark.thorough
@settings(max_examples=120, deadline=None)
@given(rows=stories, late=lateness, plan=plans)
def test_lamps_of_a_feeder_are_their_twin(rules: RuleSet, rows: list[Row], late: list[int], plan: Plan) -> None:
    arriving = sorted(rows, key=lambda row: row[2] + late[NAMES.index(row[0])])
    feeder = device("F", "feeder_cabinet")
    lamps = [device(name, "lamp", interval_s=40, parent="F", road="R") for name in NAMES]
    run = runs(rules, registry_of(feeder, *lamps, roads=[road("R")]), arriving, plan, start=DUSK, until=END)
    story = {name: readings_of(rows, name) for name in NAMES}
    day = Lighting(
        place=CENTRE,
        timezone="Asia/Shanghai",
        sun=False,
        clock=ClockHours.model_validate({"on": "18:30", "off": "06:00"}),
        grace=120 * S,
        dark=True,
    ).between(DUSK, END)
    fails = partial(outage_at, segments=PLANNED, validity=VALIDITY, share=60, at_least=3, together=60 * S)
    shines = partial(rate_at, validity=VALIDITY, goal=90, lit=1.0)
    burns = partial(rate_at, validity=VALIDITY, goal=100, lit=0.0)
    for rule, look, segments in (("outage", fails, PLANNED), ("half", shines, PLANNED), ("burning", burns, day)):
        expected = walked(story, look, segments=segments, validity=VALIDITY, **TIMES)
        assert of_target(run, rule, "device:F") == expected


def feeder_of(rules: RuleSet, *moments: tuple[float, str, float]) -> list[str]:
    """Signals of a feeder's rule `outage` on lamps that were lit before; at seconds after dusk, lamp, value."""
    run = Run.of(rules, registry_of(device("F", "feeder_cabinet"), *LAMPS_OF_F, roads=[road("R")]))
    run.tick(DUSK)
    run.readings([(name, "lamp_on", DUSK + 430 * S, 1.0) for name in NAMES])
    run.readings([(name, "lamp_on", DUSK + round(second * S), value) for second, name, value in moments])
    run.tick(DUSK + 535 * S)
    return [signal for _, signal, _, _ in run.of_rule("outage")]


LAMPS_OF_F = [device(name, "lamp", interval_s=40, parent="F", road="R") for name in NAMES]
FIRST = [(440.0, "L0", 0.0), (450.0, "L1", 0.0), (460.0, "L2", 0.0)]


def test_lamps_that_go_dark_exactly_within_the_time_go_dark_together(rules: RuleSet) -> None:
    assert feeder_of(rules, *FIRST, (500.0, "L3", 0.0)) == ["violated", "held"]


def test_a_lamp_that_goes_dark_a_microsecond_later_does_not(rules: RuleSet) -> None:
    assert feeder_of(rules, *FIRST, (500.000001, "L3", 0.0)) == []


def rate_of(rules: RuleSet, clock: str, lit: int) -> list[str]:
    """Signals of rule `half`, which owes 90 % of the lamps, and half of those from 18:10 to 18:20."""
    run = Run.of(rules, registry_of(device("F", "feeder_cabinet"), *LAMPS_OF_F, roads=[road("R")]))
    moment = at(f"2026-11-22T{clock}")
    run.tick(moment - S)
    run.readings([(name, "lamp_on", moment, float(number < lit)) for number, name in enumerate(NAMES)])
    run.tick(moment + 40 * S)
    return [signal for _, signal, _, _ in run.of_rule("half")]


def test_by_the_share_of_the_plan_half_of_the_lamps_is_enough_and_outside_of_it_is_not(rules: RuleSet) -> None:
    assert rate_of(rules, "18:14:00", lit=3) == []
    assert rate_of(rules, "18:14:00", lit=2) == ["violated", "held"]
    assert rate_of(rules, "18:05:00", lit=3) == ["violated", "held"]


def test_lamps_that_go_dark_by_the_share_of_the_plan_are_no_outage(rules: RuleSet) -> None:
    ten = 15 * 60
    going = [(ten + 10.0 + number, name, 0.0) for number, name in enumerate(NAMES[:4])]
    run = Run.of(rules, registry_of(device("F", "feeder_cabinet"), *LAMPS_OF_F, roads=[road("R")]))
    run.tick(DUSK)
    run.readings([(name, "lamp_on", DUSK + (ten - 10) * S, 1.0) for name in NAMES])
    run.readings([(name, "lamp_on", DUSK + round(second * S), value) for second, name, value in going])
    run.tick(DUSK + (ten + 100) * S)
    assert run.of_rule("outage") == []
