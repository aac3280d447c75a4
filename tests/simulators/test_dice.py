"""Chance that can be asked twice."""

from statistics import fmean, pstdev

from hypothesis import given
from hypothesis import strategies as st

from simulators.dice import Dice

names = st.text(min_size=1, max_size=12)
numbers = st.integers(min_value=-(2**62), max_value=2**62)


@given(seed=numbers, name=names, index=numbers)
def test_a_throw_is_the_same_whenever_it_is_asked_for(seed: int, name: str, index: int) -> None:
    dice = Dice(seed, name)
    dice.uniform(index + 1)
    assert dice.uniform(index) == Dice(seed, name).uniform(index)
    assert 0.0 <= dice.uniform(index) < 1.0


@given(seed=st.integers(0, 10**6), at_s=st.floats(0, 4e9), period_s=st.floats(1, 1e6))
def test_a_wave_does_not_jump(seed: int, at_s: float, period_s: float) -> None:
    dice = Dice(seed, "wave")
    assert abs(dice.wave(at_s + period_s * 1e-4, period_s) - dice.wave(at_s, period_s)) < 0.01


def test_throws_are_spread_as_they_should_be() -> None:
    dice = Dice(1, "spread")
    normals = [dice.normal(i) for i in range(20_000)]
    waves = [dice.wave(i * 7.0, 10.0) for i in range(20_000)]
    assert abs(fmean(normals)) < 0.03 and abs(pstdev(normals) - 1) < 0.03
    assert abs(fmean(waves)) < 0.05 and abs(pstdev(waves) - 1) < 0.05


def test_different_names_throw_differently() -> None:
    assert [Dice(1, "a").uniform(i) for i in range(5)] != [Dice(1, "b").uniform(i) for i in range(5)]
