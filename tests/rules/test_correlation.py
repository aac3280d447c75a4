"""Several conditions within a time: what the groups come to, what the evidence shows, and the slow twin."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.devices import Device
from domain.errors import Misconfigured
from domain.instants import MICROS_PER_S
from domain.places import Place
from rules import engine
from rules.groups.neighbours import most_pairs, near
from rules.loading import RuleSet
from tests.rules.city import Row, Run, at, device, registry_of, road, rules_of, vocabulary_of
from tests.rules.test_twins import END, SETTLE, Plan, of_target, plans, readings_of, runs, stories
from tests.rules.twins import correlation as twins

S = MICROS_PER_S
NOON = at("2026-11-22T12:00:00")
PM2_5 = {"metric": "pm2_5", "unit": "µg/m³", "compare": "<=", "limit": 75}
PM10 = {"metric": "pm10", "unit": "µg/m³", "compare": "<=", "limit": 150}
WATER = {"metric": "water_level", "unit": "m", "compare": "<=", "limit": 1.5}
OPEN = {"metric": "cover_open", "normal": 0}


def rule(*of: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "both", "kind": "correlation", "of": list(of), "where": {"same": "device"}, **more}


def station(identifier: str, **more: Any) -> Device:
    return device(identifier, "air_station", interval_s=more.pop("interval_s", 60), **more)


def well(identifier: str, east_m: float = 0.0, **more: Any) -> Device:
    """So many metres east of the first one."""
    found = device(identifier, "manhole_cover", interval_s=more.pop("interval_s", 600), **more)
    place = Place(lon=121.4 + east_m / (111_195.0 * float(np.cos(np.radians(31.2)))), lat=31.2)
    return Device(**{**{name: getattr(found, name) for name in found.__slots__}, "place": place})


def story(ruleset: RuleSet, devices: list[Device], rows: list[tuple[str, str, float, float]], until: float) -> Run:
    """Rows (device, metric, second, value), ticked each second."""
    run = Run.of(ruleset, registry_of(*devices, roads=[road("R1"), road("R2")]))
    waiting = sorted(rows, key=lambda row: row[2])
    for second in range(int(until) + 3):
        while waiting and waiting[0][2] <= second:
            name, metric, when, value = waiting.pop(0)
            run.readings([(name, metric, NOON + round(when * S), value)])
        run.tick(NOON + second * S)
    return run


def told(run: Run) -> list[tuple[str, str, float]]:
    return [(target.partition(":")[2], signal, (when - NOON) / S) for target, signal, when, _ in run.of_rule("both")]


def test_two_metrics_of_one_station_within_ten_minutes(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, rule(PM2_5, PM10, within="10m"))
    rows = [("A", "pm2_5", 0, 80.0), ("A", "pm2_5", 60, 50.0), ("A", "pm10", 400, 160.0), ("B", "pm10", 400, 160.0)]
    keep = [("A", "pm2_5", 60.0 * minute, 50.0) for minute in range(2, 14)]
    run = story(rules, [station("A"), station("B")], [*rows, *keep], 700)
    # the first one ended at 60 s and counts for 600 s more
    assert told(run) == [("A", "violated", 400), ("A", "held", 400), ("A", "cleared", 660)]
    whole = Run.of(rules, registry_of(station("A"), station("B")))
    whole.readings([(name, metric, NOON + round(when * S), value) for name, metric, when, value in [*rows, *keep]])
    whole.tick(NOON + 702 * S)
    assert whole.told == run.told


def test_conditions_farther_apart_than_the_time_are_none(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, rule(PM2_5, PM10, within="5m"))
    rows = [("A", "pm2_5", 0, 80.0), ("A", "pm2_5", 60, 50.0), ("A", "pm10", 400, 160.0)]
    assert told(story(rules, [station("A")], rows, 500)) == []


def test_the_order_of_arrival_of_different_devices_does_not_matter(tmp_path: Path) -> None:
    ruleset = rules_of(tmp_path, rule({**PM2_5, "devices": 2}, where={"same": "city"}, within="30s"))
    rows = [("A", "pm2_5", NOON, 80.0), ("B", "pm2_5", NOON + S, 80.0), ("A", "pm2_5", NOON + 2 * S, 50.0)]
    found = []
    for order in ([0, 1, 2], [1, 0, 2], [0, 2, 1]):
        run = Run.of(ruleset, registry_of(station("A"), station("B")))
        run.tick(NOON)
        for number in order:
            run.readings([rows[number]])
        run.tick(NOON + 100 * S)
        found.append(run.told)
    assert found[0] == found[1] == found[2]
    assert [change.signal.value for change in found[0]] == ["violated", "held", "cleared"]


def test_what_comes_late_counts_from_when_it_came_as_long_as_it_is_believed(tmp_path: Path) -> None:
    run = Run.of(rules_of(tmp_path, rule(PM2_5, PM10)), registry_of(station("A"), station("B")))
    run.readings([("A", "pm2_5", NOON, 10.0)])
    run.tick(NOON + 102 * S)
    for name, when in (("A", 10), ("B", -90)):
        run.readings([(name, "pm2_5", NOON + when * S, 80.0), (name, "pm10", NOON + when * S, 160.0)])
    run.tick(NOON + 150 * S)
    assert told(run) == [("A", "violated", 100), ("A", "held", 100)]


def test_a_flooded_well_near_an_open_cover_is_told_at_the_well(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, rule(WATER, OPEN, where={"near": "100m"}, within="10m"))
    devices = [well("W1"), well("W2", 90.0), well("W3", 300.0)]
    rows = [("W1", "water_level", 0, 2.0), ("W3", "water_level", 0, 2.0), ("W2", "cover_open", 5, 1.0)]
    run = story(rules, devices, rows, 20)
    assert told(run) == [("W1", "violated", 5), ("W1", "held", 5)]
    evidence = run.told[0].evidence
    assert [(reading.device, reading.metric, reading.value) for reading in evidence.readings] == [
        ("W1", "water_level", 2.0),
        ("W2", "cover_open", 1.0),
    ]
    assert dict(evidence.figures) == {
        "where": "100 m",
        "within_s": 600.0,
        "conditions": 2,
        "1": "water_level <= 1.5 m",
        "1_violated": 1,
        "1_unknown": 0,
        "1_of": 1,
        "1_asked": 1,
        "1_devices": "W1",
        "2": "cover_open = 0",
        "2_violated": 1,
        "2_unknown": 1,
        "2_of": 2,
        "2_asked": 1,
        "2_devices": "W2",
    }
    assert (evidence.value, evidence.limit, evidence.comparison) == (2.0, 2.0, "<")


@pytest.mark.parametrize(
    "same, more, target",
    [
        ("road", {"road": "R1"}, "road:R1"),
        ("district", {"district": "D1"}, "district:D1"),
        ("cell", {"grid_cell": "990103033010021"}, "cell:990103033010021"),
        ("parent", {"parent": "P"}, "device:P"),
        ("city", {}, "city:city"),
    ],
)
def test_the_target_is_what_the_devices_share(tmp_path: Path, same: str, more: dict[str, Any], target: str) -> None:
    rules = rules_of(tmp_path, rule(WATER, OPEN, where={"same": same}))
    devices = [well("W1", **more), well("W2", **more), well("W3", **({} if same == "city" else {"road": "R2"}))]
    run = story(rules, devices, [("W1", "water_level", 0, 2.0), ("W2", "cover_open", 5, 1.0)], 10)
    assert {str(change.target) for change in run.told} == {target}


def test_a_parent_counts_among_its_children(tmp_path: Path) -> None:
    voltage = {"metric": "voltage", "unit": "V", "compare": ">=", "limit": 180, "scope": {"kinds": ["feeder_cabinet"]}}
    dark = {"metric": "lamp_on", "normal": 1, "devices": 2}
    rules = rules_of(tmp_path, rule(voltage, dark, where={"same": "parent"}))
    lamps = [device(f"L{number}", "lamp", parent="F1") for number in range(3)]
    devices = [device("F1", "feeder_cabinet"), device("F2", "feeder_cabinet"), *lamps]
    rows = [("F1", "voltage", 0, 0.0), ("L0", "lamp_on", 1, 0.0), ("L2", "lamp_on", 3, 0.0)]
    assert told(story(rules, devices, rows, 10))[0] == ("F1", "violated", 3)


def test_what_could_go_either_way_is_unknown(tmp_path: Path) -> None:
    """One of two is violated: with the other unknown all is unknown, any is violated."""
    rows = [
        *[("A", "pm2_5", 60.0 * minute, 80.0) for minute in range(10)],
        *[("A", "pm10", 60.0 * minute, 160.0) for minute in range(2)],
    ]
    both = story(rules_of(tmp_path, rule(PM2_5, PM10)), [station("A")], rows, 500)
    assert told(both) == [("A", "violated", 0), ("A", "held", 0), ("A", "lost", 240)]
    either = story(rules_of(tmp_path, rule(PM2_5, PM10, require="any")), [station("A")], rows, 500)
    assert told(either) == [("A", "violated", 0), ("A", "held", 0)]


def test_a_compliant_condition_decides_although_the_other_is_unknown(tmp_path: Path) -> None:
    rows = [("A", "pm2_5", 0, 80.0), ("A", "pm10", 0, 160.0)]
    rows += [("A", "pm2_5", 60.0 * minute, 50.0) for minute in range(4, 8)]
    run = story(rules_of(tmp_path, rule(PM2_5, PM10)), [station("A")], rows, 400)
    assert told(run) == [("A", "violated", 0), ("A", "held", 0), ("A", "lost", 180), ("A", "cleared", 240)]


def test_silent_devices_leave_a_quorum_in_doubt_unless_enough_are_known(tmp_path: Path) -> None:
    devices = [station(name) for name in "ABCD"]
    rows = [(name, "pm2_5", 60.0 * minute, 80.0 if minute < 2 else 50.0) for name in "ABC" for minute in range(6)]

    def ends(min_known: float) -> list[str]:
        entry = rule({**PM2_5, "devices": 1}, where={"same": "city"}, min_known=min_known)
        return [signal for _, signal, _ in told(story(rules_of(tmp_path, entry), devices, rows, 250))]

    assert ends(1.0) == ["violated", "held", "lost"]
    assert ends(0.75) == ["violated", "held", "cleared"]


def test_at_least_some_of_the_conditions(tmp_path: Path) -> None:
    so2 = {"metric": "so2", "unit": "µg/m³", "compare": "<=", "limit": 500}
    rules = rules_of(tmp_path, rule(PM2_5, PM10, so2, require={"at_least": 2}))
    rows = [("A", "pm2_5", 0, 80.0), ("A", "so2", 10, 600.0), ("B", "pm10", 0, 160.0)]
    assert told(story(rules, [station("A"), station("B")], rows, 20)) == [("A", "violated", 10), ("A", "held", 10)]


def test_another_rule_lends_its_demand_but_not_its_times(tmp_path: Path) -> None:
    flood = {"id": "flood", "kind": "threshold", **WATER, "hold": "5m", "scope": {"kinds": ["manhole_cover"]}}
    rules = rules_of(tmp_path, flood, rule({"rule": "flood"}, OPEN))
    run = story(rules, [well("W")], [("W", "water_level", 0, 2.0), ("W", "cover_open", 5, 1.0)], 10)
    assert told(run) == [("W", "violated", 5), ("W", "held", 5)]
    assert run.told[-1].evidence.figures["1"] == "flood"


def test_groups_that_can_never_come_true_are_not_judged(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, rule({**PM2_5, "devices": 2}, where={"same": "road"}))
    run = Run.of(rules, registry_of(station("A", road="R1"), station("B", road="R1"), station("C", road="R2")))
    assert [str(target) for target in run.program.judges["both"].targets] == ["road:R1"]


def test_a_rule_without_any_device_says_nothing(tmp_path: Path) -> None:
    run = Run.of(rules_of(tmp_path, rule(PM2_5, PM10)), registry_of(well("W")))
    run.readings([("W", "water_level", NOON, 2.0)])
    assert run.tick(NOON + 10 * S) == []


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"of": [{**PM2_5, "rule": "x"}]}, "rule and compare exclude each other"),
        ({"of": [{"rule": "x"}]}, "rule 'x' is no rule of kind threshold or state"),
        ({"of": [{"unit": "m", "compare": "<=", "limit": 1}]}, "metric is missing"),
        ({"of": [{**PM2_5, "unit": "m"}]}, "unit 'm' is not that of pm2_5"),
        ({"of": [{**PM2_5, "metric": "pm25"}]}, "not in the catalogue"),
        ({"of": []}, "of: "),
        ({"require": {"at_least": 3}}, "3 of 2 conditions can never hold"),
        ({"require": "most"}, "neither all, nor any"),
        ({"where": {}}, "give either same"),
        ({"where": {"same": "road", "near": "5m"}}, "give either same"),
        ({"where": {"near": "5 miles"}}, "write 500m or 2km"),
        ({"where": {"same": "street"}}, "where.same"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(Misconfigured, match=message):
        rules_of(tmp_path, {**rule(PM2_5, PM10), **changes})


def test_neighbours_without_number_are_refused_with_their_line(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, rule(WATER, OPEN, where={"near": "100km"}))
    registry = registry_of(*(well(f"W{number}") for number in range(4000)))
    with pytest.raises(Misconfigured, match="near: 100000 m makes up to 32000000 neighbours"):
        engine.compile_rules(rules, registry, vocabulary_of(registry))


places = st.builds(
    lambda lon, lat: Place(lon=lon, lat=lat),
    st.floats(179.9, 180.0) | st.floats(-180.0, -179.9),
    st.floats(60.0, 60.05),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(places, min_size=1, max_size=30), st.lists(places, max_size=30), st.sampled_from([50.0, 700.0, 3000.0]))
def test_neighbours_are_those_within_the_distance_also_across_the_date_line(
    some: list[Place], others: list[Place], metres: float
) -> None:
    def distance(one: Place, other: Place) -> float:
        angles = np.radians([one.lat, other.lat, other.lon - one.lon])
        cosine = np.sin(angles[0]) * np.sin(angles[1]) + np.cos(angles[0]) * np.cos(angles[1]) * np.cos(angles[2])
        return 6_371_008.8 * float(np.arccos(min(1.0, cosine)))

    first, second = near(some, others, metres=metres)
    found = set(zip(first.tolist(), second.tolist(), strict=True))
    pairs = [(i, j) for i in range(len(some)) for j in range(len(others))]
    far = {pair for pair in pairs if distance(some[pair[0]], others[pair[1]]) > metres + 0.5}
    close = {pair for pair in pairs if distance(some[pair[0]], others[pair[1]]) < metres - 0.5}
    assert close <= found <= set(pairs) - far
    assert len(found) <= most_pairs(some, others, metres=metres)


NAMES = ["A", "B", "C"]
MIXED = [("A", "pm2_5"), ("A", "pm10"), ("B", "pm2_5"), ("B", "pm10"), ("C", "pm2_5")]
INTERVALS = {"A": 20, "B": 7, "C": 40}
DEVICES = [station(name, interval_s=INTERVALS[name], road="R1") for name in NAMES]


@st.composite
def mixed(draw: st.DrawFn) -> list[Row]:
    """Two metrics of three stations; the values of one are twice those of the other."""
    rows = draw(
        stories([str(number) for number in range(5)], "", [40.0, 72.0, 80.0, 80.0], [0, 1, 10, 20, 21, 30, 60, 61])
    )
    found = [(*MIXED[int(name)], when, value) for name, _, when, value in rows]
    return [(name, metric, when, value * (2 if metric == "pm10" else 1)) for name, metric, when, value in found]


def members(rows: list[Row], metric: str, names: list[str]) -> dict[str, Any]:
    return {
        name: (3 * INTERVALS[name] * S, readings_of([row for row in rows if row[1] == metric], name)) for name in names
    }


@pytest.fixture(scope="module")
def combined(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    fine, coarse = {**PM2_5, "dead_band": 5}, {**PM10, "dead_band": 10}
    times = {"hold": "30s", "clear": "60s"}
    return rules_of(
        tmp_path_factory.mktemp("correlation"),
        rule(fine, coarse, id="all", within="60s", **times),
        rule(fine, coarse, id="now", require="any", hold="10s"),
        rule({**fine, "devices": 2}, coarse, id="city", where={"same": "city"}, within="20s", **times),
        rule({**fine, "devices": 2}, id="known", where={"same": "road"}, min_known=0.6, clear="20s"),
    )


@pytest.mark.thorough
@settings(max_examples=200, deadline=None)
@given(rows=mixed(), late=st.lists(st.integers(0, SETTLE * S - 1), min_size=5, max_size=5), plan=plans)
def test_a_correlation_is_its_twin_whatever_the_order_within_the_settling_time(
    combined: RuleSet, rows: list[Row], late: list[int], plan: Plan
) -> None:
    # series may overtake each other by less than the settling time; one series' own readings keep their order
    rows = sorted(rows, key=lambda row: row[2] + late[MIXED.index((row[0], row[1]))])
    run = runs(combined, registry_of(*DEVICES, roads=[road("R1")]), rows, plan)
    cases: dict[tuple[str, str], tuple[list[str], int, int, int, float, int, int]] = {
        ("all", "device:A"): (["A"], 1, 2, 60, 1.0, 30, 60),
        ("all", "device:B"): (["B"], 1, 2, 60, 1.0, 30, 60),
        ("now", "device:A"): (["A"], 1, 1, 0, 1.0, 10, 0),
        ("now", "device:C"): (["C"], 1, 1, 0, 1.0, 10, 0),
        ("city", "city:city"): (NAMES, 2, 2, 20, 1.0, 30, 60),
        ("known", "road:R1"): (NAMES, 2, 1, 0, 0.6, 0, 20),
    }
    for (identifier, target), (names, quorum, need, within, min_known, hold, clear) in cases.items():
        fine = twins.Condition(limit=75, dead_band=5, members=members(rows, "pm2_5", names), quorum=quorum)
        coarse = twins.Condition(limit=150, dead_band=10, members=members(rows, "pm10", names))
        expected = twins.correlation(
            [fine] if identifier == "known" else [fine, coarse],
            need=need,
            within=within * S,
            min_known=min_known,
            hold=hold * S,
            clear=clear * S,
            until=END,
        )
        assert of_target(run, identifier, target) == expected, (identifier, target)
