"""A device's clock: told when it is wrong, and not when its readings are late, repeated, or buffered."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.conditions import Transition
from domain.errors import Misconfigured
from domain.instants import MICROS_PER_S
from rules import snapshots
from rules.loading import RuleSet
from tests.rules.city import Run, at, device, registry_of, rules_of, seconds
from tests.rules.test_twins import SETTLE, WHOLE, Plan, by_target, of_target, plans
from tests.rules.twins.clock import clock

S = MICROS_PER_S
START = at("2026-11-22T12:00:00")
END = START + 6000 * S
Sent = tuple[str, int, int]
"""Device, event time, arrival."""
TIMES = {"hold": "20s", "clear": "30s", "ahead": "10s", "behind": "60s"}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    directory = tmp_path_factory.mktemp("clock")
    return rules_of(
        directory,
        {"id": "clock", "kind": "clock", **TIMES},
        {"id": "two", "kind": "clock", "ahead": "0s", "behind": "30s", "intervals": 2, "evidence_for": 1},
    )


def run_of(rules: RuleSet, *names: str) -> Run:
    registry = registry_of(*(device(name, "noise_meter", interval_s=10) for name in names))
    return Run.of(rules, registry, settle_s=SETTLE, blind_after_s=1e6)


def drive(run: Run, sent: Iterable[Sent], plan: Plan) -> Run:
    """In order of arrival, cut as planned."""
    run.tick(START)
    left, step, frontier = list(sent), 0, START - SETTLE * S
    while left:
        number, before, restart = plan[step % len(plan)]
        head, left = left[:number], left[number:]
        run.readings([(name, "laeq", when, 50.0) for name, when, _ in head], received=[came for *_, came in head])
        if before is not None and left:
            frontier = max(frontier, left[0][2] - max(before * S, 1))
            run.tick(frontier + SETTLE * S)
        if restart:
            run.state = snapshots.load(snapshots.dump(run.state), run.program)
        step += 1
    run.tick(END + SETTLE * S)
    return run


def regular(*errors: float, name: str = "A", every: int = 10, start: int = START) -> list[Sent]:
    """A reading every ten seconds, with these errors of its clock, in seconds."""
    return [
        (name, start + round((number * every + error) * S), start + number * every * S)
        for number, error in enumerate(errors)
    ]


def told_by(run: Run, rule: str = "clock") -> list[Transition]:
    return [change for change in run.told if change.rule == rule]


def said(rules: RuleSet, sent: Iterable[Sent], rule: str = "clock") -> list[tuple[str, float, float]]:
    return seconds(drive(run_of(rules, "A"), sent, WHOLE).of_rule(rule), START)


step = st.tuples(
    st.sampled_from(["A", "A", "B"]),
    st.sampled_from([0, 0, 1, 5, 9, 10, 10, 11, 30, 31]),
    st.sampled_from([0.0, 11.0, 12.0, 10.0, -10.0, -61.0, -61.0, -62.0, -60.0, -400.0]),
)


def walk(steps: list[tuple[str, int, float]]) -> list[Sent]:
    sent, now = [], START
    for name, gap, error in steps:
        now += gap * S
        sent.append((name, now + round(error * S), now))
    return sent


def steady_stretches(stretches: list[tuple[int, float]]) -> list[Sent]:
    """So many readings with one error each: so that clocks are wrong for long."""
    return regular(*(error for number, error in stretches for _ in range(number)))


stories = st.one_of(
    st.lists(step, max_size=40).map(walk),
    st.lists(st.tuples(st.integers(1, 12), st.sampled_from([0.0, 11.0, -61.0, -600.0])), max_size=6).map(
        steady_stretches
    ),
)


@pytest.mark.thorough
@settings(max_examples=400, deadline=None)
@given(sent=stories, plan=plans)
def test_a_clock_is_its_twin_for_any_cut_ticks_and_restarts(rules: RuleSet, sent: list[Sent], plan: Plan) -> None:
    planned, whole = (drive(run_of(rules, "A", "B"), sent, cuts) for cuts in (plan, WHOLE))
    assert by_target(planned.told) == by_target(whole.told)
    for name in ("A", "B"):
        mine = [(when, came) for who, when, came in sent if who == name]
        common = {"interval": 10 * S, "until": END}
        wide = {"ahead": 10 * S, "behind": 60 * S, "intervals": 3, "validity": 30 * S, "hold": 20 * S, "clear": 30 * S}
        tight = {"ahead": 0, "behind": 30 * S, "intervals": 2, "validity": 10 * S, "hold": 0, "clear": 0}
        assert of_target(planned, "clock", f"device:{name}") == clock(mine, **wide, **common)
        assert of_target(planned, "two", f"device:{name}") == clock(mine, **tight, **common)


def test_a_clock_that_is_ahead_is_told_by_our_time(rules: RuleSet) -> None:
    run = drive(run_of(rules, "A"), regular(*[15.0] * 10), WHOLE)
    assert seconds(run.of_rule("clock"), START) == [
        ("violated", 20.0, 20.0),
        ("held", 40.0, 20.0),
        ("lost", 120.0, 120.0),
    ]
    evidence = told_by(run)[0].evidence
    assert (evidence.value, evidence.limit, evidence.comparison, evidence.unit) == (15.0, 10.0, "<=", "s")
    assert evidence.figures["device_time"] == "2026-11-22T04:00:15.000Z"
    assert evidence.figures["received"] == "2026-11-22T04:00:00.000Z"


def test_a_clock_that_is_behind_is_told_with_its_own_limit(rules: RuleSet) -> None:
    evidence = told_by(drive(run_of(rules, "A"), regular(*[-90.0] * 10), WHOLE))[0].evidence
    assert (evidence.value, evidence.limit, evidence.comparison) == (-90.0, -60.0, ">=")


def test_a_clock_at_its_limit_is_fine(rules: RuleSet) -> None:
    assert said(rules, regular(*[10.0] * 10)) == said(rules, regular(*[-60.0] * 10)) == []


def test_one_late_delivery_is_no_wrong_clock(rules: RuleSet) -> None:
    assert said(rules, regular(0, 0, 0, -500, 0, 0, 0)) == []


def test_a_backlog_in_one_message_after_an_outage_is_no_wrong_clock(rules: RuleSet) -> None:
    back = START + 1000 * S
    backlog = [("A", START + second * S, back) for second in range(100, 1001, 10)]
    assert said(rules, [*regular(0, 0, 0), *backlog, *regular(*[0] * 5, start=back + 10 * S)]) == []


def test_a_backlog_that_drips_in_melts_and_is_no_wrong_clock(rules: RuleSet) -> None:
    back = START + 1000 * S
    # thrice as fast as it was measured
    drip = [("A", START + 100 * S + number * 10 * S, back + number * 3 * S) for number in range(120)]
    assert said(rules, [*regular(0, 0, 0), *drip]) == []


def test_a_clock_that_was_set_right_is_cleared_and_a_silent_device_is_unknown(rules: RuleSet) -> None:
    told = said(rules, regular(*[-90.0] * 8, *[0.0] * 6))
    assert told == [("violated", 20.0, 20.0), ("held", 40.0, 20.0), ("cleared", 110.0, 80.0)]
    assert said(rules, regular(*[-90.0] * 3))[-1] == ("lost", 50.0, 50.0)


def test_history_and_retained_messages_are_no_readings_of_a_clock(rules: RuleSet) -> None:
    run = run_of(rules, "A")
    for _, when, came in regular(*[-900.0] * 10):
        run.readings([("A", "laeq", when, 50.0)], received=[came], live=[False])
    run.tick(END)
    assert run.told == []


def test_a_reading_with_a_span_is_stamped_at_its_end(rules: RuleSet) -> None:
    run = run_of(rules, "A")
    for _, when, came in regular(*[-1.0] * 10):
        run.readings([("A", "laeq", when, 50.0)], received=[came], span=[3600.0])
    run.tick(START + 100 * S)
    assert run.told == []


def test_readings_that_wait_to_be_put_in_order_tell_no_clock(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="lateness"):
        rules_of(tmp_path, {"id": "clock", "kind": "clock", "lateness": "60s"})
