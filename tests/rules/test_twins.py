"""The engine says what the slow twin says, for any readings, any batches, any ticks and a restart at any point."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instants import MICROS_PER_S
from rules import snapshots
from rules.loading import RuleSet
from rules.sun import LampNights
from tests.rules import twin
from tests.rules.city import CENTRE, Row, Run, Told, as_told, at, device, lamps, meter, registry_of, road, rules_of

S = MICROS_PER_S
START = at("2026-11-22T21:50:00")
END = START + 1200 * S
SETTLE = 2

Plan = list[tuple[int, bool, bool]]
"""After how many readings to cut, whether to tick there, and whether to restart there."""

plans = st.lists(st.tuples(st.integers(1, 8), st.booleans(), st.booleans()), min_size=1, max_size=12)


def drive(run: Run, rows: Sequence[Row], plan: Plan, *, until: int = END) -> list[Told]:
    """Readings in order of time, cut into batches as planned; a tick never overtakes what is still to come."""
    run.tick(START)
    rows, step = list(rows), 0
    while rows:
        number, tick, restart = plan[step % len(plan)]
        head, rows = rows[:number], rows[number:]
        run.readings(head)
        if tick and rows:
            # everything up to and including the watermark has arrived
            run.tick(max(START, rows[0][2] - 1 + SETTLE * S))
        if restart:
            run.state = snapshots.load(snapshots.dump(run.state), run.program)
        step += 1
    run.tick(until + SETTLE * S)
    return [as_told(change) for change in run.told]


def of_target(told: Sequence[Told], target: str) -> twin.Signals:
    return [(signal, when, since) for name, signal, when, since in told if name == target]


def stories(devices: list[str], metric: str, values: st.SearchStrategy[float]) -> st.SearchStrategy[list[Row]]:
    """Rows in order of time, with repetitions of an instant."""
    row = st.tuples(
        st.sampled_from(devices), st.just(metric), st.integers(0, 400).map(lambda n: START + n * 2 * S), values
    )
    return st.lists(row, max_size=60).map(lambda rows: sorted(rows, key=lambda row: row[2]))


@pytest.fixture(scope="module")
def threshold(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    common = {"kind": "threshold", "metric": "laeq", "unit": "dB(A)", "hold": "30s", "clear": "60s"}
    return rules_of(
        tmp_path_factory.mktemp("threshold"),
        {**common, "id": "fixed", "compare": "<=", "limit": 60, "dead_band": 3},
        {**common, "id": "floor", "compare": ">", "limit": 40, "dead_band": 3, "hold": "0s", "clear": "0s"},
        {**common, "id": "table", "compare": "<=", "limit": {"table": "gb3096"}, "dead_band": 1},
    )


def judged_fixed(_: int, value: float) -> str:
    return "violated" if value > 60 else "between" if value > 57 else "ok"


def judged_floor(_: int, value: float) -> str:
    return "violated" if value <= 40 else "between" if value <= 43 else "ok"


def judged_zone_two(when: int, value: float) -> str:
    limit = 60 if when < at("2026-11-22T22:00:00") else 50
    return "violated" if value > limit else "between" if value > limit - 1 else "ok"


@settings(max_examples=150, deadline=None)
@given(
    rows=stories(["A", "B"], "laeq", st.sampled_from([38.0, 40.0, 41.5, 45.0, 49.5, 55.0, 58.0, 60.0, 61.0, 70.0])),
    plan=plans,
)
def test_threshold_is_its_twin(threshold: RuleSet, rows: list[Row], plan: Plan) -> None:
    registry = registry_of(meter("A", "2", interval_s=20), meter("B", "2", interval_s=7))
    run = Run.of(threshold, registry, settle_s=SETTLE)
    drive(run, rows, plan)
    for name, validity in (("A", 60), ("B", 21)):
        readings = [(when, value) for row_of, _, when, value in rows if row_of == name]
        for rule, judge, hold, clear in (
            ("fixed", judged_fixed, 30, 60),
            ("floor", judged_floor, 0, 0),
            ("table", judged_zone_two, 30, 60),
        ):
            expected = twin.series(readings, judge, validity=validity * S, hold=hold * S, clear=clear * S, until=END)
            assert of_target(run.of_rule(rule), f"device:{name}") == expected


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    entry = {"id": "open", "kind": "state", "metric": "cover_open", "normal": 0, "hold": "5s", "clear": "10s"}
    return rules_of(tmp_path_factory.mktemp("state"), entry)


@settings(max_examples=100, deadline=None)
@given(rows=stories(["C"], "cover_open", st.sampled_from([0.0, 1.0])), plan=plans)
def test_state_is_its_twin(state: RuleSet, rows: list[Row], plan: Plan) -> None:
    run = Run.of(state, registry_of(device("C", "manhole_cover", interval_s=15)), settle_s=SETTLE)
    told = drive(run, rows, plan)
    readings = [(when, value) for _, _, when, value in rows]
    expected = twin.series(
        readings, lambda _, v: "violated" if v else "ok", validity=45 * S, hold=5 * S, clear=10 * S, until=END
    )
    assert of_target(told, "device:C") == expected


@pytest.fixture(scope="module")
def absence(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    return rules_of(tmp_path_factory.mktemp("absence"), {"id": "silent", "kind": "absence", "missed": 3})


@settings(max_examples=150, deadline=None)
@given(rows=stories(["A", "B"], "laeq", st.just(50.0)), plan=plans)
def test_absence_is_its_twin(absence: RuleSet, rows: list[Row], plan: Plan) -> None:
    registry = registry_of(meter("A", interval_s=10), meter("B", interval_s=60))
    run = Run.of(absence, registry, settle_s=SETTLE, blind_after_s=1e6)
    told = drive(run, rows, plan)
    for name, patience in (("A", 30), ("B", 180)):
        heard = [when for row_of, _, when, _ in rows if row_of == name]
        expected = twin.absence(heard, patience=patience * S, first_tick=START, until=END)
        assert of_target(told, f"device:{name}") == expected


DUSK = at("2026-11-22T16:52:00")
"""Just before sunset in Shanghai: 16:53:39."""


@pytest.fixture(scope="module")
def ratio(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    entry = {"id": "lit", "kind": "ratio", "metric": "lamp_on", "targets": {"main": 75}, "dead_band": 10, "grace": "4m"}
    return rules_of(tmp_path_factory.mktemp("ratio"), {**entry, "hold": "45s", "clear": "60s"})


@settings(max_examples=200, deadline=None)
@given(
    lit=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 400), st.sampled_from([0.0, 1.0, 1.0])), max_size=120),
    plan=plans,
    data=st.data(),
)
def test_ratio_is_its_twin_whatever_the_order_within_the_settling_time(
    ratio: RuleSet, lit: list[tuple[int, int, float]], plan: Plan, data: st.DataObject
) -> None:
    names = [lamp.id for lamp in lamps("R", 6)]
    rows = [(names[lamp], "lamp_on", DUSK + second * 2 * S, value) for lamp, second, value in lit]
    # whoever is less than the settling time apart may come in any order; one lamp's own readings keep theirs
    late = {name: data.draw(st.integers(0, SETTLE * S - 1)) for name in names}
    rows.sort(key=lambda row: row[2] + late[row[0]])
    run = Run.of(ratio, registry_of(*lamps("R", 6, interval_s=40), roads=[road("R")]), settle_s=SETTLE)
    end = DUSK + 1000 * S
    run.tick(DUSK)
    remaining = list(rows)
    for number, tick, restart in plan * (len(rows) + 1):
        head, remaining = remaining[:number], remaining[number:]
        run.readings(head)
        if tick and remaining:
            run.tick(max(DUSK, min(row[2] for row in remaining) - 1 + SETTLE * S))
        if restart:
            run.state = snapshots.load(snapshots.dump(run.state), run.program)
        if not remaining:
            break
    run.tick(end + SETTLE * S)
    sun = LampNights(place=CENTRE, timezone="Asia/Shanghai", after_sunset_s=0, before_sunrise_s=0, grace_s=240)
    expected = twin.ratio(
        {name: [(when, value) for lamp, _, when, value in rows if lamp == name] for name in names},
        validity=120 * S,
        goal=75,
        dead_band=10,
        min_known=0.5,
        nights=[(begin, stop) for begin, stop in sun.between(DUSK, end).tolist()],
        hold=45 * S,
        clear=60 * S,
        until=end,
    )
    assert of_target([as_told(change) for change in run.told], "road:R") == expected
