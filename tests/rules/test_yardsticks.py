"""Rules that are judged together find what each of them finds by itself."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instants import MICROS_PER_S
from rules.core.arrivals import Arrivals
from rules.core.comparing import Comparison, Finding, findings
from rules.limits import FixedLimit, SteadyLimits, TableLimits
from rules.loading import RuleSet
from rules.series.yardsticks import Together
from rules.tables import Timeline
from tests.rules.city import Run, at, meter, registry_of, rules_of, shipped

S = MICROS_PER_S
ODD = [
    0.0,
    -0.0,
    1.0,
    59.0,
    np.nextafter(60, 0),
    60.0,
    np.nextafter(60, 61),
    61.0,
    1e300,
    -1e300,
    np.inf,
    -np.inf,
    np.nan,
]
METERS = tuple(meter(f"N{n}", zone) for n, zone in enumerate(["0", "1", "2", "3", "4a", "4b"]))
CLOCKS = ("00:00:00", "06:00:00", "21:59:59", "22:00:00")
EDGES = [at(f"2026-11-{day}T{clock}") for day in (22, 23) for clock in CLOCKS]


class One:
    """A rule of its own."""

    def __init__(self, limits: SteadyLimits, comparison: Comparison, dead_band: float) -> None:
        self.limits, self.comparison, self.dead_band = limits, comparison, dead_band


def table() -> TableLimits:
    return TableLimits(Timeline(shipped().tables["gb3096"], "Asia/Shanghai"), METERS, needs_zone=True)


limits = st.one_of(st.sampled_from([0.0, 59.0, 60.0, 61.0]).map(FixedLimit), st.builds(table))
rules = st.lists(st.builds(One, limits, st.sampled_from(Comparison), st.sampled_from([0.0, 0.1, 1.0])), min_size=1)
rows = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(EDGES), st.integers(-1, 1), st.sampled_from(ODD)), min_size=1
)


@settings(max_examples=200, deadline=None)
@given(rules=rules, rows=rows)
def test_together_is_each_by_itself_for_any_limits_values_and_times(
    rules: list[One], rows: list[tuple[int, int, int, float]]
) -> None:
    series = np.array([row[0] for row in rows], dtype=np.intp)
    when = np.array([row[1] + row[2] for row in rows], dtype=np.int64)
    value = np.array([row[3] for row in rows])
    together = Together(rules, [rule.limits for rule in rules], series=len(METERS))
    found = together.found(series, when, value)
    for number, rule in enumerate(rules):
        expected = findings(rule.comparison, value, rule.limits.at(series, when), rule.dead_band)
        assert found[:, number].tolist() == expected.tolist()
    violated = (found == Finding.VIOLATED).any(axis=1)
    assert together.suspects(series, when, value).tolist() == np.flatnonzero(violated).tolist()


@pytest.fixture
def two(tmp_path: Path) -> RuleSet:
    entry = {"kind": "threshold", "metric": "laeq", "unit": "dB(A)", "compare": "<="}
    return rules_of(
        tmp_path,
        {**entry, "id": "sixty", "limit": 60, "hold": "10s"},
        {**entry, "id": "seventy", "limit": 70, "evidence_for": 5},
    )


def test_rules_on_the_same_series_share_one_panel_and_one_column_of_sightings(two: RuleSet) -> None:
    run = Run.of(two, registry_of(meter("N", interval_s=10)))
    [lane] = run.program.lanes
    assert len(lane.panels) == 1
    assert run.state.rules["sixty"].sightings.at is run.state.rules["seventy"].sightings.at


def test_each_rule_of_a_panel_keeps_its_own_times_and_evidence(two: RuleSet) -> None:
    start = at("2026-11-22T12:00:00")
    run = Run.of(two, registry_of(meter("M", interval_s=10), meter("N", interval_s=10)))
    run.readings([("N", "laeq", start, 75.0)])
    run.tick(start + 100 * S)
    told = {
        rule: [(signal, (when - start) // S) for _, signal, when, _ in run.of_rule(rule)] for rule in run.state.rules
    }
    assert told == {
        "sixty": [("violated", 0), ("held", 10), ("lost", 30)],
        "seventy": [("violated", 0), ("held", 0), ("lost", 50)],
    }
    assert {change.evidence.limit for change in run.told if change.rule == "seventy"} == {70.0}


def test_a_judge_by_itself_says_what_its_panel_says(two: RuleSet) -> None:
    start = at("2026-11-22T12:00:00")
    run = Run.of(two, registry_of(meter("N", interval_s=10)))
    judge = run.program.judges["sixty"]
    run.readings([("N", "laeq", start, 75.0)])
    run.tick(start + 100 * S)
    alone = judge.initial()
    told = judge.observe(alone, one_arrival(run, start, 75.0))
    told += judge.advance(alone, frontier=start + 98 * S, now=start + 100 * S)
    assert told == [change for change in run.told if change.rule == "sixty"]


def one_arrival(run: Run, when: int, value: float) -> Arrivals:
    one = np.array([when], dtype=np.int64)
    return Arrivals(
        device=np.zeros(1, dtype=np.intp),
        metric=np.array([run.program.vocabulary.metric_ordinal["laeq"]], dtype=np.intp),
        at=one,
        received=one,
        value=np.array([value]),
        span=np.zeros(1, dtype=np.float32),
        good=np.ones(1, dtype=np.bool_),
        delay=np.zeros(1, dtype=np.int64),
    )
