"""Several metrics judged as one say what their slow twin says, for any order, cut, rhythm of ticks and restart."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instants import MICROS_PER_S
from rules.loading import RuleSet
from tests.rules.city import Row, Run, device, registry_of, rules_of, seconds
from tests.rules.test_twins import END, SETTLE, START, Plan, of_target, plans, runs
from tests.rules.twins.bundle import bundle

S = MICROS_PER_S
GAPS = [0, 1, 2, 5, 10, 20, 29, 30, 31, 45, 60]


def stories_of(*sources: tuple[str, str, list[float]]) -> st.SearchStrategy[list[Row]]:
    """Rows of these devices and metrics in order of time."""
    step = st.sampled_from(sources).flatmap(
        lambda source: st.tuples(
            st.sampled_from(GAPS), st.just(source[0]), st.just(source[1]), st.sampled_from(source[2])
        )
    )

    def walk(steps: list[tuple[int, str, str, float]]) -> list[Row]:
        return [
            (name, metric, START + sum(step[0] for step in steps[: number + 1]) * S, value)
            for number, (_, name, metric, value) in enumerate(steps)
        ]

    return st.lists(step, max_size=40).map(walk)


lateness = st.lists(st.integers(0, SETTLE * S - 1), min_size=4, max_size=4)


def arriving(rows: list[Row], late: list[int]) -> list[Row]:
    """Series may overtake each other by less than the settling time; one series keeps its order."""
    names = sorted({row[:2] for row in rows})
    return sorted(rows, key=lambda row: row[2] + late[names.index(row[:2]) % len(late)])


def of_series(rows: list[Row], name: str, metric: str) -> list[tuple[int, float]]:
    return [(when, value) for row, kind, when, value in rows if (row, kind) == (name, metric)]


@pytest.fixture(scope="module")
def permitted(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    guard = {"metric": "work_permit", "of": "either", "equals": 1, "lasts": "40s"}
    entry = {"id": "open", "kind": "guarded", "metric": "cover_open", "normal": 0, "hold": "5s", "clear": "10s"}
    only = {**entry, "id": "only", "only_while": {"metric": "tilt", "at_least": 10}}
    return rules_of(tmp_path_factory.mktemp("permitted"), {**entry, "unless": guard}, only)


@pytest.mark.thorough
@settings(max_examples=120, deadline=None)
@given(
    rows=stories_of(
        ("C", "cover_open", [0.0, 1.0]),
        ("C", "work_permit", [0.0, 1.0]),
        ("W", "work_permit", [0.0, 1.0]),
        ("C", "tilt", [0.0, 10.0]),
    ),
    late=lateness,
    plan=plans,
)
def test_guarded_is_its_twin(permitted: RuleSet, rows: list[Row], late: list[int], plan: Plan) -> None:
    registry = registry_of(
        device("W", "feeder_cabinet", interval_s=10), device("C", "manhole_cover", interval_s=15, parent="W")
    )
    run = runs(permitted, registry, arriving(rows, late), plan)
    strands = {
        "open": (of_series(rows, "C", "cover_open"), 45 * S),
        "own": (of_series(rows, "C", "work_permit"), 40 * S),
        "parent": (of_series(rows, "W", "work_permit"), 40 * S),
        "tilt": (of_series(rows, "C", "tilt"), 45 * S),
    }

    def judged(known: Mapping[str, float | None]) -> str:
        return "unknown" if known["open"] is None else "violated" if known["open"] else "ok"

    def unless(known: Mapping[str, float | None]) -> str:
        return "unknown" if 1.0 in (known["own"], known["parent"]) else judged(known)

    def only_while(known: Mapping[str, float | None]) -> str:
        return judged(known) if (known["tilt"] or 0.0) >= 10 else "unknown"

    times: dict[str, Any] = {"hold": 5 * S, "clear": 10 * S, "until": END}
    assert of_target(run, "open", "device:C") == bundle(strands, unless, **times)
    assert of_target(run, "only", "device:C") == bundle(strands, only_while, **times)


@pytest.fixture(scope="module")
def agreeing(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    common = {"kind": "agreement", "hold": "30s", "clear": "20s", "evidence_for": 3}
    power = {**common, "metric": "active_power", "expected": {"metric": "dim_level", "scale": {"default": 1.5}}}
    return rules_of(
        tmp_path_factory.mktemp("agreeing"),
        {**common, "id": "same", "metric": "lamp_on", "expected": {"metric": "lamp_command", "evidence_for": 10}},
        {**power, "id": "power", "share": 0.3, "tolerance": 5, "dead_band": 5},
        {**power, "id": "weak", "share": 0.8, "side": "below"},
        {**power, "id": "supplied", "share": 0.3, "unless": {"metric": "voltage", "of": "either", "at_most": 50}},
    )


@pytest.mark.thorough
@settings(max_examples=120, deadline=None)
@given(
    rows=stories_of(
        ("L", "lamp_on", [0.0, 1.0]),
        ("L", "lamp_command", [0.0, 1.0]),
        ("L", "active_power", [0.0, 2.0, 20.0, 100.0, 108.0, 150.0, 192.0, 200.0]),
        ("L", "dim_level", [0.0, 50.0, 100.0]),
        ("L", "voltage", [0.0, 230.0]),
        ("F", "voltage", [0.0, 50.0, 51.0]),
    ),
    late=lateness,
    plan=plans,
)
def test_agreement_is_its_twin(agreeing: RuleSet, rows: list[Row], late: list[int], plan: Plan) -> None:
    fed = registry_of(device("F", "feeder_cabinet", interval_s=20), device("L", "lamp", parent="F", interval_s=15))
    run = runs(agreeing, fed, arriving(rows, late), plan)

    def judge(share: float, tolerance: float, dead_band: float, *, below: bool) -> Any:
        def look(known: Mapping[str, float | None]) -> str:
            is_, should = known["is"], known["should"]
            if is_ is None or should is None:
                return "unknown"
            off = should - is_ if below else abs(is_ - should)
            allowed = max(tolerance, share * should)
            if off > allowed:
                return "violated"
            return "ok" if off <= 0 or off <= allowed - dead_band else "between"

        return look

    def strands(left: str, right: str, scale: float, validity: int) -> dict[str, tuple[list[tuple[int, float]], int]]:
        should = [(when, value * scale) for when, value in of_series(rows, "L", right)]
        return {"is": (of_series(rows, "L", left), 45 * S), "should": (should, validity * S)}

    def supplied(known: Mapping[str, float | None]) -> str:
        dead = [volts for volts in (known["own"], known["cabinet"]) if volts is not None and volts <= 50]
        return "unknown" if dead else judge(0.3, 0, 0, below=False)(known)

    times: dict[str, Any] = {"hold": 30 * S, "clear": 20 * S, "until": END}
    volts = {"own": (of_series(rows, "L", "voltage"), 45 * S), "cabinet": (of_series(rows, "F", "voltage"), 60 * S)}
    switch, power = strands("lamp_on", "lamp_command", 1, 150), strands("active_power", "dim_level", 1.5, 45)
    for rule, story, look in (
        ("same", switch, judge(0, 0, 0, below=False)),
        ("power", power, judge(0.3, 5, 5, below=False)),
        ("weak", power, judge(0.8, 0, 0, below=True)),
        ("supplied", power | volts, supplied),
    ):
        assert of_target(run, rule, "device:L") == bundle(story, look, **times)


def power_told(rules: RuleSet, *values: float) -> list[tuple[str, float]]:
    """Rule `power` of a lamp at full: 150 W, 45 W off are fine, and within 5 W of that nothing changes. Signals, and
    the seconds at which they are told; a reading every 15 s.
    """
    run = Run.of(rules, registry_of(device("L", "lamp", interval_s=15)))
    run.tick(START)
    for number, value in enumerate(values):
        moment = START + 15 * number * S
        run.readings([("L", "dim_level", moment, 100.0), ("L", "active_power", moment, value)])
    run.tick(START + 15 * len(values) * S + SETTLE * S)
    return [(signal, when) for signal, when, _ in seconds(run.of_rule("power"), START)]


def test_what_is_exactly_as_far_off_as_allowed_agrees(agreeing: RuleSet) -> None:
    assert power_told(agreeing, 195.0, 105.0, 195.0, 105.0) == []


def test_in_the_dead_band_of_an_agreement_nothing_changes(agreeing: RuleSet) -> None:
    held = [("violated", 0.0), ("held", 30.0)]
    assert power_told(agreeing, 196.0, 196.0, 196.0, 191.0, 191.0, 109.0) == held
    # at its inner border it agrees again, and is cleared when it did so for long enough
    assert power_told(agreeing, 196.0, 196.0, 196.0, 190.0, 191.0, 191.0) == held
    assert power_told(agreeing, 196.0, 196.0, 196.0, 190.0, 110.0, 150.0) == [*held, ("cleared", 65.0)]
    # coming from agreement it does not begin
    assert power_told(agreeing, 150.0, 191.0, 109.0) == []
