"""Time is cut where the readings are, never so that one is lost or taken twice."""

from bisect import bisect_left
from collections import Counter
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from domain.instants import MICROS_PER_S
from store.series.stretches import SHORTEST_S, Buckets, stretches

MONTH = 30 * 86_400 * MICROS_PER_S
MINUTE = SHORTEST_S * MICROS_PER_S

moments = st.lists(st.one_of(st.integers(0, MONTH - 1), st.integers(0, 5 * MINUTE)), max_size=60)


@example(at=[0, 0], start=0, length=MINUTE + 1, at_once=1)
@given(moments, st.integers(0, MINUTE), st.integers(1, MONTH), st.integers(1, 20))
def test_the_parts_follow_each_other_and_hold_no_more_than_asked_for(
    at: list[int], start: int, length: int, at_once: int
) -> None:
    at, end, asked = sorted(at), start + length, 0

    def within(begin: int, until: int) -> list[int]:
        return at[bisect_left(at, begin) : bisect_left(at, until)]

    def count(buckets: Buckets) -> Counter[int]:
        nonlocal asked
        asked += 1
        step = buckets.step_s * MICROS_PER_S
        return Counter(moment // step * step for moment in within(buckets.start, buckets.end))

    parts = list(stretches(count, start, end, at_once=at_once))
    assert (parts[0][0], parts[-1][1]) == (start, end)
    assert all(before[1] == after[0] for before, after in pairwise(parts))
    assert all(len(within(*part)) <= at_once or part[1] - part[0] <= MINUTE for part in parts)
    assert asked <= 1 + len(at)


def test_an_empty_month_is_one_part() -> None:
    assert list(stretches(lambda _: {}, 0, MONTH, at_once=10)) == [(0, MONTH)]
