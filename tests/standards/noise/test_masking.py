"""What leaves the statistics: bad weather, marks, placeholders, repetitions; and that it is counted."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import to_micros
from rules.standards.noise.masking import Foul, Mask, Masked, foul_weather, masked, overlapped
from rules.standards.noise.samples import Samples, samples_of
from rules.standards.noise.validity import SHIPPED_VALIDITY, Validity, load_validity

START = datetime(2025, 3, 21, 2, tzinfo=UTC)
NAN = float("nan")


def minutes(levels: list[float]) -> Samples:
    return samples_of([to_micros(START + timedelta(minutes=i + 1)) for i in range(len(levels))], 60.0, levels)


def weather(wind: list[float], rain: list[float], words: list[bool] | None = None, **settings: float) -> Masked:
    samples, validity = minutes([55.0] * len(wind)), Validity.model_validate(settings)
    foul = foul_weather(
        samples.at,
        samples.span,
        wind=np.array(wind),
        rain=np.array(rain),
        words=np.array(words or [False] * len(wind)),
        validity=validity,
    )
    return masked(samples, validity, foul=foul)


def test_minutes_with_wind_of_5_metres_a_second_leave_the_statistics() -> None:
    assert weather([4.9, 5.0, 7.0], [0, 0, 0]).counts.tolist() == [True, False, False]


def test_minutes_with_rain_leave_the_statistics() -> None:
    found = weather([0, 0, 0], [0.0, 0.1, NAN])
    assert found.counts.tolist() == [True, False, True]
    assert found.removed[Mask.RAIN].minutes == 1.0


def test_minutes_with_thunder_in_words_leave_the_statistics() -> None:
    validity = Validity()
    assert [validity.is_bad_weather(words) for words in ("雷阵雨", "Light Snow", "多云", "sunny")] == [
        True,
        True,
        False,
        False,
    ]
    assert weather([0, 0], [0, 0], [False, True]).counts.tolist() == [True, False]


def test_the_mask_is_as_wide_as_it_is_set() -> None:
    assert weather([0, 0, 9, 0, 0], [0] * 5).counts.tolist() == [True, True, False, True, True]
    assert weather([0, 0, 9, 0, 0], [0] * 5, weather_margin=30.0).counts.tolist() == [True, False, False, False, True]


def test_placeholders_never_become_levels() -> None:
    found = masked(minutes([0.0, -99.0, NAN, 55.0]), Validity())
    assert found.kept.level.tolist() == [55.0]
    assert found.removed[Mask.PLACEHOLDER].samples == 3


def test_a_placeholder_for_a_maximum_is_no_maximum() -> None:
    samples = samples_of([to_micros(START)], 60.0, [55.0], [-99.0])
    assert np.isnan(masked(samples, Validity()).kept.peak).all()


def test_levels_that_no_meter_means_are_left_out() -> None:
    found = masked(minutes([9.9, 10.0, 150.1]), Validity())
    assert found.kept.level.tolist() == [10.0]
    assert found.removed[Mask.OUT_OF_RANGE].samples == 2


def test_only_samples_without_a_mark_count() -> None:
    validity = Validity()
    assert [validity.is_normal(flag) for flag in ("N", "n", "", "正常", "D", "C", "M")] == [True] * 4 + [False] * 3
    found = masked(minutes([55.0, 56.0]), validity, flagged=np.array([True, False]))
    assert found.kept.level.tolist() == [56.0]


def test_of_two_samples_at_one_instant_the_first_that_counts_stands() -> None:
    at = to_micros(START)
    found = masked(samples_of([at, at, at], 60.0, [-99.0, 55.0, 80.0]), Validity())
    assert found.kept.level.tolist() == [55.0]
    assert {why: removed.samples for why, removed in found.removed.items()} == {Mask.PLACEHOLDER: 1, Mask.DUPLICATE: 1}


def test_a_level_of_a_whole_day_says_nothing_of_an_hour() -> None:
    found = masked(samples_of([to_micros(START)], 86_400.0, [55.0]), Validity())
    assert found.removed[Mask.TOO_LONG].samples == 1


def test_every_sample_counts_or_is_told_once() -> None:
    found = masked(
        minutes([0.0, 55.0, 200.0, 56.0, 57.0]), Validity(), flagged=np.array([True, False, False, True, False])
    )
    assert int(found.counts.sum()) + sum(removed.samples for removed in found.removed.values()) == 5


def test_the_shipped_settings_are_the_defaults_of_the_code() -> None:
    assert load_validity(SHIPPED_VALIDITY) == Validity()


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 40)), max_size=12),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 30)), min_size=1, max_size=30),
)
def test_overlaps_agree_with_the_slow_twin(stretches: list[tuple[int, int]], spans: list[tuple[int, int]]) -> None:
    """A stretch is (begin, end], an instant without length lies in the microsecond before it."""
    foul = Foul(
        why=Mask.RAIN,
        begin=np.array([begin for begin, _ in stretches], dtype=np.int64) * 1_000_000,
        end=np.array([begin + length for begin, length in stretches], dtype=np.int64) * 1_000_000,
    )
    samples = samples_of([at * 1_000_000 for at, _ in spans], [length for _, length in spans], [55.0] * len(spans))
    expected = []
    for at, span in zip(samples.at.tolist(), samples.span.tolist(), strict=True):
        begin = min(at - round(span * 1_000_000), at - 1)
        expected.append(any(begin < end and start < at for start, end in zip(foul.begin, foul.end, strict=True)))
    assert overlapped(samples, foul).tolist() == expected


def test_a_validity_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="less than or equal to 60"):
        Validity(minutes_of_hour=61)
