"""`change` says what its slow twin says; sudden is told, slow is not, and without a reading to compare nothing is."""

from pathlib import Path

import pytest
from hypothesis import given, settings

from domain.errors import Misconfigured
from domain.instants import MICROS_PER_S, to_micros
from rules.loading import RuleSet
from tests.rules.city import Run, at, device, registry_of, rules_of, seconds
from tests.rules.twins import change as twin
from tests.rules.twins.story import Plan, SpannedRow, plans, runs, said_by, stories

S = MICROS_PER_S
START = at("2026-11-22T12:00:00")
END = START + 7000 * S
RISE = {"kind": "change", "metric": "water_level", "unit": "m", "direction": "up", "within": "10m", "limit": 0.3}
RULES = {
    "rise": {**RISE, "within": "2m", "dead_band": 0.11, "hold": "30s", "clear": "1m"},
    "fall": {**RISE, "within": "2m", "direction": "down", "compare": "<"},
    "either": {**RISE, "within": "61s", "direction": "either"},
}


@pytest.fixture(scope="module")
def changes(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    return rules_of(tmp_path_factory.mktemp("changes"), *({**keys, "id": name} for name, keys in RULES.items()))


def risen(delta: float) -> str:
    return "violated" if delta > 0.3 else "between" if delta > 0.3 - 0.11 else "ok"


def fallen(delta: float) -> str:
    return "violated" if not -delta < 0.3 else "ok"


def moved(delta: float) -> str:
    return "violated" if abs(delta) > 0.3 else "ok"


WATER = [0.2, 0.31, 0.4, 0.55, 0.8, 1.2]
GAPS = [0, 1, 10, 20, 30, 30, 40, 60, 60, 61, 120, 181]


@pytest.mark.thorough
@settings(max_examples=150, deadline=None)
@given(rows=stories(["A", "A", "B"], "water_level", WATER, GAPS, [0], START), plan=plans)
def test_change_is_its_twin(changes: RuleSet, rows: list[SpannedRow], plan: Plan) -> None:
    intervals = {"A": 60, "B": 20}
    registry = registry_of(*(device(name, "manhole_cover", interval_s=every) for name, every in intervals.items()))
    run = runs(changes, registry, rows, plan, start=START, until=END)
    wishes = (("rise", risen, 120, 30, 60), ("fall", fallen, 120, 0, 0), ("either", moved, 61, 0, 0))
    for name, interval in intervals.items():
        for rule, judge, within_s, hold, clear in wishes:
            said = said_by(rows, name)
            times = {"within_s": within_s, "interval": interval, "hold": hold, "clear": clear, "until": END}
            told = [change for change in run.told if (change.rule, change.target.id) == (rule, name)]
            expected = twin.signals(said, judge, **times)
            assert [(c.signal.value, to_micros(c.at), to_micros(c.since)) for c in told] == expected
            for change in told:
                shown = change.evidence.readings[-1]
                old = twin.base(
                    said, to_micros(shown.at), within=within_s * S, tolerance=interval * S, room=32
                )  # fmt: skip
                assert [reading.value for reading in change.evidence.readings[:-1]] == [] if old is None else [old[1]]


def well(tmp_path: Path, *levels: tuple[float, float], interval_s: float = 60, **more: object) -> Run:
    """Second, level."""
    run = Run.of(
        rules_of(tmp_path, {**RISE, "id": "rise", **more}),
        registry_of(device("W", "manhole_cover", interval_s=interval_s)),
    )
    for second, level in levels:
        run.readings([("W", "water_level", START + round(second * S), level)])
        run.tick(START + round(second * S))
    return run


def test_a_sudden_rise_is_told_with_both_readings(tmp_path: Path) -> None:
    run = well(tmp_path, *((60 * n, 0.5) for n in range(11)), (660, 0.85))
    assert seconds(run.of_rule("rise"), START) == [("violated", 660, 660), ("held", 660, 660)]
    evidence = run.told[0].evidence
    assert (evidence.value, evidence.limit, evidence.unit) == (pytest.approx(0.35), 0.3, "m")
    assert [(reading.value, to_micros(reading.at)) for reading in evidence.readings] == [
        (0.5, START + 60 * S),
        (0.85, START + 660 * S),
    ]
    assert evidence.figures["window_from"] == "2026-11-22T12:01:00.000+08:00"


def test_a_slow_rise_over_hours_is_not_sudden(tmp_path: Path) -> None:
    assert well(tmp_path, *((60 * n, 0.2 + 0.02 * n) for n in range(120))).told == []


def test_a_rise_by_exactly_the_limit_is_compliant_whatever_binary_fractions_say(tmp_path: Path) -> None:
    assert 0.8 - 0.5 > 0.3
    assert well(tmp_path, *((60 * n, 0.5 if n < 15 else 0.8) for n in range(30))).told == []


def test_a_fall_is_no_rise(tmp_path: Path) -> None:
    assert well(tmp_path, *((60 * n, 1.5 if n < 15 else 0.2) for n in range(30))).told == []


def test_the_first_readings_have_nothing_to_be_held_against(tmp_path: Path) -> None:
    run = well(tmp_path, (0, 0.2), (60, 0.9), (120, 0.9))
    assert run.told == []


def test_silence_after_a_rise_is_unknown_and_not_good(tmp_path: Path) -> None:
    run = well(tmp_path, *((60 * n, 0.5) for n in range(11)), (660, 0.9))
    run.tick(START + 3000 * S)
    assert [signal for signal, _, _ in seconds(run.of_rule("rise"), START)] == ["violated", "held", "lost"]


def test_a_cover_that_slept_is_held_against_the_level_before_its_sleep(tmp_path: Path) -> None:
    run = well(tmp_path, (0, 0.2), (20_000, 0.9), interval_s=86_400)
    assert seconds(run.of_rule("rise"), START)[0] == ("violated", 20_000, 20_000)


def test_of_more_readings_than_are_kept_the_oldest_kept_one_is_near_enough_or_nothing_is_said(tmp_path: Path) -> None:
    # 1 reading a second of a device that promised one a minute: 32 are kept, ten minutes ago is out of reach
    run = well(tmp_path, *((n, 0.2 if n < 1000 else 0.9) for n in range(1100)), interval_s=60)
    assert run.told == []
    at_once = Run.of(
        rules_of(tmp_path, {**RISE, "id": "rise"}), registry_of(device("W", "manhole_cover", interval_s=60))
    )
    at_once.readings([("W", "water_level", START + n * S, 0.2 if n < 1000 else 0.9) for n in range(1100)])
    assert at_once.told == []


def test_a_reading_that_was_too_old_when_it_came_does_not_tell_the_alert_again(tmp_path: Path) -> None:
    run = well(tmp_path, *((60 * n, 0.5) for n in range(11)), (660, 0.9))
    run.tick(START + 3000 * S)
    run.readings([("W", "water_level", START + 900 * S, 0.9)])
    run.tick(START + 3001 * S)
    assert [signal for signal, _, _ in seconds(run.of_rule("rise"), START)] == ["violated", "held", "lost"]


@pytest.mark.parametrize(
    "keys, words",
    [
        ({"metric": "wind_direction", "unit": "°", "scope": {"kinds": ["air_station"]}}, "is a direction"),
        ({"unit": "mm"}, "write the limit in m"),
        ({"within": "0s"}, "within must be longer"),
        ({"limit": 0}, "greater than 0"),
        ({"direction": "sideways"}, "'up', 'down' or 'either'"),
    ],
)
def test_a_faulty_rule_is_refused_in_words(keys: dict[str, object], words: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=words):
        rules_of(tmp_path, {**RISE, "id": "rise", **keys})
