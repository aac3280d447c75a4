"""`frozen`: a stuck sensor is told, a calm or a silent one is not."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings

from domain.errors import Misconfigured
from domain.instants import MICROS_PER_S, to_micros
from rules.loading import RuleSet
from tests.rules.city import Run, at, device, meter, registry_of, rules_of, seconds
from tests.rules.twins import window as twin
from tests.rules.twins.story import Plan, SpannedRow, plans, runs, said_by, stories

S = MICROS_PER_S
START = at("2026-11-22T12:00:00")
END = START + 6000 * S
STUCK = {"id": "stuck", "kind": "frozen", "metric": "laeq", "unit": "dB(A)", "window": "1h", "every": "10m"}


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    keys = {"band": 0.15, "window": "4m", "every": "1m", "readings": 4, "coverage": 0.6, "hold": "1m", "clear": "2m"}
    return rules_of(tmp_path_factory.mktemp("frozen"), {**STUCK, **keys})


@pytest.mark.thorough
@settings(max_examples=100, deadline=None)
@given(
    rows=stories(["A", "B"], "laeq", [50.0, 50.0, 50.0, 50.1, 50.1, 50.3], [0, 20, 30, 60, 60, 60, 61], [0, 60], START),
    plan=plans,
)
def test_frozen_is_its_twin(frozen: RuleSet, rows: list[SpannedRow], plan: Plan) -> None:
    intervals = {"A": 60, "B": 30}
    registry = registry_of(*(meter(name, interval_s=every) for name, every in intervals.items()))
    run = runs(frozen, registry, rows, plan, start=START, until=END)

    def judge(_: int, figure: twin.Figure) -> str:
        if figure.value is None or figure.coverage < 0.6 or figure.readings < 4:
            return "unknown"
        return "violated" if figure.value <= 0.15 else "ok"

    for name, interval in intervals.items():
        windows = twin.Windows(zone="Asia/Shanghai", step_s=60, steps=4, interval=interval, figure=twin.spread)
        expected = windows.signals(
            said_by(rows, name), judge, hold=60 * S, clear=120 * S, start=START - 3600 * S, until=END
        )
        told = [change for change in run.told if change.target.id == name]
        assert [(c.signal.value, to_micros(c.at), to_micros(c.since)) for c in told] == expected


def told(tmp_path: Path, levels: Sequence[float], *, hours: int, **keys: object) -> Run:
    """Minute levels from noon on, then silence; ticked at the end of the hours."""
    run = Run.of(rules_of(tmp_path, {**STUCK, **keys}), registry_of(meter("N", "2")))
    rows = [("N", "laeq", START + (number + 1) * 60 * S, level) for number, level in enumerate(levels)]
    run.readings(rows, span=[60.0] * len(rows))
    run.tick(START + hours * 3600 * S)
    return run


def test_a_stuck_meter_is_told_after_the_window_and_cleared_when_it_moves(tmp_path: Path) -> None:
    run = told(tmp_path, [*[50.0, 60.0] * 15, *[55.5] * 90, *[50.0, 60.0] * 30], hours=3)
    # stuck from 12:30 to 14:00; the first whole hour in which nothing moves ends at 13:30
    assert seconds(run.of_rule("stuck"), START) == [
        ("violated", 5400, 5400),
        ("held", 5400, 5400),
        ("cleared", 7800, 7800),
    ]
    evidence = run.told[0].evidence
    assert (evidence.value, evidence.limit, evidence.comparison, evidence.unit) == (0.0, 0.0, ">", "dB(A)")
    assert dict(evidence.figures) == {
        "aggregate": "range",
        "window_from": "2026-11-22T12:30:00+08:00",
        "window_to": "2026-11-22T13:30:00+08:00",
        "readings": 60,
        "coverage": 1.0,
        "coverage_needed": 0.75,
    }


def test_a_value_that_trembles_in_its_last_digit_is_stuck_within_the_band(tmp_path: Path) -> None:
    levels = [55.0, 55.1] * 60
    assert told(tmp_path, levels, hours=2).told == []
    assert told(tmp_path, levels, hours=2, band=0.1).told != []


def test_silence_after_a_constant_value_is_unknown_and_never_frozen(tmp_path: Path) -> None:
    assert told(tmp_path, [50.0, 60.0] * 15 + [55.5] * 20, hours=5).told == []


def test_a_frozen_sensor_that_falls_silent_is_lost_and_not_cleared(tmp_path: Path) -> None:
    signals = [signal for signal, _, _ in seconds(told(tmp_path, [55.5] * 90, hours=6).of_rule("stuck"), START)]
    assert signals == ["violated", "held", "lost"]


def test_few_readings_prove_nothing(tmp_path: Path) -> None:
    run = Run.of(rules_of(tmp_path, STUCK), registry_of(meter("N", "2", interval_s=900)))
    run.readings([("N", "laeq", START + number * 900 * S, 55.5) for number in range(12)])
    run.tick(END)
    assert run.told == []


@pytest.mark.parametrize(
    "keys, words",
    [
        ({"metric": "cover_open", "unit": "1"}, "is a state or a counter"),
        ({"metric": "energy", "unit": "kWh"}, "is a state or a counter"),
        ({"unit": "%"}, "write the band in dB"),
        ({"every": "7m"}, "every: 420 s neither divides a day"),
        ({"readings": 1}, "greater than or equal to 2"),
    ],
)
def test_a_faulty_rule_is_refused_in_words(keys: dict[str, object], words: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=words):
        Run.of(rules_of(tmp_path, {**STUCK, **keys}), registry_of(device("N", "noise_meter")))
