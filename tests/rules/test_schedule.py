"""A metric that has to comply only during given hours: what its turns do to an alert, and the slow twin."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from domain.errors import Misconfigured
from domain.instants import MICROS_PER_S
from rules import engine
from rules.loading import RuleSet
from tests.rules import twin
from tests.rules.city import Row, Run, as_told, at, batch, device, meter, registry_of, rules_of, seconds
from tests.rules.test_twins import END, START, Plan, of_target, plans, readings_of, runs, stories

S = MICROS_PER_S
EVENING = at("2026-11-22T21:59:00")
MORNING = at("2026-11-23T05:59:00")
RULE: dict[str, Any] = {
    "id": "site",
    "kind": "schedule",
    "metric": "laeq",
    "unit": "dB(A)",
    "compare": "<=",
    "limit": 55,
    "dead_band": 3,
    "hold": "30s",
    "clear": "60s",
    "when": {"hours": ["22:00-06:00"]},
}


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    return rules_of(tmp_path_factory.mktemp("schedule"), RULE)


def story(rules: RuleSet, start: int, values: Sequence[float], *, every: int = 20, until: int = 300) -> Run:
    """One meter that is heard every so many seconds, ticked each second."""
    run = Run.of(rules, registry_of(meter("N", interval_s=every)))
    for second in range(until + 1):
        number, rest = divmod(second, every)
        if rest == 0 and number < len(values):
            run.readings([("N", "laeq", start + second * S, values[number])])
        run.tick(start + second * S)
    return run


def test_noise_from_before_the_hours_counts_from_their_begin_by_tick(rules: RuleSet) -> None:
    run = story(rules, EVENING, [70.0, 70.0, 70.0], every=20, until=110)
    assert seconds(run.of_rule("site"), EVENING) == [("violated", 60, 60), ("held", 90, 60), ("lost", 100, 100)]
    assert run.told[0].evidence.figures["schedule"] == "on"


def test_the_end_of_the_hours_clears_after_the_clear_time_although_the_noise_goes_on(rules: RuleSet) -> None:
    run = story(rules, MORNING, [70.0] * 10, until=200)
    assert seconds(run.of_rule("site"), MORNING) == [("violated", 0, 0), ("held", 30, 0), ("cleared", 120, 60)]
    cleared = run.told[-1].evidence
    assert (cleared.figures["schedule"], "nothing is demanded" in str(cleared.figures["reason"])) == ("off", True)


def test_what_was_told_to_nobody_ends_with_the_hours_at_once(rules: RuleSet) -> None:
    run = story(rules, MORNING, [40.0, 40.0, 70.0, 70.0], until=100)
    assert seconds(run.of_rule("site"), MORNING) == [("violated", 40, 40), ("cleared", 60, 60)]


def test_an_alert_that_was_lost_in_the_hours_ends_with_them(rules: RuleSet) -> None:
    start = at("2026-11-23T05:55:00")
    run = story(rules, start, [70.0, 70.0, 70.0], until=400)
    assert seconds(run.of_rule("site"), start) == [
        ("violated", 0, 0),
        ("held", 30, 0),
        ("lost", 100, 100),
        ("cleared", 360, 300),
    ]


def test_silence_outside_of_the_hours_is_not_told(rules: RuleSet) -> None:
    run = story(rules, MORNING, [70.0, 70.0, 70.0], until=200)
    assert [change.signal.value for change in run.told] == ["violated", "held", "cleared"]


def test_noise_by_day_is_no_alert(rules: RuleSet) -> None:
    assert story(rules, at("2026-11-23T12:00:00"), [90.0] * 10).told == []


def test_a_reading_that_came_late_counts_at_the_turn_that_it_missed(rules: RuleSet) -> None:
    run = Run.of(rules, registry_of(meter("N", interval_s=60)))
    for second in range(0, 90):
        run.tick(EVENING + second * S)
    run.readings([("N", "laeq", EVENING + 30 * S, 70.0)])
    run.tick(EVENING + 100 * S)
    assert seconds(run.of_rule("site"), EVENING)[:2] == [("violated", 60, 60), ("held", 90, 60)]


def test_a_late_reading_of_a_device_that_was_heard_before_counts_at_the_turn_at_once(rules: RuleSet) -> None:
    run = Run.of(rules, registry_of(meter("N", interval_s=60)))
    run.readings([("N", "laeq", EVENING, 40.0)])
    for second in range(0, 86):
        run.tick(EVENING + second * S)
    told = run.readings([("N", "laeq", EVENING + 30 * S, 70.0)])
    assert seconds([as_told(change) for change in told], EVENING) == [("violated", 60, 60)]


def test_a_feed_that_is_late_as_a_whole_says_the_same(rules: RuleSet) -> None:
    def told(late: int) -> list[tuple[str, float, float]]:
        run = Run.of(rules, registry_of(meter("N", interval_s=20)))
        for second in range(-600, 3800):
            if 0 <= second - late <= 200 and (second - late) % 20 == 0:
                moment = MORNING + (second - late) * S
                rows = batch(run.program.vocabulary, [("N", "laeq", moment, 70.0)], received=[MORNING + second * S])
                run.state, changes = engine.evaluate(run.program, run.state, rows)
                run.told += changes
            run.tick(MORNING + second * S)
        return seconds(run.of_rule("site"), MORNING)

    assert told(3600) == told(0) == [("violated", 0, 0), ("held", 30, 0), ("cleared", 120, 60)]


def test_a_lamp_that_burns_by_day_is_a_fault_and_by_night_it_is_none(tmp_path: Path) -> None:
    entry = {"id": "day", "kind": "schedule", "metric": "lamp_on", "normal": 0, "when": {"sun": "up"}, "hold": "10m"}
    run = Run.of(rules_of(tmp_path, entry), registry_of(device("L", "lamp", interval_s=600)))
    start = at("2026-11-22T05:00:00")
    for minute in range(0, 16 * 60, 10):
        run.readings([("L", "lamp_on", start + minute * 60 * S, 1.0)])
        run.tick(start + minute * 60 * S)
    local = [(signal, round(when / 60)) for signal, when, _ in seconds(run.of_rule("day"), start)]
    assert local == [("violated", 87), ("held", 97), ("cleared", 713)]  # sunrise 06:27, sunset 16:53


def test_figures_tell_which_night_it_was_and_what_the_calendar_does_not_know(tmp_path: Path) -> None:
    when = {"hours": ["22:00-06:00"], "days": "workdays", "calendar": "cn"}
    run = Run.of(rules_of(tmp_path, {**RULE, "when": when}), registry_of(meter("N")))
    run.readings([("N", "laeq", at("2031-03-06T01:00:00"), 70.0)])
    figures = run.told[0].evidence.figures
    assert (figures["day"], figures["window"]) == ("2031-03-05 wed", "03-05 22:00:00 … 03-06 06:00:00")
    assert "2031 未收录" in str(figures["calendar"])


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"normal": 0}, "normal and unit exclude each other"),
        ({"limit": None}, "limit is missing"),
        ({"unit": "dB"}, "unit 'dB' is not that of laeq"),
        ({"when": None}, "when: missing"),
        ({"when": {"hours": "22:00-06:00"}}, "hours"),
        ({"when": {"days": "workdays", "calendar": "none.yaml"}}, "cannot be read"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    entry = {key: value for key, value in {**RULE, **changes}.items() if value is not None}
    with pytest.raises(Misconfigured, match=message):
        rules_of(tmp_path, entry)


def test_a_calendar_of_ones_own_stands_beside_the_rules(tmp_path: Path) -> None:
    year = "{source: s, rest: [{zh: 节, en: F, from: 2026-11-23, to: 2026-11-23}]}"
    text = f"id: own\nzh: 自\nen: Own\nyears: {{2026: {year}}}\n"
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    entry = {**RULE, "when": {"days": "workdays", "calendar": "own.yaml"}}
    run = Run.of(rules_of(tmp_path, entry), registry_of(meter("N")))
    run.readings([("N", "laeq", at("2026-11-23T12:00:00"), 70.0), ("N", "laeq", at("2026-11-24T12:00:00"), 70.0)])
    assert [change.at.day for change in run.told] == [24]


def events(readings: Iterable[tuple[int, float]], windows: Sequence[tuple[int, int]], *, validity: int) -> list[Any]:
    """What is found whenever anything can have changed."""
    ordered = twin.newest_first_stands(readings)
    begins = [when for when, _ in ordered]
    ends = {
        when + validity for when, after in zip(begins, [*begins[1:], END], strict=False) if when + validity <= after
    }
    edges = {edge for window in windows for edge in window}

    def is_on(now: int) -> bool:
        return any(begin <= now < end for begin, end in windows)

    def look(now: int) -> str:
        last = [row for row in ordered if row[0] <= now][-1:]
        if not is_on(now):
            return "ok"
        if not last or last[0][0] + validity <= now:
            return "unknown"
        value = last[0][1]
        return "violated" if value > 55 else "between" if value > 52 else "ok"

    found = []
    for moment in sorted({*begins, *ends, *edges}):
        # the end of the evidence goes first where the next reading comes just then
        if moment in ends and is_on(moment):
            found.append((moment, "unknown"))
        found.append((moment, look(moment)))
    return found


def minutes(*windows: tuple[int, int]) -> dict[str, Any]:
    """Windows in minutes after 21:50."""
    clock = [[divmod(21 * 60 + 50 + minute, 60) for minute in window] for window in windows]
    return {"hours": ["-".join(f"{hour:02}:{minute:02}" for hour, minute in window) for window in clock]}


WINDOWS = [(2, 5), (6, 8), (9, 40)]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    return rules_of(tmp_path_factory.mktemp("busy"), {**RULE, "when": minutes(*WINDOWS)})


@pytest.mark.thorough
@settings(max_examples=250, deadline=None)
@given(
    rows=stories(["A", "A", "B"], "laeq", [40.0, 54.0, 60.0, 60.0], [0, 1, 10, 20, 20, 30, 60, 61, 100, 200]),
    plan=plans,
)
def test_a_schedule_is_its_twin(busy: RuleSet, rows: list[Row], plan: Plan) -> None:
    run = runs(busy, registry_of(meter("A", interval_s=20), meter("B", interval_s=70)), rows, plan)
    windows = [(START + begin * 60 * S, START + end * 60 * S) for begin, end in WINDOWS]
    for name, validity in (("A", 60), ("B", 210)):
        found = events(readings_of(rows, name), windows, validity=validity * S)
        assert of_target(run, "site", f"device:{name}") == twin.HoldAndClear(30 * S, 60 * S).run(found, END)
