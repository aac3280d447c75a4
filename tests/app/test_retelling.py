"""Judging once more what the store holds: it agrees with what was told live, whatever the kind and however it came."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybrain.explaining import hearing, retelling
from dashboard.languages import Language
from dashboard.verdicts import verdict
from dashboard.words import load_words
from domain.conditions import Transition
from domain.instants import MICROS_PER_S, from_micros, to_micros
from domain.readings import ReadingBatch
from rules.casebooks.cases import Case, Line
from rules.casebooks.running import program_of
from rules.engine import advance, evaluate, initial_state
from rules.kinds.table import KINDS
from rules.loading import RuleSet
from rules.program import Program
from rules.state import State
from tests.app.storybook import OnRecord, batch_from, explained, kind_of, on_record, records_of, stories, story, told_by

METER = "a silent device is told after three of its own intervals and back at its next reading"
S = MICROS_PER_S


def differing(cases: Iterable[Case]) -> list[tuple[str, str]]:
    """Story and rule of the alerts that do not come out again, out of all that the store holds."""
    return [
        (case.name, record.alert.rule)
        for case in cases
        for record in records_of(case)
        for retold in [explained(case, record)["retold"]]
        if not (retold["agrees"] and retold["is_whole"] and retold["off_s"] == 0.0)
    ]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_alert_of_each_kind_comes_out_again(kind: str) -> None:
    told = [case for case in stories() if any(kind_of(case, one.rule) == kind for one in case.expected)]
    shortest = min(told, key=lambda case: len(case.lines))
    assert any(kind_of(shortest, record.alert.rule) == kind for record in records_of(shortest))
    assert differing([shortest]) == []


@pytest.mark.thorough
def test_every_alert_of_every_story_that_ships_comes_out_again() -> None:
    assert differing(stories()) == []


def test_a_wrong_clock_is_told_again_by_when_its_readings_came() -> None:
    case = story("a meter whose clock is 15 s ahead is told after ten minutes, until somebody sets it")
    [record] = records_of(case)
    prompt = [replace(line, arrival=line.at) for line in case.lines]
    assert explained(case, record)["retold"]["agrees"]
    assert not explained(case, record, lines=prompt)["retold"]["agrees"]


def test_a_device_that_was_never_heard_is_told_from_when_somebody_watched() -> None:
    case = story("a device never heard counts from the first tick")
    [record] = records_of(case)
    found = explained(case, record)
    assert found["readings"] == []
    assert found["retold"]["agrees"] and found["retold"]["watched_from"] == case.start // 1000


def test_a_device_that_was_heard_is_told_from_its_last_reading() -> None:
    case = story(METER)
    [record] = records_of(case)
    assert explained(case, record)["retold"]["watched_from"] is None


def test_a_silence_that_was_none_by_the_readings_in_the_store_is_found_out() -> None:
    case = story(METER)
    [record] = records_of(case)
    [quiet] = [move.at for move in record.moves if move.move == "open"]
    between = replace(case.lines[0], at=to_micros(quiet) - S, arrival=to_micros(quiet) - S)
    assert not explained(case, record, lines=[*case.lines, between])["retold"]["agrees"]


def _noise(levels: Sequence[float], delays: Sequence[int], *, lateness: float) -> Case:
    """A meter that reports every ten seconds, each reading so many seconds late."""
    base = story(METER)
    [meter] = [device.id for device in base.registry if device.kind == "noise_meter"]
    [rule] = [one for one in _shipped().rules if one.entry.id == "noise-zone"]
    entry = rule.entry.model_copy(update={"lateness": lateness})
    lines = [
        Line(device=meter, metric="laeq", at=at, arrival=at + late * S, value=level)
        for number, (level, late) in enumerate(zip(levels, delays, strict=True))
        for at in [base.start + number * 10 * S]
    ]
    return replace(
        base,
        ruleset=replace(base.ruleset, rules=(replace(rule, entry=entry),)),
        lines=tuple(sorted(lines, key=lambda line: line.arrival)),
        until=base.start + len(levels) * 10 * S + 200 * S,
        settle=100 * S,
        tick=S,
    )


@cache
def _shipped() -> RuleSet:
    return next(case.ruleset for case in stories() if any(rule.entry.id == "noise-zone" for rule in case.ruleset.rules))


@given(
    readings=st.lists(
        st.tuples(st.sampled_from([50.0, 59.5, 70.0]), st.sampled_from([0, 0, 0, 1, 5, 15, 45, 80])), max_size=25
    ),
    lateness=st.sampled_from([0.0, 30.0, 60.0]),
)
@settings(max_examples=40)
def test_readings_that_came_late_are_judged_again_as_they_came(
    readings: list[tuple[float, int]], lateness: float
) -> None:
    case = _noise([level for level, _ in readings], [late for _, late in readings], lateness=lateness)
    for record in records_of(case):
        retold = explained(case, record)["retold"]
        assert retold["agrees"] and retold["off_s"] == 0.0, (record.moves, retold["signals"])


def test_a_good_reading_that_came_after_newer_ones_is_marked_and_counts_for_nothing() -> None:
    levels = [50.0, 70.0, 70.0, 50.0, 70.0, 70.0, 70.0]
    case = _noise(levels, [0, 0, 0, 25, 0, 0, 0], lateness=0.0)
    [record] = records_of(case)
    found = explained(case, record)
    marked = [(one["value"], one["received"] - one["at"]) for one in found["readings"] if one["overtaken"]]
    assert marked == [(50.0, 25_000)]
    assert found["retold"]["agrees"]
    signals = [told["signal"] for told in found["retold"]["signals"]]
    assert signals[:2] == ["violated", "held"]
    in_order = [told.signal for told in told_by(_noise(levels, [0] * 7, lateness=0.0))]
    assert in_order[:2] == ["violated", "cleared"]


def test_within_its_lateness_a_reading_is_not_marked() -> None:
    case = _noise([50.0, *[70.0] * 8], [0] * 5 + [25] + [0] * 3, lateness=60.0)
    [record] = records_of(case)
    assert not any(one["overtaken"] for one in explained(case, record)["readings"])


def _late_lamps() -> Case:
    """The lamps of a road, each reading up to 8 s late: later than the rules wait for."""
    base = story("a main road with 97 of 100 lamps lit is told, one with 98 is not")
    [rule] = [one for one in base.ruleset.rules if one.entry.id == "lamps-lit"]
    dice, lamps = Random(3), [device.id for device in base.registry if device.road == base.expected[0].target.id]
    lines = [
        Line(device=lamp, metric="lamp_on", at=at, arrival=at + late, value=float(number >= 5 or minute < 3))
        for minute in range(6)
        for number, lamp in enumerate(lamps)
        for at in [base.start + minute * 60 * S + dice.randrange(60 * S)]
        for late in [dice.choice([0, 3 * S, 8 * S])]
    ]
    return replace(
        base,
        ruleset=replace(base.ruleset, rules=(rule,)),
        lines=tuple(sorted(lines, key=lambda line: line.arrival)),
        until=base.start + 400 * S,
        tick=S // 2,
    )


def test_late_lamps_of_a_road_come_out_again_to_the_engines_tick() -> None:
    case = _late_lamps()
    [record] = records_of(case)
    retold = explained(case, record)["retold"]
    assert {"open", "hold"} <= {move.move for move in record.moves}
    assert retold["agrees"] and 0.0 < retold["off_s"] <= 0.5


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many readings each go had that was heard as it came."""
    sizes: list[int] = []

    def counted(program: Program, state: State, batch: ReadingBatch) -> tuple[State, list[Transition]]:
        sizes.append(len(batch))
        return evaluate(program, state, batch)

    monkeypatch.setattr(hearing, "evaluate", counted)
    return sizes


def test_a_long_story_of_late_readings_costs_a_bounded_number_of_goes_and_accuses_nobody(
    judged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = _late_lamps()
    [record] = records_of(case)
    moves = [replace(move, at=move.at + timedelta(minutes=2)) for move in record.moves]
    monkeypatch.setattr(retelling, "MOST_GOES", 40)
    found = explained(case, OnRecord(alert=record.alert, moves=moves))
    assert len(judged) <= 40
    assert found["retold"]["ways_left_out"] and not found["retold"]["is_whole"]
    assert verdict(found) == "explain.too_late"


def test_what_agrees_in_the_order_of_event_time_alone_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    case = _noise([50.0, *[70.0] * 8], [0, 5, *[0] * 7], lateness=0.0)
    [record] = records_of(case)
    monkeypatch.setattr(retelling, "MOST_GOES", 0)
    found = explained(case, record)
    assert found["retold"]["agrees"] and verdict(found) == "explain.by_event_time"


def test_of_a_long_story_the_late_readings_nearest_to_its_moves_are_heard_one_by_one(
    judged: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = _late_lamps()
    [record] = records_of(case)
    explained(case, record)
    every = len(judged)
    judged.clear()
    monkeypatch.setattr(retelling, "MOST_GOES", every - 1)
    retold = explained(case, record)["retold"]
    assert len(judged) <= every // 2
    assert retold["agrees"] and retold["order"] == "arrival" and not retold["ways_left_out"]


def test_ways_that_come_to_the_same_goes_are_heard_once(judged: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retelling, "MOST_GOES", 1)
    case = _noise([50.0, *[70.0] * 8], [0] * 9, lateness=0.0)
    [record] = records_of(case)
    moves = [replace(move, at=move.at + timedelta(hours=1)) for move in record.moves]
    retold = explained(case, OnRecord(alert=record.alert, moves=moves))["retold"]
    assert not retold["agrees"] and not retold["ways_left_out"]
    assert judged == [len(case.lines)]


def _told_after_an_outage(case: Case, *, up: int) -> list[Transition]:
    """An engine that is back at `up`, and judges what came by then before its first tick."""
    program = program_of(case)
    state, told = initial_state(program), list[Transition]()
    place, away_from = 0, max(line.arrival for line in case.lines if line.arrival < up)
    for now in [*range(case.start, away_from + S, S // 2), *range(up, case.until, S // 2)]:
        came = [line for line in case.lines[place:] if line.arrival <= now]
        if came:
            state, found = evaluate(program, state, batch_from(program.vocabulary, came))
            told += found
        state, due = advance(program, state, now)
        told += due
        place += len(came)
    return told


@pytest.mark.parametrize("lateness", [0.0, 30.0])
def test_what_waited_for_an_engine_that_was_away_comes_out_again(lateness: float) -> None:
    levels = [50.0] + [70.0 if (number // 12) % 2 == 0 else 50.0 for number in range(1, 60)]
    case = _noise(levels, [0] * 60, lateness=lateness)
    away, up = case.start + 100 * S, case.start + 400 * S + 137_000
    waited = [line for line in case.lines if away < line.arrival < up]
    lines = [
        replace(line, arrival=up + waited.index(line) * S // 10) if line in waited else line for line in case.lines
    ]
    late = replace(case, lines=tuple(sorted(lines, key=lambda line: line.arrival)))
    records = on_record(_told_after_an_outage(late, up=up), program_of(late))
    assert "lose-evidence" in {move.move for record in records for move in record.moves}
    assert all(explained(late, record)["retold"]["agrees"] for record in records)


def test_moves_that_are_not_on_record_do_not_make_it_the_same_story() -> None:
    case = _noise([55.0, *[70.0] * 6, *[50.0] * 10, *[70.0] * 6, *[50.0] * 10], [0] * 33, lateness=0.0)
    record = records_of(case)[0]
    moves = [record.moves[0], record.moves[-1]]
    found = explained(case, OnRecord(alert=record.alert, moves=moves))
    assert len(found["retold"]["signals"]) > len(moves)
    said = load_words().of(verdict(found), Language.ENGLISH)
    assert "every move on record" in said and "same" not in said


def test_an_alert_of_which_no_move_and_no_reading_is_left_gets_a_plain_answer() -> None:
    case = story(METER)
    [record] = records_of(case)
    found = explained(case, OnRecord(alert=record.alert, moves=[]), lines=[])
    assert found["readings"] == [] and found["retold"]["signals"] == []
    assert verdict(found) == "explain.nothing"


@pytest.mark.parametrize("shift", [timedelta(hours=-1), timedelta(seconds=1)])
def test_a_record_that_says_another_time_is_found_out(shift: timedelta) -> None:
    case = story(METER)
    [record] = records_of(case)
    moves = [replace(move, at=from_micros(to_micros(move.at + shift))) for move in record.moves]
    assert not explained(case, OnRecord(alert=record.alert, moves=moves))["retold"]["agrees"]
