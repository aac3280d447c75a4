"""The vectorised index is the exact one, on every tenth of every table and for any mean of any readings."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.standards.air.columns import NOTHING, SCALE, Ladder, scaled
from rules.standards.air.editions import Rounding
from rules.standards.air.indices import sub_index
from tests.standards.air.places import edition, editions

EVERY = [(name, indicator) for name, found in editions().by_id.items() for indicator in found.indicators]
ROUNDINGS = list(Rounding)


def exact(name: str, indicator: str, value: Fraction, rounding: Rounding) -> int:
    found = sub_index(edition(name).rounding(rounding), indicator, value).index
    return NOTHING if found is None else found


@pytest.mark.parametrize(("name", "indicator"), EVERY)
def test_the_columns_equal_the_exact_index_on_every_tenth_of_a_step_of_the_whole_range(
    name: str, indicator: str
) -> None:
    found = edition(name)
    step = Fraction(found.indicators[indicator].step)
    top = int(Fraction(found.bands(indicator)[-1].high) / step) + 2
    tenths = np.arange(top * 10 + 1, dtype=np.int64)
    denominator = np.full(len(tenths), int(10 / step), dtype=np.int64)
    fast = Ladder.of(found, indicator).indices(tenths, denominator)
    # of the long tables the slow one is asked at every tenth near the breakpoints, at every seventh elsewhere
    edges = {int(Fraction(edge) / step * 10) for band in found.bands(indicator) for edge in (band.low, band.high)}
    near = {edge + by for edge in edges for by in range(-12, 13)}
    asked = [tenth for tenth in tenths.tolist() if top <= 400 or tenth % 7 == 0 or tenth in near]
    slow = [exact(name, indicator, Fraction(tenth, 10) * step, found.concentrations) for tenth in asked]
    assert fast[asked].tolist() == slow


@given(
    which=st.sampled_from(EVERY),
    rounding=st.sampled_from(ROUNDINGS),
    fraction=st.tuples(st.integers(0, 4_000 * SCALE * 24), st.sampled_from([1, 6, 7, 8, 20, 23, 24, 840])),
)
def test_the_columns_equal_the_exact_index_for_any_mean(
    which: tuple[str, str], rounding: Rounding, fraction: tuple[int, int]
) -> None:
    name, indicator = which
    numerator, count = fraction
    ladder = Ladder.of(edition(name).rounding(rounding), indicator)
    fast = ladder.indices(np.array([numerator], dtype=np.int64), np.array([count * SCALE], dtype=np.int64))
    assert fast.tolist() == [exact(name, indicator, Fraction(numerator, count * SCALE), rounding)]


def test_a_missing_value_has_no_index_and_is_not_zero() -> None:
    ladder = Ladder.of(edition("hj633-2026"), "pm2_5_24h")
    values = scaled(np.array([np.nan, 0.0, -99.0]))
    assert values.tolist() == [NOTHING, 0, NOTHING]
    assert ladder.indices(values, np.full(3, SCALE, dtype=np.int64)).tolist() == [NOTHING, 0, NOTHING]
