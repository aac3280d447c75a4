"""Figures on columns: the published vectors, and the traps of averaging."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.standards.noise.levels import collection_rate, exceeded, figures, ldn, leq, leq24, spread
from tests.standards.noise import twin

LEVELS = st.lists(st.floats(20, 130), min_size=1, max_size=60)


def column(levels: list[float]) -> np.ndarray:  # type: ignore[type-arg]  floats
    return np.array(levels, dtype=np.float64)


@pytest.mark.parametrize(("levels", "expected"), [([60, 70], 67.40), ([50] * 59 + [90], 72.24), ([55, 65, 60], 61.74)])
def test_leq_is_the_mean_of_energy_not_of_decibels(levels: list[float], expected: float) -> None:
    assert round(leq(column(levels)), 2) == expected


def test_leq_of_59_minutes_and_one_minute_is_that_of_60_minutes() -> None:
    assert round(leq(column([50, 90]), [59, 1]), 2) == 72.24


@pytest.mark.parametrize(("ld", "ln", "expected"), [(58, 48, 58.00), (62, 55, 63.24)])
def test_ldn_weighs_16_and_8_hours_and_adds_10_db_to_the_night(ld: float, ln: float, expected: float) -> None:
    assert round(ldn(ld, ln), 2) == expected


def test_leq_of_24_hours_is_no_plain_mean_of_day_and_night() -> None:
    assert round(leq24(58, 48), 2) == 56.45


def test_l10_is_the_loud_tail_and_l90_the_background() -> None:
    rising = column([float(level) for level in range(101)])
    assert [exceeded(rising, percent) for percent in (5, 10, 50, 90, 95)] == pytest.approx([95, 90, 50, 10, 5])


def test_a_level_that_lasts_ten_times_as_long_weighs_ten_times_as_much() -> None:
    assert exceeded(column([40, 80]), 50, [10, 1]) == pytest.approx(60.0)
    assert exceeded(column([40, 60, 80]), 50, [10, 1, 1]) < 60.0


def test_the_spread_is_that_of_a_sample() -> None:
    assert spread(column([50, 54])) == pytest.approx(2.8284271)
    assert np.isnan(spread(column([50])))


def test_nothing_measured_is_nan_and_not_silence() -> None:
    nothing = column([])
    found = figures(nothing, nothing)
    assert all(
        np.isnan([leq(nothing), exceeded(nothing, 50), spread(nothing), found.leq, found.lmax, found.exceeded[10]])
    )


def test_the_share_of_samples_among_those_due() -> None:
    assert collection_rate(45, 60) == 0.75
    assert np.isnan(collection_rate(0, 0))


def test_the_maximum_is_the_measured_one_where_there_is_one() -> None:
    levels, spans = column([50, 60]), column([60, 60])
    assert figures(levels, spans).lmax == 60
    assert figures(levels, spans, column([float("nan"), 78.5])).lmax == 78.5


@given(LEVELS)
def test_leq_lies_between_the_arithmetic_mean_and_the_loudest(levels: list[float]) -> None:
    found = leq(column(levels))
    assert max(np.mean(levels), min(levels)) - 1e-9 <= found <= max(levels) + 1e-9


@given(LEVELS, st.randoms(use_true_random=False))
def test_the_order_of_the_slots_does_not_matter(levels: list[float], dice: object) -> None:
    shuffled = list(levels)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]  a random.Random
    one, other = (figures(column(order), np.ones(len(levels))) for order in (levels, shuffled))
    assert [one.leq, one.sd, *one.exceeded.values()] == pytest.approx(
        [other.leq, other.sd, *other.exceeded.values()], nan_ok=True
    )


@given(LEVELS, st.integers(1, 20))
def test_hours_recombined_by_energy_are_the_whole(levels: list[float], length: int) -> None:
    parts = [column(levels[first : first + length]) for first in range(0, len(levels), length)]
    assert leq(column([leq(part) for part in parts]), [float(len(part)) for part in parts]) == pytest.approx(
        leq(column(levels)), abs=1e-9
    )


@given(st.lists(st.tuples(st.floats(20, 130), st.floats(0.125, 3600)), min_size=1, max_size=40))
def test_figures_agree_with_the_slow_twin(slots: list[tuple[float, float]]) -> None:
    levels, spans = column([level for level, _ in slots]), column([span for _, span in slots])
    found = figures(levels, spans)
    assert found.leq == pytest.approx(twin.leq(slots), abs=1e-9)
    told = [exceeded(levels, percent, spans) for percent in found.exceeded]
    assert told == pytest.approx([twin.exceeded(slots, p) for p in found.exceeded], abs=1e-9)
    assert list(found.exceeded.values()) == (told if len(slots) > 1 else pytest.approx([float("nan")] * 5, nan_ok=True))


@given(LEVELS, st.floats(1, 99))
def test_equal_slots_have_the_percentiles_of_numpy(levels: list[float], percent: float) -> None:
    assert exceeded(column(levels), percent) == pytest.approx(np.percentile(levels, 100 - percent), abs=1e-6)
