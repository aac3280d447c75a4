"""A sensor that drifts away from its neighbours, as its slow twin says, for any cut, rhythm of ticks and restart."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from domain.instants import MICROS_PER_S
from domain.places import Place
from rules.groups.vicinity import within, within_same
from rules.kinds.drift import DriftEntry
from rules.loading import RuleSet
from tests.rules.city import Row, Run, at, device, registry_of, rules_of
from tests.rules.test_twins import END, START, Plan, of_target, plans, readings_of, runs, stories
from tests.rules.twins.drift import drift

S = MICROS_PER_S
NAMES = ["A", "B", "C", "D"]
ENTRY = {"id": "drift", "kind": "drift", "metric": "pm2_5", "window": "4m", "same": "district", "tolerance": 5}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    entry = {**ENTRY, "neighbours": 2, "readings": 2, "hold": "5m", "clear": "4m"}
    return rules_of(tmp_path_factory.mktemp("drift"), entry)


@settings(max_examples=120, deadline=None)
@given(
    # never two readings in one sixtieth of a window: these would be thinned out
    rows=stories(NAMES, "pm2_5", [10.0, 12.0, 14.0, 30.0, 31.0], [5, 5, 10, 30, 60]),
    plan=plans,
)
def test_drift_is_its_twin(rules: RuleSet, rows: list[Row], plan: Plan) -> None:
    registry = registry_of(*(device(name, "air_station", district="north") for name in NAMES))
    run = runs(rules, registry, rows, plan)
    readings = {name: readings_of(rows, name) for name in NAMES}
    for name in NAMES:
        times = (300 * S, 240 * S)
        expected = drift(readings, name, window=240 * S, start=START - 2 * S, until=END, tolerance=5, times=times)
        assert of_target(run, "drift", f"device:{name}") == expected


def drifting(rules: RuleSet, registry_names: list[str]) -> Run:
    run = Run.of(rules, registry_of(*(device(name, "air_station", district="north") for name in registry_names)))
    noon = at("2026-11-22T12:00:00")
    for minute in range(0, 20):
        rows = [(n, "pm2_5", noon + (minute * 60 + 1) * S, 30.0 if n == "A" else 10.0) for n in registry_names]
        run.readings(rows)
        run.tick(noon + (minute * 60 + 30) * S)
    return run


def test_a_station_that_shows_three_times_what_its_neighbours_show_is_told_with_their_median(rules: RuleSet) -> None:
    held = next(change for change in drifting(rules, NAMES).told if change.signal == "held")
    assert (str(held.target), held.evidence.value, held.evidence.limit) == ("device:A", 30.0, 15.0)
    assert (held.evidence.figures["neighbours"], held.evidence.figures["neighbours_median"]) == (3, 10.0)


def test_with_too_few_neighbours_nothing_is_known(rules: RuleSet) -> None:
    assert drifting(rules, ["A", "B"]).told == []


def test_readings_that_wait_are_bounded(tmp_path: Path) -> None:
    run = Run.of(rules_of(tmp_path, {**ENTRY, "window": "60s"}), registry_of(device("A", "air_station")))
    for second in range(3000):
        run.readings([("A", "pm2_5", START + second * S, 1.0)])
    assert len(run.state.rules["drift"].rows) <= 60 * 8


def test_neighbours_are_those_within_the_distance() -> None:
    places = [Place(lon=121.4, lat=31.2), Place(lon=121.42, lat=31.2), Place(lon=121.4, lat=31.3)]
    registry = registry_of(*(device(f"N{n}", "air_station") for n in range(3)))
    devices = [replace(one, place=place) for one, place in zip(registry, places, strict=True)]
    assert [near.tolist() for near in within(devices, 2.0)] == [[1], [0], []]
    assert [near.tolist() for near in within(devices, 12.0)] == [[1, 2], [0, 2], [0, 1]]
    assert [near.tolist() for near in within_same(devices, "district")] == [[], [], []]


def test_without_a_word_on_who_is_near_a_rule_is_refused() -> None:
    with pytest.raises(ValidationError, match="write either within_km: 3, or same: district"):
        DriftEntry.model_validate({**ENTRY, "zh": "漂", "en": "d", "severity": "white", "same": None})
