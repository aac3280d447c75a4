"""The engine says what the slow twin says, for any readings, any batches, any ticks and a restart at any point."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.conditions import Transition
from domain.devices import Registry
from domain.instants import MICROS_PER_S
from rules import snapshots
from rules.calendar.lighting import Lighting
from rules.loading import RuleSet
from tests.rules import twin
from tests.rules.city import CENTRE, Row, Run, at, device, lamps, meter, registry_of, road, rules_of

S = MICROS_PER_S
START = at("2026-11-22T21:50:00")
END = START + 6000 * S
SETTLE = 2

Plan = list[tuple[int, int | None, bool]]
"""After how many readings to cut; how many seconds before the next one the watermark stands then, if there is a tick;
whether to restart there."""
WHOLE: Plan = [(1_000_000, None, False)]

plans = st.lists(
    st.tuples(st.integers(1, 8), st.none() | st.sampled_from([0, 1, 2, 10, 30]), st.booleans()), min_size=1, max_size=12
)


def drive(run: Run, rows: Sequence[Row], plan: Plan, *, start: int = START, until: int = END) -> Run:
    """The rows as they arrive, cut into batches as planned; a watermark never passes what is still to come."""
    run.tick(start)
    rows, step, frontier = list(rows), 0, start - SETTLE * S
    while rows:
        number, before, restart = plan[step % len(plan)]
        head, rows = rows[:number], rows[number:]
        run.readings(head)
        if before is not None and rows:
            frontier = max(frontier, min(row[2] for row in rows) - max(before * S, 1))
            run.tick(frontier + SETTLE * S)
        if restart:
            run.state = snapshots.load(snapshots.dump(run.state), run.program)
        step += 1
    run.tick(until + SETTLE * S)
    return run


def runs(rules: RuleSet, registry: Registry, rows: Sequence[Row], plan: Plan, **more: Any) -> Run:
    """As planned; and in one piece, which must say the same, down to the evidence."""
    planned, whole = (
        drive(Run.of(rules, registry, settle_s=SETTLE, blind_after_s=1e6), rows, cuts, **more) for cuts in (plan, WHOLE)
    )
    assert by_target(planned.told) == by_target(whole.told)
    return planned


def by_target(told: Sequence[Transition]) -> list[Transition]:
    return sorted(told, key=lambda change: (change.rule, str(change.target)))


def of_target(run: Run, rule: str, target: str) -> twin.Signals:
    return [(signal, when, since) for name, signal, when, since in run.of_rule(rule) if name == target]


def readings_of(rows: Sequence[Row], name: str) -> list[tuple[int, float]]:
    return [(when, value) for row, _, when, value in rows if row == name]


def stories(
    devices: list[str], metric: str, values: Sequence[float], gaps: Sequence[int], *, start: int = START
) -> st.SearchStrategy[list[Row]]:
    """Rows in order of time; the gaps (seconds) meet the ends of hold, clear and evidence, and 0 repeats an instant."""
    step = st.tuples(st.sampled_from(gaps), st.sampled_from(devices), st.sampled_from(values))

    def walk(steps: list[tuple[int, str, float]]) -> list[Row]:
        return [
            (name, metric, start + sum(gap for gap, _, _ in steps[: number + 1]) * S, value)
            for number, (_, name, value) in enumerate(steps)
        ]

    return st.lists(step, max_size=40).map(walk)


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


LEVELS = [40.0, 42.0, 49.5, 55.0, 59.5, 61.0, 61.0]


@pytest.mark.thorough
@settings(max_examples=400, deadline=None)
@given(rows=stories(["A", "A", "B"], "laeq", LEVELS, [0, 1, 10, 10, 20, 20, 21, 30, 60, 100]), plan=plans)
def test_threshold_is_its_twin(threshold: RuleSet, rows: list[Row], plan: Plan) -> None:
    run = runs(threshold, registry_of(meter("A", "2", interval_s=20), meter("B", "2", interval_s=7)), rows, plan)
    for name, validity in (("A", 60), ("B", 21)):
        for rule, judge, hold, clear in (
            ("fixed", judged_fixed, 30, 60),
            ("floor", judged_floor, 0, 0),
            ("table", judged_zone_two, 30, 60),
        ):
            readings = readings_of(rows, name)
            expected = twin.series(readings, judge, validity=validity * S, hold=hold * S, clear=clear * S, until=END)
            assert of_target(run, rule, f"device:{name}") == expected


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    entry = {"id": "open", "kind": "state", "metric": "cover_open", "normal": 0, "hold": "5s", "clear": "10s"}
    return rules_of(tmp_path_factory.mktemp("state"), entry)


@settings(max_examples=200, deadline=None)
@given(rows=stories(["C"], "cover_open", [0.0, 1.0], [0, 1, 5, 10, 44, 45, 46]), plan=plans)
def test_state_is_its_twin(state: RuleSet, rows: list[Row], plan: Plan) -> None:
    run = runs(state, registry_of(device("C", "manhole_cover", interval_s=15)), rows, plan)
    expected = twin.series(
        readings_of(rows, "C"),
        lambda _, value: "violated" if value else "ok",
        validity=45 * S,
        hold=5 * S,
        clear=10 * S,
        until=END,
    )
    assert of_target(run, "open", "device:C") == expected


PATIENT = [(0, 20), (0, 45), (1, 0), (40, 100)]
"""Hold and clear times in seconds: shorter and longer than what makes device A silent."""


@pytest.fixture(scope="module")
def absence(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    entry = {"id": "silent", "kind": "absence", "missed": 3}
    others = [
        {**entry, "id": f"after-{hold}-{clear}", "hold": f"{hold}s", "clear": f"{clear}s"} for hold, clear in PATIENT
    ]
    return rules_of(tmp_path_factory.mktemp("absence"), entry, *others)


@settings(max_examples=200, deadline=None)
@given(rows=stories(["A", "B"], "laeq", [50.0], [0, 1, 10, 29, 30, 31, 180]), plan=plans)
def test_absence_is_its_twin(absence: RuleSet, rows: list[Row], plan: Plan) -> None:
    run = runs(absence, registry_of(meter("A", interval_s=10), meter("B", interval_s=60)), rows, plan)
    for name, patience in (("A", 30), ("B", 180)):
        heard = [when for when, _ in readings_of(rows, name)]
        for hold, clear in [(0, 0), *PATIENT]:
            times = {"patience": patience * S, "hold": hold * S, "clear": clear * S}
            expected = twin.absence(heard, first_tick=START, until=END, **times)
            rule = f"after-{hold}-{clear}" if hold or clear else "silent"
            assert of_target(run, rule, f"device:{name}") == expected


DUSK = at("2026-11-22T16:52:00")
"""A little before sunset at the test city; lamps are judged from 16:57 on."""
LAMPS = [lamp.id for lamp in lamps("R", 4)]


@pytest.fixture(scope="module")
def ratio(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    entry = {"id": "lit", "kind": "ratio", "metric": "lamp_on", "targets": {"main": 60}, "dead_band": 10, "grace": "4m"}
    return rules_of(tmp_path_factory.mktemp("ratio"), {**entry, "hold": "45s", "clear": "60s"})


@pytest.mark.thorough
@settings(max_examples=400, deadline=None)
@given(
    rows=stories(LAMPS, "lamp_on", [0.0, 1.0], [0, 1, 10, 15, 15, 30, 45, 60], start=DUSK + 200 * S),
    late=st.lists(st.integers(0, SETTLE * S - 1), min_size=4, max_size=4),
    plan=plans,
)
def test_ratio_is_its_twin_whatever_the_order_within_the_settling_time(
    ratio: RuleSet, rows: list[Row], late: list[int], plan: Plan
) -> None:
    # lamps may overtake each other by less than the settling time; one lamp's own readings keep their order
    arriving = sorted(rows, key=lambda row: row[2] + late[LAMPS.index(row[0])])
    registry = registry_of(*lamps("R", 4, interval_s=40), roads=[road("R")])
    run = runs(ratio, registry, arriving, plan, start=DUSK, until=DUSK + 3000 * S)
    sun = Lighting(place=CENTRE, timezone="Asia/Shanghai", grace=240 * S)
    expected = twin.ratio(
        {name: readings_of(rows, name) for name in LAMPS},
        validity=120 * S,
        goal=60,
        dead_band=10,
        min_known=0.5,
        nights=[(night.begin, night.end) for night in sun.between(DUSK, DUSK + 3000 * S)],
        hold=45 * S,
        clear=60 * S,
        until=DUSK + 3000 * S,
    )
    assert of_target(run, "lit", "road:R") == expected
