"""The same readings give the same transitions live, delayed as a whole, shuffled within the lateness, and repeated."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instants import MICROS_PER_S
from rules import engine, snapshots
from rules.core import queues
from rules.digest import digest
from rules.figures import late_count
from rules.loading import RuleSet
from rules.program import Lateness
from tests.rules import twin
from tests.rules.city import Row, Run, at, device, meter, registry_of, rules_of, seconds, shipped, vocabulary_of
from tests.rules.test_twins import (
    LEVELS,
    judged_fixed,
    judged_floor,
    judged_zone_two,
    of_target,
    readings_of,
    stories,
)

S = MICROS_PER_S
START = at("2026-11-22T21:50:00")
END = START + 6000 * S
SETTLE = 2
METERS = registry_of(meter("A", "2", interval_s=20), meter("B", "2", interval_s=7))
VALIDITY = {"A": 60, "B": 21}
JUDGED = (("fixed", judged_fixed, 30, 60), ("floor", judged_floor, 0, 0), ("table", judged_zone_two, 30, 60))


@dataclass(frozen=True)
class Way:
    """How readings come: `delay` all of them by so many seconds; `jitter` each by so many more; some twice."""

    delay: int
    lateness: int
    jitter: Sequence[float]
    repeated: Sequence[int]
    cuts: Sequence[int]
    ticks: Sequence[float]
    restart: int


def ways(*, delays: Sequence[int], latenesses: Sequence[int]) -> st.SearchStrategy[Way]:
    def build(lateness: int) -> st.SearchStrategy[Way]:
        return st.builds(
            Way,
            delay=st.sampled_from(delays),
            lateness=st.just(lateness),
            jitter=st.lists(st.floats(0, max(lateness - 0.001, 0)), min_size=7, max_size=7),
            repeated=st.lists(st.integers(0, 40), max_size=4),
            cuts=st.lists(st.integers(1, 6), min_size=1, max_size=8),
            ticks=st.lists(st.floats(0, 1), max_size=4),
            restart=st.integers(0, 30),
        )

    return st.sampled_from(latenesses).flatmap(build)


def arrivals_of(rows: Sequence[Row], way: Way) -> list[tuple[int, Row]]:
    """When we got it, and the row, in that order; a repeated one says something else the second time."""
    coming = [
        (row[2] + way.delay * S + round(way.jitter[number % len(way.jitter)] * S), row)
        for number, row in enumerate(rows)
    ]
    again = [(coming[n][0] + 5 * S, (*coming[n][1][:3], 99.0)) for n in way.repeated if n < len(coming)]
    return sorted([*coming, *again], key=lambda pair: pair[0])


def drive(run: Run, arrivals: Sequence[tuple[int, Row]], way: Way) -> Run:
    """Batch by batch; between two of them ticks of the present."""
    run.tick(START)
    rest, step = list(arrivals), 0
    while rest:
        number = way.cuts[step % len(way.cuts)]
        head, rest = rest[:number], rest[number:]
        run.readings([row for _, row in head], received=[received for received, _ in head])
        now, following = head[-1][0], rest[0][0] if rest else head[-1][0]
        for share in sorted(way.ticks):
            run.tick(now + round(share * max(following - now - 1, 0)))
        if step == way.restart:
            run.state = snapshots.load(snapshots.dump(run.state), run.program)
        step += 1
    run.tick(END + (way.delay + 2 * way.lateness + SETTLE) * S)
    return run


def run_of(ruleset: RuleSet, way: Way) -> Run:
    program = engine.compile_rules(
        ruleset,
        METERS,
        vocabulary_of(METERS),
        settle_s=SETTLE,
        blind_after_s=1e6,
        late=Lateness(allowed_s=way.lateness),
    )
    return Run(program, engine.initial_state(program), [])


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    common = {"kind": "threshold", "metric": "laeq", "unit": "dB(A)", "hold": "30s", "clear": "60s"}
    return rules_of(
        tmp_path_factory.mktemp("lateness"),
        {**common, "id": "fixed", "compare": "<=", "limit": 60, "dead_band": 3},
        {**common, "id": "floor", "compare": ">", "limit": 40, "dead_band": 3, "hold": "0s", "clear": "0s"},
        {**common, "id": "table", "compare": "<=", "limit": {"table": "gb3096"}, "dead_band": 1},
    )


GAPS = [0, 1, 10, 10, 20, 20, 21, 30, 60, 100]


@pytest.mark.thorough
@settings(max_examples=400, deadline=None)
@given(
    rows=stories(["A", "A", "B"], "laeq", LEVELS, GAPS),
    way=ways(delays=[0, 1, 17, 3600], latenesses=[0, 5, 40, 600]),
)
def test_delayed_shuffled_repeated_cut_ticked_and_restarted_readings_give_what_their_twin_says(
    rules: RuleSet, rows: list[Row], way: Way
) -> None:
    arrivals = arrivals_of(rows, way)
    run = drive(run_of(rules, way), arrivals, way)
    for name, validity in VALIDITY.items():
        readings = readings_of([row for _, row in arrivals], name)
        for rule, judge, hold, clear in JUDGED:
            expected = twin.series(readings, judge, validity=validity * S, hold=hold * S, clear=clear * S, until=END)
            assert of_target(run, rule, f"device:{name}") == expected
    # a repeated reading may come when newer ones have been judged; nothing else is late
    assert all(late_count(run.program, run.state, rule) <= len(way.repeated) for rule, *_ in JUDGED)
    live = Way(delay=0, lateness=0, jitter=[0.0], repeated=[], cuts=[1], ticks=[0.0, 1.0], restart=-1)
    first = drive(run_of(rules, live), [(row[2], row) for row in in_order(arrivals)], live)
    assert digest(run.told) == digest(first.told)


def in_order(arrivals: Sequence[tuple[int, Row]]) -> list[Row]:
    """By event time; of several at one instant the first to arrive."""
    kept: dict[tuple[str, int], Row] = {}
    for _, row in arrivals:
        kept.setdefault((row[0], row[2]), row)
    return sorted(kept.values(), key=lambda row: row[2])


@pytest.fixture(scope="module")
def silence(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    return rules_of(tmp_path_factory.mktemp("silence"), {"id": "silent", "kind": "absence", "missed": 3})


@settings(max_examples=150, deadline=None)
@given(
    rows=st.tuples(
        stories(["A"], "laeq", [50.0], [0, 1, 20, 59, 60, 61, 200]), stories(["A"], "battery", [3.0], [1, 40, 60, 300])
    ).map(lambda both: sorted([*both[0], *both[1]], key=lambda row: row[2])),
    way=ways(delays=[0], latenesses=[50, 300]),
)
def test_signs_of_life_of_different_metrics_may_overtake_each_other_within_the_lateness(
    silence: RuleSet, rows: list[Row], way: Way
) -> None:
    run = drive(run_of(silence, way), arrivals_of(rows, way), way)
    heard = [row[2] for row in rows]
    # the second meter is never heard
    assert of_target(run, "silent", "device:A") == twin.absence(heard, patience=60 * S, first_tick=START, until=END)


def noisy(**late: float) -> Run:
    registry = registry_of(meter("N", "2", interval_s=10))
    program = engine.compile_rules(shipped(), registry, vocabulary_of(registry), late=Lateness(**late))
    return Run(program, engine.initial_state(program), [])


def zone(run: Run, start: int = START) -> list[tuple[str, float, float]]:
    return seconds(run.of_rule("noise-zone"), start)


def test_a_reading_older_than_what_was_judged_is_counted_and_not_judged() -> None:
    run = noisy(allowed_s=30)
    for second in (0, 10, 100):
        run.readings([("N", "laeq", START + second * S, 50.0)])
    run.readings([("N", "laeq", START + 5 * S, 90.0)])
    run.tick(START + 1000 * S)
    assert zone(run) == []
    assert late_count(run.program, run.state, "noise-zone") == 1


def test_without_lateness_a_reading_behind_its_newest_is_counted_for_its_rules() -> None:
    run = noisy()
    run.readings([("N", "laeq", START + 10 * S, 50.0)])
    run.readings([("N", "laeq", START, 90.0), ("N", "laeq", START + 10 * S, 90.0)])
    assert late_count(run.program, run.state, "noise-zone") == 1  # the other one is a duplicate
    assert zone(run) == []


def test_a_reading_is_judged_as_soon_as_its_series_is_ahead_by_the_lateness() -> None:
    run = noisy(allowed_s=30)
    assert run.readings([("N", "laeq", START, 90.0)]) == []
    assert run.readings([("N", "laeq", START + 29 * S, 90.0)]) == []
    told = run.readings([("N", "laeq", START + 30 * S, 90.0)])
    assert {change.rule for change in told} == {"noise-zone", "noise-city-target"}


def test_a_silent_series_is_judged_by_the_tick_that_is_ahead_by_the_lateness() -> None:
    run = noisy(allowed_s=30)
    run.readings([("N", "laeq", START, 90.0)])
    assert run.tick(START + 29 * S) == []
    run.tick(START + 30 * S)
    assert zone(run) == [("violated", 0, 0)]


def test_a_rule_that_names_its_lateness_does_not_make_the_others_wait(tmp_path: Path) -> None:
    entry = {"kind": "threshold", "metric": "laeq", "unit": "dB(A)", "compare": "<=", "limit": 60}
    rules = rules_of(tmp_path, {**entry, "id": "now"}, {**entry, "id": "later", "lateness": "10m"})
    run = Run.of(rules, registry_of(meter("N", interval_s=300)))
    assert {change.rule for change in run.readings([("N", "laeq", START, 90.0)])} == {"now"}
    run.tick(START + 600 * S)
    assert run.of_rule("later") == run.of_rule("now")


def test_a_feed_delayed_by_an_hour_gives_what_it_gives_live_while_ticks_run_at_the_present() -> None:
    def told(delay: int) -> list[tuple[str, float, float]]:
        run = noisy()
        for second in range(0, 900):
            now = START + (second + delay) * S
            if second % 10 == 0 and not 300 <= second < 400:
                level = 90.0 if 100 <= second < 200 or second >= 400 else 50.0
                run.readings([("N", "laeq", START + second * S, level)], received=[now])
            run.tick(now)
        return zone(run)

    assert [signal for signal, *_ in told(3600)] == ["violated", "held", "cleared", "violated", "held"]
    assert told(3600) == told(0)


def test_a_backlog_after_an_outage_is_not_taken_for_a_slow_feed() -> None:
    run = Run.of(shipped(), registry_of(device("C", "manhole_cover", interval_s=3600)))
    run.readings([("C", "cover_open", START, 0.0)], received=[START])
    hour = START + 3600 * S
    late = [("C", "cover_open", START + 600 * S, 0.0), ("C", "cover_open", START + 3000 * S, 1.0)]
    run.readings(late, received=[hour, hour])
    run.tick(hour)
    assert seconds(run.of_rule("cover-open"), START) == [("violated", 3000, 3000), ("held", 3005, 3000)]


def test_a_device_clock_that_runs_ahead_makes_no_delay() -> None:
    run = noisy()
    run.readings([("N", "laeq", START + 100 * S, 90.0)], received=[START])
    run.tick(START + 132 * S)
    assert zone(run, START + 100 * S) == [("violated", 0, 0), ("held", 30, 0), ("lost", 30, 30)]


def test_a_feed_later_than_the_limit_is_followed_no_further_than_that() -> None:
    run = noisy(lag_limit_s=600)
    for second in range(0, 100, 10):
        received = START + (second + 3600) * S
        run.readings([("N", "laeq", START + second * S, 90.0)], received=[received])
        run.tick(received)
    assert [signal for signal, *_ in zone(run)] == ["violated", "held", "lost"]


def test_what_waits_to_be_put_in_order_is_bounded_and_what_is_let_go_early_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queues, "WAITING_LIMIT", 100)
    run, longest = noisy(allowed_s=10_000), 0
    for second in range(1000):
        run.readings([("N", "laeq", START + second * S, 90.0)])
        queue = run.state.queues[10_000 * S]
        longest = max(longest, *(len(each.pending) for each in run.state.queues.values()))
    assert longest <= 100
    assert queue.forced >= 900
    assert [signal for signal, *_ in zone(run)] == ["violated", "held"]


def test_readings_that_wait_survive_a_registry_of_another_order() -> None:
    def compiled(*names: str) -> Run:
        registry = registry_of(*(meter(name, "2") for name in names))
        program = engine.compile_rules(shipped(), registry, vocabulary_of(registry), late=Lateness(allowed_s=30))
        return Run(program, engine.initial_state(program), [])

    first = compiled("A", "B", "C")
    first.readings([("A", "laeq", START, 90.0), ("C", "laeq", START, 90.0)])
    again = compiled("C", "X")
    again.state = snapshots.load(snapshots.dump(first.state), again.program)
    again.tick(START + 30 * S)
    assert {str(change.target) for change in again.told if change.rule == "noise-zone"} == {"device:C"}
