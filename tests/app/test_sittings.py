"""Entries that wait are judged in one go, and after a crash in the very same goes."""

from itertools import chain, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from citybrain.engine.sittings import LONGEST_US, MOST_READINGS, as_before, together
from domain.alerts import AlertState
from domain.readings import Vocabulary, batch_of
from domain.settlements import Journalled, Settlement
from tests.app.engine_room import EngineRoom
from tests.app.installation import DEVICES, write_yaml

WORDS = Vocabulary(devices=["NM-1"], metrics=["laeq"])
STEPS_US = st.sampled_from([0, 1, 40_000, LONGEST_US, LONGEST_US + 1, 1_000_000, -5_000])
COUNTS = st.sampled_from([0, 1, 300, MOST_READINGS // 2, MOST_READINGS, MOST_READINGS + 1])
ENTRIES = st.lists(st.tuples(STEPS_US, COUNTS), max_size=12)


def journal(sizes: list[tuple[int, int]], *, after: int = 0) -> list[Journalled]:
    """Entries by how much later each is than the one before (microseconds), and how many readings it has."""
    now, entries = 1_000_000_000, []
    for number, (step, count) in enumerate(sizes, start=after + 1):
        now += step
        zeros = np.zeros(count)
        readings = batch_of(WORDS, device=zeros, metric=zeros, at=zeros + now, value=zeros)
        entries.append(Journalled(sequence=number, settlement=Settlement(now=now, readings=readings)))
    return entries


def readings_of(entries: list[Journalled]) -> int:
    return sum(len(entry.settlement.readings) for entry in entries)


@given(ENTRIES)
def test_every_entry_is_judged_once_and_in_its_order(sizes: list[tuple[int, int]]) -> None:
    entries = journal(sizes)
    assert list(chain.from_iterable(together(entries))) == entries


@given(ENTRIES)
def test_a_go_of_several_entries_is_neither_too_large_nor_too_long(sizes: list[tuple[int, int]]) -> None:
    for go in map(list, together(journal(sizes))):
        times = [entry.settlement.now for entry in go]
        assert len(go) == 1 or readings_of(go) <= MOST_READINGS
        assert all(0 <= time - times[0] <= LONGEST_US for time in times)


@given(ENTRIES)
def test_no_two_goes_could_have_been_one(sizes: list[tuple[int, int]]) -> None:
    for one, next_one in pairwise(map(list, together(journal(sizes)))):
        span = next_one[0].settlement.now - one[0].settlement.now
        assert readings_of(one) + len(next_one[0].settlement.readings) > MOST_READINGS or not 0 <= span <= LONGEST_US


@given(ENTRIES, st.integers(1, 13))
def test_the_goes_of_before_come_again_whatever_is_read_at_once(sizes: list[tuple[int, int]], at_once: int) -> None:
    entries = journal(sizes, after=7)
    before = [list(go) for go in together(entries)]
    lasts = {go[0].sequence: go[-1].sequence for go in before if len(go) > 1}
    longest = max(map(len, before), default=1)
    again, judged = [], 0
    while judged < len(entries):
        for go in as_before(entries[judged : judged + max(at_once, longest)], lasts):
            again.append(list(go))
            judged += len(go)
    assert again == before


def test_a_go_whose_end_cannot_be_read_any_more_is_judged_as_far_as_there_is() -> None:
    entries = journal([(0, 1), (0, 1)])
    assert [len(go) for go in as_before(entries, {1: 5})] == [2]


def late_good_news(room: EngineRoom) -> None:
    """Bad air in a shaft; the timer is up at an entry, and the next one brings what was measured before that."""
    room.judge([("MC-1", "o2", 10.0)], at=0)
    room.settle(at=7.1)  # five seconds of hold time and two for what is under way are over
    vocabulary = room.parts.latest.vocabulary
    readings = batch_of(
        vocabulary,
        device=[vocabulary.device_ordinal["MC-1"]],
        metric=[vocabulary.metric_ordinal["o2"]],
        at=[room.at(3)],
        value=[20.9],
    )
    room.parts.journal.append(Settlement(now=room.at(7.2), readings=readings))


def test_after_a_crash_the_rules_stand_where_the_records_do(room: EngineRoom) -> None:
    late_good_news(room)
    assert [entry.sequence for entry in room.step().entries] == [2, 3]
    state = room.parts.desk.dump()
    [(alert, _)] = room.history()
    room.crash()
    assert room.parts.desk.dump() == state
    assert alert.state is AlertState.CLOSED  # the good news came in time for this go


def test_the_story_is_worth_telling_because_it_depends_on_the_goes(room: EngineRoom) -> None:
    room.judge([("MC-1", "o2", 10.0)], at=0)
    room.judge(at=7.1)
    [(alert, _)] = room.history()
    assert alert.state is AlertState.ACTIVE


def test_goes_are_forgotten_once_the_rules_are_saved_behind_them(room: EngineRoom) -> None:
    late_good_news(room)
    room.step()
    assert room.parts.service.sittings(after=0) == {2: 3}
    room.parts.evaluation.save()
    assert room.parts.service.sittings(after=0) == {}


def test_entries_of_a_device_that_has_left_the_registry_are_judged_with_the_others(room: EngineRoom) -> None:
    room.settle([("MC-1", "o2", 10.0)], at=0)
    room.settle([("NM-1", "laeq", 72.0)], at=0.1)
    assert len(room.step().entries) == 2
    room.settle([("MC-1", "o2", 10.0)], at=1)
    room.settle([("NM-1", "laeq", 72.0)], at=1.1)
    left = [dict(entry) for entry in DEVICES if entry["id"] != "MC-1"]
    write_yaml(room.site.folder / "city" / "devices.yaml", {"devices": left})
    room.installation = room.site.installation()
    room.crash()  # judges the recorded ones again, as one go of two vocabularies
    assert [entry.sequence for entry in room.step().entries] == [3, 4]
    assert room.ledger().stored == 4
