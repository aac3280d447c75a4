"""What counts as evidence, what does not, and what happens to readings that come too late."""

import math
from pathlib import Path

import numpy as np
import pytest

from domain.conditions import Signal
from domain.instants import MICROS_PER_S, iso
from domain.places import RoadGrade
from domain.readings import Quality, Vocabulary, batch_of
from rules import engine
from rules.groups import fleet
from tests.rules.city import (
    CATALOGUE,
    Run,
    at,
    batch,
    device,
    lamps,
    meter,
    registry_of,
    road,
    rules_of,
    seconds,
    shipped,
    vocabulary_of,
)

S = MICROS_PER_S
NOON = at("2026-11-22T12:00:00")
START = at("2026-11-22T12:00:00")


def noisy() -> Run:
    return Run.of(shipped(), registry_of(meter("N", "2", interval_s=10)))


@pytest.mark.parametrize("columns", [{"quality": [Quality.UNCERTAIN]}, {"quality": [Quality.BAD]}, {"live": [False]}])
def test_only_good_live_readings_are_evidence(columns: dict[str, object]) -> None:
    assert noisy().readings([("N", "laeq", START, 90.0)], **columns) == []


def test_a_bad_reading_is_a_sign_of_life_and_history_is_none() -> None:
    run = Run.of(
        shipped(), registry_of(meter("A", "2", interval_s=10), meter("B", "2", interval_s=10)), blind_after_s=1e6
    )
    run.tick(START)
    run.readings([("A", "laeq", START + 20 * S, 50.0)], quality=[Quality.BAD])
    run.readings([("B", "laeq", START + 20 * S, 50.0)], live=[False])
    run.tick(START + 40 * S)
    assert {target for target, *_ in run.of_rule("device-silent")} == {"device:B"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_a_sign_of_life_and_no_evidence_whatever_its_mark(value: float) -> None:
    marked, unmarked = noisy(), noisy()
    for run, last, quality in ((marked, 50.0, Quality.BAD), (unmarked, value, Quality.GOOD)):
        run.readings([("N", "laeq", START, 90.0)])
        run.readings([("N", "laeq", START + 10 * S, last)], quality=[quality])
        run.tick(START + 3600 * S)
    assert [repr(change) for change in unmarked.told] == [repr(change) for change in marked.told]
    assert Signal.LOST in {change.signal for change in unmarked.told}


def test_a_batch_with_another_vocabulary_is_read_by_names() -> None:
    other = Vocabulary(devices=["stranger", "N"], metrics=["pm10", "laeq"])
    run = noisy()
    rows = [("stranger", "laeq", START, 90.0), ("N", "laeq", START, 90.0), ("N", "pm10", START, 900.0)]
    _, told = engine.evaluate(run.program, run.state, batch(other, rows))
    assert {str(change.target) for change in told} == {"device:N"}


def test_an_older_reading_does_not_undo_a_newer_one() -> None:
    run = noisy()
    run.readings([("N", "laeq", START + 10 * S, 90.0)])
    assert run.readings([("N", "laeq", START, 40.0), ("N", "laeq", START + 10 * S, 40.0)]) == []


def test_evidence_that_runs_out_is_lost_once_and_silence_neither_holds_nor_clears() -> None:
    run = Run.of(shipped(), registry_of(device("AQ", "air_station", interval_s=10)))
    run.readings([("AQ", "pm2_5", START, 90.0)])
    run.tick(START + 3600 * S)
    run.tick(START + 7200 * S)
    assert seconds(run.of_rule("pm2_5-early-warning"), START) == [("violated", 0, 0), ("lost", 30, 30)]


def test_after_a_gap_a_held_violation_is_told_again_with_its_first_begin() -> None:
    run = noisy()
    run.readings([("N", "laeq", START, 90.0)])
    run.readings([("N", "laeq", START + 100 * S, 90.0)])
    run.tick(START + 110 * S)
    expected = [("violated", 0, 0), ("held", 30, 0), ("lost", 30, 30), ("violated", 100, 0)]
    assert seconds(run.of_rule("noise-zone"), START) == expected


def test_a_transition_carries_the_reading_the_limit_and_the_clause() -> None:
    run = noisy()
    [change] = [c for c in run.readings([("N", "laeq", START, 63.5)], span=[60]) if c.rule == "noise-zone"]
    [reading] = change.evidence.readings
    evidence = change.evidence
    assert (reading.device, reading.metric, reading.value, reading.span_s) == ("N", "laeq", 63.5, 60)
    assert (evidence.value, evidence.limit, evidence.comparison, evidence.unit) == (63.5, 60, "<=", "dB(A)")
    assert evidence.clause.zh.startswith("GB 3096-2008")


def test_a_reading_that_comes_after_the_tick_that_lost_it_does_not_turn_history_back() -> None:
    run = Run.of(shipped(), registry_of(device("AQ", "air_station", interval_s=10)))
    run.readings([("AQ", "pm2_5", START, 90.0)])
    run.tick(START + 300 * S)
    run.readings([("AQ", "pm2_5", START + 10 * S, 40.0)])
    expected = [("violated", 0, 0), ("lost", 30, 30), ("cleared", 30, 30)]
    assert seconds(run.of_rule("pm2_5-early-warning"), START) == expected


def test_a_lamp_that_reports_behind_the_watermark_counts_from_the_watermark() -> None:
    run = Run.of(shipped(), registry_of(*lamps("R", 1), roads=[road("R")]))
    evening = at("2026-11-22T21:00:00")
    run.readings([("R-L0", "lamp_on", evening - 300 * S, 1.0)])
    run.tick(evening + 100 * S)
    run.readings([("R-L0", "lamp_on", evening, 0.0)])
    run.tick(evening + 200 * S)
    assert seconds(run.of_rule("lamps-lit"), evening) == [("violated", 98, 98), ("held", 143, 98)]


def test_a_device_whose_messages_are_an_hour_late_is_silent_once_and_does_not_flap() -> None:
    run = noisy()
    run.tick(START)
    for second in range(5, 4200, 5):
        if second >= 3600 and second % 10 == 0:
            run.readings([("N", "laeq", START + (second - 3600) * S, 50.0)])
        run.tick(START + second * S)
    assert seconds(run.of_rule("device-silent"), START) == [("violated", 30, 30), ("held", 30, 30)]


def test_evidence_that_is_out_of_date_when_it_comes_does_not_flap_between_lost_and_known() -> None:
    run = noisy()
    run.tick(START + 3600 * S)
    for second in range(0, 600, 10):
        run.readings([("N", "laeq", START + second * S, 90.0)])
        run.tick(START + (3600 + second) * S)
    signals = [change.signal for change in run.told if change.rule == "noise-zone"]
    assert signals == [Signal.VIOLATED, Signal.HELD, Signal.LOST]


def test_after_a_pause_in_which_nobody_listened_silence_is_counted_anew() -> None:
    run = noisy()
    run.tick(START)
    run.readings([("N", "laeq", START, 50.0)])
    run.tick(START + S)
    run.tick(START + 3600 * S)
    assert run.of_rule("device-silent") == []
    for second in range(3601, 3635):
        run.tick(START + second * S)
    assert seconds(run.of_rule("device-silent"), START) == [("violated", 3630, 3630), ("held", 3630, 3630)]


def test_the_first_batch_after_such_a_pause_finds_no_silence_in_it() -> None:
    run = noisy()
    run.tick(START)
    run.readings([("N", "laeq", START, 50.0)])
    run.tick(START + S)
    run.readings([("N", "laeq", START + 3600 * S, 50.0)])
    run.tick(START + 3600 * S)
    assert run.of_rule("device-silent") == []


def test_what_waits_for_the_watermark_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "WAITING_LIMIT", 100)
    run = Run.of(shipped(), registry_of(*lamps("R", 2), roads=[road("R")]))
    longest = 0
    for second in range(1000):
        run.readings([("R-L0", "lamp_on", START + second * S, 1.0)])
        longest = max(longest, len(run.state.rules["lamps-lit"].waiting))
    assert longest <= 100


def test_an_open_condition_takes_no_memory_beyond_its_columns() -> None:
    run = noisy()
    shapes = [len(rule.sightings.at) + len(rule.judgements.phase) for rule in run.state.rules.values()]
    for second in range(0, 2000, 10):
        run.readings([("N", "laeq", START + second * S, 90.0 if second % 20 else 40.0)])
    assert [len(r.sightings.at) + len(r.judgements.phase) for r in run.state.rules.values()] == shapes


def test_a_vocabulary_without_a_registered_device_is_refused() -> None:
    registry = registry_of(meter("A", "2"), meter("B", "2"))
    with pytest.raises(ValueError, match="lacks 1 devices of the registry, such as B"):
        engine.compile_rules(shipped(), registry, Vocabulary(devices=["A"], metrics=CATALOGUE.codes))


def test_an_empty_batch_says_nothing() -> None:
    run = noisy()
    empty = batch(vocabulary_of(registry_of(meter("N"))), [])
    assert engine.evaluate(run.program, run.state, empty)[1] == []


def test_devices_without_a_zone_are_not_held_against_the_table() -> None:
    run = Run.of(shipped(), registry_of(meter("N")))
    assert run.readings([("N", "laeq", START, 120.0)]) == []


def test_transitions_of_one_call_come_in_order_of_event_time() -> None:
    run = Run.of(shipped(), registry_of(*[meter(f"N{n}", "2", interval_s=10) for n in range(5)]))
    generator = np.random.default_rng(1)
    rows = [(f"N{n % 5}", "laeq", START + int(generator.integers(0, 600)) * S, 90.0 * (n % 3 > 0)) for n in range(200)]
    moments = [change.at for change in run.readings(sorted(rows, key=lambda row: row[2]))]
    assert len(moments) > 20
    assert moments == sorted(moments)


def test_a_scope_by_road_and_by_grade_leaves_the_others_out(tmp_path: Path) -> None:
    registry = registry_of(*lamps("M", 1), *lamps("B", 1), roads=[road("M"), road("B", RoadGrade.BRANCH)])
    entry = {"kind": "absence", "missed": 3}
    rules = rules_of(
        tmp_path,
        {**entry, "id": "by-road", "scope": {"roads": ["B"]}},
        {**entry, "id": "by-grade", "scope": {"grades": ["main"]}},
    )
    program = engine.compile_rules(rules, registry, vocabulary_of(registry))
    assert {rule: [str(t) for t in judge.targets] for rule, judge in program.judges.items()} == {
        "by-road": ["device:B-L0"],
        "by-grade": ["device:M-L0"],
    }


def test_metric_that_the_program_does_not_know_is_passed_over() -> None:
    registry = registry_of(meter("N", "2", interval_s=10))
    program = engine.compile_rules(shipped(), registry, vocabulary_of(registry))
    words = Vocabulary(devices=("N",), metrics=("unheard-of", "laeq"))
    heard = batch_of(words, device=[0, 0], metric=[0, 1], at=[START, START], value=[1.0, 90.0])
    _, told = engine.evaluate(program, engine.initial_state(program), heard)
    assert {change.rule for change in told} == {"noise-city-target", "noise-zone"}


def test_a_device_that_speaks_again_shows_no_silence_beyond_its_limit_but_how_long_it_was(tmp_path: Path) -> None:
    entry = {"id": "silent", "kind": "absence", "missed": 3}
    run = Run.of(rules_of(tmp_path, entry), registry_of(meter("N", "2", interval_s=10)), blind_after_s=1e6)
    run.readings([("N", "laeq", START, 50.0)])
    run.tick(START + 40 * S)
    run.readings([("N", "laeq", START + 95 * S, 50.0)])
    held, cleared = (told for told in run.told if told.signal in (Signal.HELD, Signal.CLEARED))
    assert (held.evidence.value, held.evidence.limit) == (30, 30)
    assert (cleared.evidence.value, cleared.evidence.figures["silence_s"]) == (0, 95)
    assert cleared.evidence.figures["last_seen"] == iso(cleared.at)


def test_a_pause_in_which_nobody_listened_counts_towards_no_hold_of_an_absence(tmp_path: Path) -> None:
    entry = {"id": "silent", "kind": "absence", "missed": 3, "hold": "10m"}
    run = Run.of(rules_of(tmp_path, entry), registry_of(meter("A", interval_s=10)), settle_s=0)
    run.readings([("A", "laeq", NOON, 50.0)])
    for second in range(0, 60, 10):
        run.tick(NOON + second * S)
    assert [signal for _, signal, _, _ in run.of_rule("silent")] == ["violated"]
    run.tick(NOON + 3600 * S)
    run.readings([("A", "laeq", NOON + 3601 * S, 50.0)])
    run.tick(NOON + 3602 * S)
    assert [signal for _, signal, _, _ in run.of_rule("silent")] == ["violated", "cleared"]
