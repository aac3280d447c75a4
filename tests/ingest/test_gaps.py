"""Losses before the broker, by the devices' counters."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.gaps import LONGEST_GAP, RECALLED, SequenceGaps


def missing_after(*numbers: int) -> int:
    gaps = SequenceGaps()
    for number in numbers:
        gaps.saw([(7, number)])
    return gaps.missing


def test_counting_up_by_one_misses_nothing() -> None:
    assert missing_after(7, 8, 9) == 0


def test_numbers_left_out_are_missing() -> None:
    assert missing_after(1, 4) == 2


def test_a_number_that_comes_late_is_not_missing() -> None:
    assert missing_after(1, 4, 3) == 1


def test_the_same_number_twice_changes_nothing() -> None:
    assert missing_after(1, 4, 4, 3, 3) == 1


def test_a_restart_of_the_device_is_no_loss() -> None:
    assert missing_after(500, 501, 0, 1, 2) == 0


def test_devices_count_apart() -> None:
    gaps = SequenceGaps()
    gaps.saw([(1, 1)])
    gaps.saw([(2, 9)])
    assert gaps.missing == 0


@given(st.permutations(range(1, 40)))
def test_any_order_of_a_complete_row_misses_nothing_but_what_came_before_it(numbers: list[int]) -> None:
    assert missing_after(*numbers) == 0


def test_a_long_gap_takes_little_memory() -> None:
    gaps = SequenceGaps()
    gaps.saw([(7, 0), (7, LONGEST_GAP)])
    assert gaps.missing == LONGEST_GAP - 1
    assert len(gaps._absent[7]) <= RECALLED


def test_a_number_that_nobody_counts_to_is_passed_over() -> None:
    assert missing_after(1, 2, 10**30, -(10**30), -7, 5) == 2


def test_a_leap_beyond_belief_is_a_counter_that_begins_anew() -> None:
    assert missing_after(0, 2**53, 2**53 + 1, 3, 4) == 0
