"""What is read and shown of an alert: what its rule looks at, nearest to its moves, and how much more there is."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybrain.explaining import explanation, stored
from citybrain.explaining.stored import Found, stored_readings
from citybrain.explaining.subject import MOST_BEFORE, Subject, subject_of
from domain.devices import Device
from domain.instants import MICROS_PER_S, from_micros
from domain.readings import ReadingBatch, Vocabulary, batch_of
from domain.series import BatchQuery
from rules.casebooks.cases import Case, Line
from tests.app.storybook import OnRecord, explained, kind_of, records_of, stories, story

S = MICROS_PER_S
FLOOD = "water in the well and an open cover near by are told"
ALL_TIME = BatchQuery(start=from_micros(0), end=from_micros(1 << 52))


def _record(case: Case, kind: str) -> OnRecord:
    return next(one for one in records_of(case) if kind_of(case, one.alert.rule) == kind)


def _drift() -> Case:
    return next(case for case in stories() if case.name.startswith("a station 30 above its three neighbours for three"))


def _crowded(case: Case, model: str, *, lon: float) -> Case:
    """With ten more devices like this one, so much farther east, that say the same as it every time."""
    like = case.registry.devices[model]
    names = [f"far-{number}" for number in range(10)]
    far = {name: replace(like, id=name, place=replace(like.place, lon=like.place.lon + lon)) for name in names}
    told = [replace(line, device=name) for line in case.lines if line.device == model for name in names]
    lines = sorted([*case.lines, *told], key=lambda line: line.arrival)
    return replace(case, registry=replace(case.registry, devices={**case.registry.devices, **far}), lines=tuple(lines))


def test_of_a_drift_the_station_is_shown_and_its_neighbours_within_reach_are_judged_along() -> None:
    case = _drift()
    record = _record(case, "drift")
    alone, crowded = explained(case, record), explained(_crowded(case, "A1", lon=2.0), record)
    assert {reading["device"] for reading in crowded["readings"]} == {record.alert.target.id}
    assert crowded["readings_left_out"] == alone["readings_left_out"] > 0
    assert crowded["retold"]["agrees"] and crowded["retold"]["is_whole"]


def test_neighbours_within_reach_are_judged_along() -> None:
    case = _drift()
    record = _record(case, "drift")
    more = explained(_crowded(case, "A1", lon=0.0), record)["readings_left_out"]
    assert more > explained(case, record)["readings_left_out"]


def test_of_several_conditions_near_each_other_the_devices_of_the_evidence_are_shown() -> None:
    case = story(FLOOD)
    record = _record(case, "correlation")
    evidence = {reading.device for move in record.moves for reading in move.evidence.readings}
    for lon in (0.0, 2.0):
        found = explained(_crowded(case, "C", lon=lon), record)
        assert {reading["device"] for reading in found["readings"]} == evidence
        assert found["retold"]["agrees"]


def _subject(case: Case, kind: str, devices: Sequence[Device]) -> Subject:
    record = _record(case, kind)
    [rule] = [one for one in case.ruleset.rules if one.entry.id == record.alert.rule]
    return subject_of(record.alert, record.moves, rule.entry, devices, case.registry)


def test_a_look_back_over_more_readings_than_can_be_gone_through_is_shortened_and_said_to_be() -> None:
    case = _drift()
    devices = list(case.registry)
    whole = _subject(case, "drift", devices)
    often = [replace(device, interval_s=0.01) for device in devices]
    short = _subject(case, "drift", often)
    assert whole.is_whole and not short.is_whole
    opened = _record(case, "drift").alert.opened_at
    seconds = (opened - short.start).total_seconds()
    assert seconds * 100 * len(short.devices) == pytest.approx(MOST_BEFORE, rel=0.01)


def _batches(times: Sequence[int], size: int) -> Iterator[ReadingBatch]:
    words = Vocabulary(devices=["A"], metrics=["laeq"])
    for begin in range(0, len(times), size):
        at = list(times[begin : begin + size])
        zeros = [0] * len(at)
        yield batch_of(words, device=zeros, metric=zeros, at=at, received=at, value=[1.0] * len(at))


def _found(times: Sequence[int], moves: Sequence[int], *, limit: int, size: int = 3) -> Found:
    return stored_readings(lambda _query: _batches(times, size), ALL_TIME, moves=moves, limit=limit)


@given(
    times=st.lists(st.integers(0, 300), max_size=60, unique=True).map(sorted),
    moves=st.lists(st.integers(0, 300), min_size=1, max_size=4),
    limit=st.integers(1, 20),
    size=st.integers(1, 30),
)
@settings(max_examples=150)
def test_of_too_many_readings_those_nearest_to_the_moves_are_kept_and_all_are_counted(
    times: list[int], moves: list[int], limit: int, size: int
) -> None:
    def apart(at: int) -> int:
        return min(abs(at - move) for move in moves)

    found = _found(times, moves, limit=limit, size=size)
    farthest = sorted(map(apart, times))[:limit]
    kept = [at for at in times if farthest and apart(at) <= farthest[-1]]
    assert [one.received for one in found.readings] == kept
    assert (found.left_out, found.is_counted) == (len(times) - len(kept), True)


def test_a_store_is_not_gone_through_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MOST_COUNTED", 30)
    found = _found(range(1000), [10], limit=5)
    assert [one.received for one in found.readings] == [8, 9, 10, 11, 12]
    assert (found.left_out, found.is_counted) == (25, False)


def test_a_story_with_too_many_readings_is_told_by_those_around_its_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    case = story("a silent device is told after three of its own intervals and back at its next reading")
    [record] = records_of(case)
    start, device = case.lines[0].at, record.alert.target.id
    before = [
        Line(device=device, metric="laeq", at=at, arrival=at, value=50.0) for at in range(start - 9 * S, start, S)
    ]
    lines = [*before, *case.lines]
    whole = explained(case, record, lines=lines)
    monkeypatch.setattr(explanation, "MOST_READ", 3)
    found = explained(case, record, lines=lines)
    assert len(found["readings"]) + found["readings_left_out"] == len(whole["readings"]) > 3
    assert not found["retold"]["is_whole"] and whole["retold"]["is_whole"]
    moves = {move.at for move in record.moves}
    assert max(moves) in {from_micros(reading["at"] * 1000) for reading in found["readings"]}
