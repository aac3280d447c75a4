"""How much alerts ask of an operator: against a slow twin, and the traps of the trade."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citybrain.backtest.report import shipped_aims
from rules.history.performance import AlarmLoad, Verdict, alarm_load, verdict_of
from tests.backtest.story import DAY, HOUR, MINUTE
from tests.backtest.twin import WINDOW, slow_load

AIMS = shipped_aims()


def load(at: list[int], *, end: int = DAY, operators: int = 1, start: int = 0) -> AlarmLoad:
    return alarm_load(np.array(at, dtype=np.int64), start=start, end=end, operators=operators, aims=AIMS)


@settings(max_examples=50)
@given(
    bursts=st.lists(
        st.tuples(st.integers(0, 300), st.integers(1, 14), st.integers(0, 90_000_000)), min_size=0, max_size=8
    ),
    start=st.sampled_from([0, 1_700_000_123_456_789]),
    length=st.integers(1, 5 * HOUR),
    operators=st.integers(1, 3),
)
def test_the_load_is_that_of_the_slow_twin(
    bursts: list[tuple[int, int, int]], start: int, length: int, operators: int
) -> None:
    at = [start + minute * MINUTE + n * step for minute, count, step in bursts for n in range(count)]
    at = [moment for moment in at if moment < start + length]
    slow = slow_load(at, start=start, end=start + length, operators=operators)
    fast = load(at, start=start, end=start + length, operators=operators)
    assert [(flood.begin, flood.end) for flood in fast.floods] == slow.floods
    assert fast.in_flood == pytest.approx(100 * slow.in_flood_us / length)
    assert fast.per_window == pytest.approx(slow.per_window)
    assert fast.most_in_window == pytest.approx(slow.most)
    assert fast.windows_over == pytest.approx(slow.windows_over)
    assert fast.hours_over == pytest.approx(slow.hours_over)


@settings(max_examples=50)
@given(st.lists(st.integers(0, DAY - 1), max_size=60), st.integers(0, 30))
def test_more_empty_time_lowers_the_average_and_every_share(at: list[int], empty_hours: int) -> None:
    short, long = load(at), load(at, end=DAY + empty_hours * HOUR)
    assert long.per_window * len(long.windows) == pytest.approx(short.per_window * len(short.windows))
    assert long.windows_over <= short.windows_over
    assert long.in_flood <= short.in_flood + 1e-9 or short.floods[-1].end == DAY


def test_empty_windows_count_in_average_and_share() -> None:
    burst = list(range(12))
    assert load(burst).per_window == pytest.approx(12 / 144)
    assert load(burst).windows_over == pytest.approx(100 / 144)


def test_no_alarm_at_all_is_acceptable_and_no_flood() -> None:
    quiet = load([])
    assert (quiet.verdict, quiet.in_flood, quiet.most_in_window) == (Verdict.ACCEPTABLE, 0.0, 0.0)


def test_a_good_average_hides_a_flood_that_is_told_apart() -> None:
    flooded = load([n * 1_000_000 for n in range(100)])
    assert flooded.verdict is Verdict.ACCEPTABLE
    assert len(flooded.floods) == 1
    assert flooded.floods[0].alarms == 100


def test_ten_in_ten_minutes_are_no_flood_and_eleven_are() -> None:
    assert not load([n * MINUTE // 2 for n in range(10)]).floods
    assert load([n * MINUTE // 2 for n in range(11)]).floods[0].begin == 5 * MINUTE


def test_a_flood_goes_on_between_five_and_ten_and_ends_below_five() -> None:
    begin = list(range(11))
    trickle = [10 * MINUTE + n * 2 * MINUTE for n in range(20)]  # five in ten minutes: neither in nor out
    begun = load([*begin, *[n * 2 * MINUTE for n in range(1, 5)], *trickle]).floods
    assert [flood.begin for flood in begun] == [10]
    assert begun[0].end == trickle[-1] + 2 * MINUTE  # of the last five the first is ten minutes old
    assert not load(trickle).floods


def test_a_flood_across_the_edge_of_two_windows_is_seen() -> None:
    astride = [WINDOW - 6 + n for n in range(12)]
    assert load(astride).windows_over == 0.0
    assert len(load(astride).floods) == 1


def test_operators_share_the_alarms() -> None:
    at = [n * 1_000_000 for n in range(22)]
    assert load(at, operators=1).floods
    assert not load(at, operators=3).floods
    assert load(at, operators=2).per_window == load(at).per_window / 2


@pytest.mark.parametrize(
    ("rate", "word"),
    [
        (0.0, "acceptable"),
        (1.0, "acceptable"),
        (1.01, "manageable"),
        (2.0, "manageable"),
        (2.01, "over_demanding"),
        (10.0, "over_demanding"),
        (10.01, "unacceptable"),
    ],
)
def test_the_average_has_the_word_of_eemua_191(rate: float, word: str) -> None:
    assert verdict_of(rate, AIMS) == word


def test_a_rate_over_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no rate over nothing"):
        load([], end=0)
