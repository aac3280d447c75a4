"""`window` says what its slow twin says, for any readings, spans, batches, ticks and restarts; and what it is for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from domain.errors import Misconfigured
from domain.instants import MICROS_PER_S, to_micros
from rules import snapshots
from rules.loading import RuleSet
from tests.rules.city import Run, at, device, meter, registry_of, rules_of, seconds
from tests.rules.twins import window as twin
from tests.rules.twins.story import Plan, SpannedRow, plans, runs, said_by, stories

S = MICROS_PER_S
START = at("2026-11-22T21:50:00")
END = START + 6000 * S
LONG_BEFORE = START - 1800 * S


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A rule, and the same for the twin. `judge` gets begin and value."""

    keys: dict[str, object]
    step_s: int
    steps: int
    figure: Callable[[list[twin.Part]], float]
    judge: Callable[[int, float], str]
    hold: int = 0
    clear: int = 0
    coverage: float = 0.75
    believed: float = 1.0


def above(limit: float, band: float = 0.0) -> Callable[[int, float], str]:
    return lambda _, value: "violated" if value > limit else "between" if value > limit - band else "ok"


SLIDING = {"window": "3m", "every": "1m"}
NOISE = {
    "leq": Asked(
        keys={"aggregate": "energy_mean", "window": "2m", "dead_band": 3, "hold": "2m", "clear": "3m"},
        step_s=120, steps=1, figure=twin.energy_mean, judge=above(60.03, 3), hold=120, clear=180,
    ),
    "leq-sliding": Asked(
        keys={"aggregate": "energy_mean", **SLIDING, "hold": "90s", "coverage": 0.5},
        step_s=60, steps=3, figure=twin.energy_mean, judge=above(60.03), hold=90, coverage=0.5,
    ),
    "loud": Asked(
        keys={"aggregate": "l10", **SLIDING, "clear": "30s"},
        step_s=60, steps=3, figure=twin.percentile(90), judge=above(60.03), clear=30,
    ),
    "quiet": Asked(
        keys={"aggregate": "l90", "window": "5m", "coverage": 0},
        step_s=300, steps=1, figure=twin.percentile(10), judge=above(60.03), coverage=0,
    ),
    "largest": Asked(
        keys={"aggregate": "max", **SLIDING}, step_s=60, steps=3, figure=twin.largest, judge=above(60.03)
    ),
    "count": Asked(
        keys={"aggregate": "count", "window": "2m", "unit": "1", "limit": 3.5},
        step_s=120, steps=1, figure=twin.count, judge=above(3.5),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    common = {"kind": "window", "metric": "laeq", "unit": "dB(A)", "compare": "<=", "limit": 60.03}
    return rules_of(
        tmp_path_factory.mktemp("noise"), *({**common, "id": name, **asked.keys} for name, asked in NOISE.items())
    )


def assert_agreement(
    asked: dict[str, Asked],
    rules: RuleSet,
    rows: list[SpannedRow],
    plan: Plan,
    intervals: dict[str, float],
    *,
    kind: str,
) -> None:
    registry = registry_of(*(device(name, kind, interval_s=interval) for name, interval in intervals.items()))
    run = runs(rules, registry, rows, plan, start=START, until=END)
    for name, interval in intervals.items():
        for rule, wish in asked.items():
            windows = twin.Windows(
                zone="Asia/Shanghai", step_s=wish.step_s, steps=wish.steps, interval=interval,
                figure=wish.figure, is_rate=wish.figure is twin.rate, believed=wish.believed,
            )  # fmt: skip
            said = said_by(rows, name)

            def judge(begin: int, figure: twin.Figure, wish: Asked = wish) -> str:
                enough = figure.value is not None and figure.coverage >= wish.coverage and figure.readings >= 1
                return wish.judge(begin, figure.value) if enough and figure.value is not None else "unknown"

            told = [change for change in run.told if (change.rule, change.target.id) == (rule, name)]
            expected = windows.signals(
                said, judge, hold=wish.hold * S, clear=wish.clear * S, start=LONG_BEFORE, until=END
            )
            assert [(c.signal.value, to_micros(c.at), to_micros(c.since)) for c in told] == expected, rule
            figures = windows.figures(said, LONG_BEFORE, END)
            for change in told:
                end = to_micros(datetime.fromisoformat(str(change.evidence.figures["window_to"])))
                figure = figures[end]
                assert change.evidence.value == pytest.approx(figure.value, abs=1e-9)
                assert change.evidence.figures["coverage"] == pytest.approx(figure.coverage, abs=1e-4)
                assert change.evidence.figures["readings"] == figure.readings


LEVELS = [42.0, 55.0, 58.0, 59.5, 61.0, 63.0, 70.0]
GAPS = [0, 1, 10, 20, 20, 20, 21, 30, 60, 60, 130]


@pytest.mark.thorough
@settings(max_examples=100, deadline=None)
@given(rows=stories(["A", "A", "B"], "laeq", LEVELS, GAPS, [0, 20, 20, 60, 60, 45.5, 400], START), plan=plans)
def test_windows_of_levels_are_their_twins(noise: RuleSet, rows: list[SpannedRow], plan: Plan) -> None:
    assert_agreement(NOISE, noise, rows, plan, {"A": 60, "B": 20}, kind="noise_meter")


AIR = {
    "mean": Asked(
        keys={"aggregate": "mean", "window": "5m", "every": "1m", "hold": "2m", "clear": "1m", "dead_band": 10},
        step_s=60, steps=5, figure=twin.mean, judge=above(60.03, 10), hold=120, clear=60,
    ),
    "smallest": Asked(
        keys={"aggregate": "min", "window": "2m", "coverage": 0.9},
        step_s=120, steps=1, figure=twin.smallest, judge=above(60.03), coverage=0.9,
    ),
    "sum": Asked(
        keys={"aggregate": "sum", **SLIDING, "limit": 200.07},
        step_s=60, steps=3, figure=twin.total, judge=above(200.07),
    ),
    "percentile": Asked(
        keys={"aggregate": "percentile", "p": 37.5, "window": "4m", "every": "2m", "coverage": 0.3},
        step_s=120, steps=2, figure=twin.percentile(37.5), judge=above(60.03), coverage=0.3,
    ),
}  # fmt: skip
COUNTED = {
    "rate": Asked(
        keys={"window": "2m"}, step_s=120, steps=1, figure=twin.rate, judge=above(600.7), believed=3
    ),
    "rate-sliding": Asked(
        keys={**SLIDING, "evidence_for": 1.5, "coverage": 0.4},
        step_s=60, steps=3, figure=twin.rate, judge=above(600.7), coverage=0.4, believed=1.5,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def air(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    common = {"kind": "window", "metric": "pm2_5", "unit": "µg/m³", "compare": "<=", "limit": 60.03}
    return rules_of(
        tmp_path_factory.mktemp("air"), *({**common, "id": name, **asked.keys} for name, asked in AIR.items())
    )


@pytest.mark.thorough
@settings(max_examples=60, deadline=None)
@given(
    rows=stories(["A", "B"], "pm2_5", [0.0, 35.0, 52.0, 61.0, 61.0, 90.0], GAPS, [0, 0, 20, 60, 60, 130], START),
    plan=plans,
)
def test_windows_of_concentrations_are_their_twins(air: RuleSet, rows: list[SpannedRow], plan: Plan) -> None:
    assert_agreement(AIR, air, rows, plan, {"A": 60, "B": 20}, kind="air_station")


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    common = {"kind": "window", "metric": "energy", "aggregate": "rate", "unit": "kWh/h", "compare": "<="}
    return rules_of(
        tmp_path_factory.mktemp("counted"),
        *({**common, "limit": 600.7, "id": name, **asked.keys} for name, asked in COUNTED.items()),
    )


@pytest.mark.thorough
@settings(max_examples=60, deadline=None)
@given(rows=stories(["A", "B"], "energy", [0.0, 10.0, 20.0, 30.0, 41.0, 45.0, 50.0], GAPS, [0], START), plan=plans)
def test_rates_of_counters_are_their_twins_over_resets(counted: RuleSet, rows: list[SpannedRow], plan: Plan) -> None:
    assert_agreement(COUNTED, counted, rows, plan, {"A": 60, "B": 20}, kind="feeder_cabinet")


def story(tmp_path: Path, rows: Sequence[tuple[int, float, float]], *, until: int, **keys: object) -> Run:
    """Readings of a noise meter in zone 2, as (event time, value, span in seconds); one tick at the end."""
    common = {"id": "w", "kind": "window", "metric": "laeq", "unit": "dB(A)", "compare": "<=", "limit": 60}
    registry = registry_of(meter("N", "2"), timezone=str(keys.pop("timezone", "Asia/Shanghai")))
    run = Run.of(rules_of(tmp_path, {**common, "aggregate": "energy_mean", "window": "1h", **keys}), registry)
    for begin in range(0, len(rows), 50):
        some = rows[begin : begin + 50]
        run.readings([("N", "laeq", when, value) for when, value, _ in some], span=[span for _, _, span in some])
    run.tick(until)
    return run


def minutes(start: int, levels: Sequence[float], span: float = 60.0) -> list[tuple[int, float, float]]:
    """Levels of whole minutes from `start` on."""
    return [(start + (number + 1) * 60 * S, level, span) for number, level in enumerate(levels)]


NINE = at("2026-11-22T09:00:00")
HOUR = 3600 * S


def test_levels_are_averaged_by_energy_and_not_by_arithmetic(tmp_path: Path) -> None:
    run = story(tmp_path, minutes(NINE, [50.0] * 59 + [90.0]), until=NINE + HOUR)
    assert run.told[0].evidence.value == pytest.approx(72.24, abs=0.005)  # arithmetic: 50.67


def test_the_arithmetic_mean_of_levels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="levels in dB are averaged by energy: write energy_mean"):
        story(tmp_path, [], until=NINE, aggregate="mean")


def test_l10_is_the_loud_tail_and_l90_the_background(tmp_path: Path) -> None:
    levels = [float(number) for number in range(41, 101)]
    loud, quiet = (
        story(tmp_path, minutes(NINE, levels), until=NINE + HOUR, aggregate=which, limit=40).told[0].evidence.value
        for which in ("l10", "l90")
    )
    assert (loud, quiet) == (94.0, 46.0)


def test_an_hour_before_ten_in_the_evening_is_held_against_the_day_limit_although_it_ends_at_night(
    tmp_path: Path,
) -> None:
    evening = at("2026-11-22T20:00:00")
    run = story(tmp_path, minutes(evening, [55.0] * 180), until=evening + 3 * HOUR, limit={"table": "gb3096"})
    violated = run.told[0]
    assert to_micros(violated.at) == at("2026-11-22T23:00:00")
    assert (violated.evidence.limit, violated.evidence.figures["period"]) == (50, "night")
    assert violated.evidence.figures["window_from"] == "2026-11-22T22:00:00+08:00"


def test_a_span_across_the_border_of_two_hours_counts_in_both_for_its_parts(tmp_path: Path) -> None:
    # 30 s of 90 dB in the first hour: 10 lg((3540 * 10^5 + 30 * 10^9) / 3570)
    rows = [*minutes(NINE, [50.0] * 59), (NINE + HOUR + 30 * S, 90.0, 60.0)]
    evidence = story(tmp_path, rows, until=NINE + HOUR + 60 * S).told[0].evidence
    assert evidence.value == pytest.approx(69.295, abs=0.001)
    assert (evidence.figures["readings"], evidence.figures["coverage"]) == (59, 0.9917)


def test_less_than_45_minutes_of_an_hour_say_nothing(tmp_path: Path) -> None:
    assert story(tmp_path, minutes(NINE, [90.0] * 44), until=NINE + HOUR + 120 * S).told == []
    told = story(tmp_path, minutes(NINE, [90.0] * 45), until=NINE + HOUR + 120 * S).told
    assert [change.signal for change in told] == ["violated", "held"]


def test_a_device_that_falls_silent_is_unknown_from_the_first_window_that_lacks_readings(tmp_path: Path) -> None:
    run = story(tmp_path, minutes(NINE, [70.0] * 60), until=NINE + 5 * HOUR)
    assert seconds(run.of_rule("w"), NINE) == [
        ("violated", 3600, 3600),
        ("held", 3600, 3600),
        ("lost", 7200, 7200),
    ]


@pytest.mark.parametrize("date, hours", [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)])
def test_a_natural_day_has_23_and_25_hours_where_the_clocks_change(date: str, hours: int, tmp_path: Path) -> None:
    start = at(f"{date}T00:00:00", ZoneInfo("Europe/Berlin"))
    levels = minutes(start, [70.0] * 60 * hours)
    run = story(tmp_path, levels, until=start + 26 * HOUR, window="1d", timezone="Europe/Berlin", coverage=1.0)
    figures = run.told[0].evidence.figures
    assert to_micros(run.told[0].at) == start + hours * HOUR
    assert (figures["readings"], figures["coverage"]) == (hours * 60, 1.0)


def test_samples_without_span_belong_to_the_hour_in_which_they_were_taken(tmp_path: Path) -> None:
    rows = [(NINE + number * 60 * S, 70.0 if number < 60 else 30.0, 0.0) for number in range(62)]
    figures = story(tmp_path, rows, until=NINE + HOUR).told[0].evidence.figures
    assert (figures["readings"], figures["coverage"]) == (60, 1.0)


def test_a_value_that_is_not_good_does_not_count(tmp_path: Path) -> None:
    common = {"id": "w", "kind": "window", "metric": "laeq", "unit": "dB(A)", "compare": "<=", "limit": 60}
    rules = rules_of(tmp_path, {**common, "aggregate": "max", "window": "1m"})
    run = Run.of(rules, registry_of(meter("N", "2")))
    run.readings([("N", "laeq", NINE + 60 * S, 99.0)], span=[60], quality=[2])
    run.tick(NINE + HOUR)
    assert run.told == []


def test_late_readings_do_not_change_a_verdict_but_count_in_the_windows_still_open(tmp_path: Path) -> None:
    keys = {"window": "3m", "every": "1m", "aggregate": "max", "coverage": 0.3}
    run = story(tmp_path, minutes(NINE, [50.0]), until=NINE + 250 * S, **keys)
    run.readings([("N", "laeq", NINE + 120 * S, 80.0)], span=[60])
    run.tick(NINE + HOUR)
    # the windows that ended at 2 and 3 minutes are over by then, the one at 4 minutes is not
    assert seconds(run.of_rule("w"), NINE)[0] == ("violated", 240, 240)


def test_what_is_kept_of_a_percentile_is_bounded_and_its_coverage_tells(tmp_path: Path) -> None:
    rows = [(NINE + number * S, 70.0, 1.0) for number in range(1, 3601)]  # a device that promised one a minute
    evidence = story(tmp_path, rows, until=NINE + HOUR, aggregate="l50", coverage=0).told[0].evidence
    assert (evidence.figures["readings"], evidence.figures["coverage"]) == (121, round(121 / 3600, 4))


def test_a_limit_can_be_the_devices_own(tmp_path: Path) -> None:
    limit = {"default": 60, "devices": {"N": 57}}
    run = story(tmp_path, minutes(NINE, [58.0] * 60), until=NINE + HOUR, limit=limit)
    assert run.told[0].evidence.limit == 57


def test_a_feed_that_is_hours_late_as_a_whole_is_judged_like_a_live_one(tmp_path: Path) -> None:
    rules = [{"id": "w", "kind": "window", "metric": "laeq", "unit": "dB(A)", "compare": "<=", "limit": 60}]
    keys = {"aggregate": "energy_mean", "window": "15m", "hold": "15m"}
    live, late = (Run.of(rules_of(tmp_path, {**rules[0], **keys}), registry_of(meter("N", "2"))) for _ in range(2))
    for run, lag in ((live, 0), (late, 3 * HOUR)):
        for when, level, span in minutes(NINE, [*[55.0] * 30, *[65.0] * 60, *[50.0] * 30]):
            run.readings([("N", "laeq", when, level)], span=[span], received=[when + lag])
            run.tick(when + lag + S)
        run.tick(NINE + lag + 2 * HOUR)
    assert late.of_rule("w") == live.of_rule("w")
    assert [signal for _, signal, _, _ in live.of_rule("w")] == ["violated", "held", "cleared"]


def test_an_open_alert_of_a_rule_whose_window_was_changed_is_lost_and_not_forgotten(tmp_path: Path) -> None:
    run = story(tmp_path, minutes(NINE, [70.0] * 60), until=NINE + HOUR)
    keys = {"id": "w", "kind": "window", "metric": "laeq", "unit": "dB(A)", "compare": "<=", "limit": 60}
    changed = Run.of(rules_of(tmp_path, {**keys, "aggregate": "energy_mean", "window": "15m"}), registry_of(meter("N")))
    changed.state = snapshots.load(snapshots.dump(run.state), changed.program)
    changed.tick(NINE + 2 * HOUR)
    changed.readings([("N", "laeq", when, level) for when, level, _ in minutes(NINE + 2 * HOUR, [70.0] * 15)])
    changed.tick(NINE + 3 * HOUR)
    assert seconds(changed.of_rule("w"), NINE) == [
        ("lost", 4500, 4500),
        ("violated", 3 * 3600 - 2700, 3600),
        ("lost", 3 * 3600 - 1800, 3 * 3600 - 1800),
    ]


@pytest.mark.parametrize(
    "keys, size",
    [
        ({"window": "15m"}, 41 + 24),
        ({"window": "1d", "every": "1h"}, 41 + 24 * 24),
        ({"window": "1h", "aggregate": "l90"}, 41 + 8 + 21 * (2 * 60 + 1)),
        ({"window": "31d", "aggregate": "l90"}, 41 + 8 + 21 * 20_000),
    ],
)
def test_the_memory_of_a_series_is_bounded_as_the_documentation_says(
    keys: dict[str, str], size: int, tmp_path: Path
) -> None:
    run = story(tmp_path, minutes(NINE, [70.0] * 200), until=NINE + HOUR, **keys)
    assert sum(column.nbytes for column in run.state.rules["w"].own.columns.values()) == size


@pytest.mark.parametrize(
    "keys, words",
    [
        ({"window": "7m"}, "window: 420 s neither divides a day"),
        ({"window": "1h", "every": "7m"}, "every: 420 s neither divides a day"),
        ({"window": "1h", "every": "40m"}, "no multiple of 2400 s"),
        ({"window": "60d"}, "no longer than 31d"),
        ({"window": "30d", "every": "1m"}, "43200 times every"),
        ({"aggregate": "percentile"}, "write p: 95"),
        ({"p": 50}, "write p: 95"),
        ({"aggregate": "rate"}, "means nothing; levels in dB"),
        ({"aggregate": "count"}, "unit 'dB\\(A\\)' is not that of the count of laeq; write '1'"),
        ({"aggregate": "count", "unit": "1", "limit": {"table": "gb3096"}}, "no table has limits in 1"),
        ({"unit": "dB"}, "write the limit in dB\\(A\\)"),
        ({"coverage": 1.5}, "less than or equal to 1"),
    ],
)
def test_a_faulty_rule_is_refused_in_words(keys: dict[str, object], words: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=words):
        story(tmp_path, [], until=NINE, **keys)
