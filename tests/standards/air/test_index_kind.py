"""The kind `index` says what a slow twin says that knows the whole story, for any batches, ticks and restarts."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.conditions import Transition
from domain.instants import MICROS_PER_S
from rules import engine, snapshots
from rules.columns import NEVER
from rules.loading import RuleSet
from rules.standards.air.hours import HOUR_US
from rules.standards.air.reports import Period, report
from tests.rules.city import Run, batch, device, registry_of, rules_of
from tests.rules.twin import HoldAndClear, Signals
from tests.standards.air.places import editions, local

S = MICROS_PER_S
MINUTE = 60 * S
STATIONS = ("A1", "A2")
METRICS = ("pm2_5", "o3", "no2")
SETTLE = 2
Row = tuple[str, str, int, float, float]
"""Station, metric, end of the span, value, span in seconds."""

RULE: dict[str, Any] = {
    "id": "aqi",
    "kind": "index",
    "limit": 100,
    "dead_band": 10,
    "hold": "30m",
    "clear": "90m",
    "not_monitored": ["so2", "co", "pm10"],
}


def rules(tmp_path: Path, **more: Any) -> RuleSet:
    return rules_of(tmp_path, {**RULE, **more})


@pytest.fixture(scope="module")
def ruleset(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    return rules(tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def old_ruleset(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    return rules(tmp_path_factory.mktemp("old"), standard="hj633-2012", limit=60)


def registry() -> Any:
    return registry_of(*(device(name, "air_station", interval_s=60.0) for name in STATIONS))


def drive(ruleset: RuleSet, rows: Sequence[Row], plan: Sequence[tuple[int, int | None, bool]], until: int) -> Run:
    """Rows in order of arrival; a watermark never passes what is still to come. Plan: as in tests/rules."""
    run = Run.of(ruleset, registry(), settle_s=SETTLE, blind_after_s=1e6)
    rows, step = list(rows), 0
    while rows:
        number, before, restart = plan[step % len(plan)]
        head, rows = rows[:number], rows[number:]
        columns = {"span": [row[4] for row in head]}
        readings = batch(run.program.vocabulary, [row[:4] for row in head], **columns)
        run.state, told = engine.evaluate(run.program, run.state, readings)
        run.told += told
        if before is not None and rows:
            run.tick(min(row[2] for row in rows) - max(before * S, 1) + SETTLE * S)
        if restart:
            run.state = snapshots.load(snapshots.dump(run.state), run.program)
        step += 1
    run.tick(until + SETTLE * S)
    return run


def slow(rows: Sequence[Row], station: str, until: int, *, standard: str | None = None, limit: int = 100) -> Signals:
    """Hour by hour in exact fractions, with everything known; a reading belongs to the hour in which it ends."""
    hours: dict[int, dict[str, dict[int, tuple[Fraction, int]]]] = {}
    for name, metric, at, value, span in rows:
        if name == station:
            hour = (at - 1) // HOUR_US * HOUR_US
            seconds = max(round(min((span or 60.0) * S, at - hour) / S), 1)
            # of two at one instant the first stands
            hours.setdefault(hour, {}).setdefault(metric, {}).setdefault(at, (Fraction(str(value)), seconds))
    if not hours:
        return []
    means: dict[int, dict[str, Fraction]] = {}
    events: list[tuple[int, str]] = []
    hour, quiet = min(hours), 0
    while hour + HOUR_US <= until:
        means[hour] = {
            metric: sum((v * s for v, s in spans.values()), Fraction(0)) / sum(s for _, s in spans.values())
            for metric, spans in hours.get(hour, {}).items()
            if sum(s for _, s in spans.values()) >= 45 * 60
        }
        # a station without a valid hour for a day is forgotten until it speaks again
        quiet = 0 if means[hour] else quiet + 1
        if quiet < 24 or any(means.get(hour - back * HOUR_US) for back in range(24)):
            events.append((hour + HOUR_US, found(means, hour, standard, limit)))
        hour += HOUR_US
    return HoldAndClear(30 * MINUTE, 90 * MINUTE).run(events, until)


def found(means: dict[int, dict[str, Fraction]], hour: int, standard: str | None, limit: int) -> str:
    edition = editions()["hj633-2026" if standard is None else standard]
    values: dict[str, Fraction] = {}
    for name in edition.hourly:
        indicator = edition.indicators[name]
        width, least = {"1h": (1, 1), "8h": (8, 6), "24h": (24, 20)}[indicator.mean]
        known = [
            means[at][indicator.pollutant]
            for at in (hour - back * HOUR_US for back in range(width))
            if indicator.pollutant in means.get(at, {})
        ]
        if len(known) >= least:
            values[name] = sum(known, Fraction(0)) / len(known)
    aqi = report(edition, Period.HOURLY, values, not_monitored=RULE["not_monitored"]).aqi
    return "unknown" if aqi is None else "violated" if aqi > limit else "between" if aqi > limit - 10 else "ok"


START = local("2026-11-20T20:00")


SHAPES: dict[str, Callable[[int, float], list[tuple[int, float, float]]]] = {
    "hour": lambda begin, value: [(begin + HOUR_US, value, 3600.0)],
    # the first quarter comes twice, the second time with another value
    "quarters": lambda begin, value: [
        *((begin + q * 15 * MINUTE, value + q, 900.0) for q in (1, 2, 3, 4)),
        (begin + 15 * MINUTE, 999.0, 900.0),
    ],
    "three": lambda begin, value: [(begin + q * 15 * MINUTE, value, 900.0) for q in (1, 2, 4)],  # just enough
    "thin": lambda begin, value: [(begin + 20 * MINUTE, value, 1200.0)],
    "instants": lambda begin, value: [(begin + m * MINUTE, value, 0.0) for m in range(3, 60, 3)],
    "none": lambda begin, value: [],
}
"""What an hour of one metric can look like: end, value, span."""


@st.composite
def stories(draw: st.DrawFn, *, longest: int = 16) -> list[Row]:
    """Some hours of two stations, each metric in a shape of its own."""
    shapes = st.sampled_from(["hour", *SHAPES])
    values = st.sampled_from([20.0, 58.0, 60.5, 60.51, 61.5, 160.0, 161.0, 210.0])
    rows = [
        (station, metric, at, value, span)
        for number in range(draw(st.integers(2, longest)))
        for station in STATIONS
        for metric in METRICS
        for at, value, span in SHAPES[draw(shapes)](START + number * HOUR_US, draw(values))
    ]
    return sorted(rows, key=lambda row: row[2])


plans = st.lists(
    st.tuples(st.integers(1, 60), st.none() | st.sampled_from([0, 1, 30, 600]), st.booleans()), min_size=1, max_size=8
)
WHOLE = [(1_000_000, None, False)]


def by_target(told: Sequence[Transition]) -> list[Transition]:
    return sorted(told, key=lambda change: (str(change.target), change.at))


@pytest.mark.thorough
@settings(max_examples=15, deadline=None)
@given(rows=stories(), plan=plans)
def test_any_cut_and_any_rhythm_and_restart_give_the_signals_of_the_slow_twin(
    ruleset: RuleSet, rows: list[Row], plan: list[tuple[int, int | None, bool]]
) -> None:
    until = START + 30 * HOUR_US
    planned, whole = drive(ruleset, rows, plan, until), drive(ruleset, rows, WHOLE, until)
    assert by_target(planned.told) == by_target(whole.told)
    for station in STATIONS:
        told = [
            (signal, at, since) for name, signal, at, since in planned.of_rule("aqi") if name == f"device:{station}"
        ]
        assert told == slow(rows, station, until)


@settings(max_examples=6, deadline=None)
@given(rows=stories(longest=40), plan=plans)
def test_the_sliding_means_of_2012_survive_cuts_and_restarts(
    old_ruleset: RuleSet, rows: list[Row], plan: list[tuple[int, int | None, bool]]
) -> None:
    until = START + 50 * HOUR_US
    planned = drive(old_ruleset, rows, plan, until)
    for station in STATIONS:
        told = [
            (signal, at, since) for name, signal, at, since in planned.of_rule("aqi") if name == f"device:{station}"
        ]
        assert told == slow(rows, station, until, standard="hj633-2012", limit=60)


def test_the_evidence_names_edition_hour_primary_every_sub_index_and_the_coverage(ruleset: RuleSet) -> None:
    rows = [
        ("A1", metric, START + HOUR_US, value, 3600.0)
        for metric, value in (("pm2_5", 61.0), ("o3", 120.0), ("no2", 30.0))
    ]
    [violated] = drive(ruleset, rows, WHOLE, START + HOUR_US).told
    assert violated.evidence.value == 101
    assert violated.evidence.limit == 100
    assert violated.evidence.figures == {
        "edition": "hj633-2026",
        "hour": "2026-11-20T12:00:00.000Z",
        "primary": "pm2_5",
        "iaqi_no2_1h": 15,
        "iaqi_o3_1h": 38,
        "iaqi_pm2_5_1h": 101,
        "pm2_5": 61.0,
        "minutes_pm2_5": 60.0,
        "o3": 120.0,
        "minutes_o3": 60.0,
        "no2": 30.0,
        "minutes_no2": 60.0,
        "minutes_so2": 0.0,
        "minutes_co": 0.0,
        "minutes_pm10": 0.0,
    }


def test_with_a_pollutant_missing_an_index_of_100_is_unknown_and_one_above_is_not(tmp_path: Path) -> None:
    strict = rules(tmp_path, not_monitored=[], limit=50, hold="0s")
    at = START + HOUR_US
    high = drive(strict, [("A1", "pm2_5", at, 61.0, 3600.0)], WHOLE, at)
    low = drive(strict, [("A1", "pm2_5", at, 60.0, 3600.0)], WHOLE, at)
    assert [change.signal.value for change in high.told] == ["violated", "held"]
    assert low.told == []


def test_the_edition_is_that_of_the_hour_across_the_first_of_march(tmp_path: Path) -> None:
    others = ["pm2_5", "pm10", "so2", "no2", "co"]
    both = rules(tmp_path, metrics=["o3"], not_monitored=others, limit=1, hold="0s", clear="0s", dead_band=0)
    midnight = local("2026-03-01T00:00")
    rows = [("A1", "o3", midnight, 100.0, 3600.0), ("A1", "o3", midnight + HOUR_US, 1.0, 3600.0)]
    told = drive(both, [*rows, ("A1", "o3", midnight + 2 * HOUR_US, 90.0, 3600.0)], WHOLE, midnight + 2 * HOUR_US).told
    assert [change.evidence.figures["edition"] for change in told if change.signal.value == "violated"] == [
        "hj633-2012",
        "hj633-2026",
    ]


def test_a_station_that_falls_silent_is_lost_once_and_forgotten_after_a_day(ruleset: RuleSet) -> None:
    rows = [("A1", metric, START + HOUR_US, 210.0, 3600.0) for metric in METRICS]
    run = drive(ruleset, rows, WHOLE, START + 200 * HOUR_US)
    assert [change.signal.value for change in run.told] == ["violated", "held", "lost"]
    assert int(run.state.rules["aqi"].own["hour"][0]) == NEVER


@pytest.mark.parametrize("delay_s", [0, 17, 3_600, 7_300])
def test_a_feed_that_is_late_as_a_whole_gives_what_it_gives_live_while_ticks_run_at_the_present(
    ruleset: RuleSet, delay_s: int
) -> None:
    run = Run.of(ruleset, registry(), settle_s=SETTLE, blind_after_s=1e6)
    rows: list[Row] = []
    for minute in range(1, 6 * 60 + 1):
        at = START + minute * MINUTE
        level = 70.0 if 60 < minute <= 180 else 20.0
        new: list[Row] = [("A1", metric, at, level, 60.0) for metric in METRICS]
        rows += new
        columns = {"span": [60.0] * len(new), "received": [at + delay_s * S] * len(new)}
        run.readings([row[:4] for row in new], **columns)
        run.tick(at + delay_s * S)
    told = [(signal, at, since) for _, signal, at, since in run.of_rule("aqi")]
    # the last hour is not over for the station's own clock yet
    assert told == slow(rows, "A1", START + 6 * HOUR_US - SETTLE * S)
    assert [signal for signal, *_ in told] == ["violated", "held", "cleared"]
