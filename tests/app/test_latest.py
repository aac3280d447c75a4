"""The newest values of every series, held against a dictionary that is told one reading after the other."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citybrain.engine.latest import LatestValues
from domain.layout import SeriesLayout
from domain.readings import Quality, ReadingBatch, Vocabulary, batch_of

WORDS = Vocabulary(devices=("A", "B", "C"), metrics=("laeq", "tilt"))
LISTED = [[0, 1], [0]]
KIND_OF = [0, 1, 0]
LAYOUT = SeriesLayout(WORDS, kind_of=KIND_OF, metrics_of=LISTED)
"""B is of a kind that knows no tilt."""


@dataclass(frozen=True, slots=True)
class Heard:
    device: int
    metric: int
    at: int
    value: float
    quality: Quality
    live: bool


HEARD = st.builds(
    Heard,
    device=st.integers(0, 2),
    metric=st.integers(0, 1),
    at=st.integers(1, 6),
    value=st.integers(0, 100).map(float),
    quality=st.sampled_from(Quality),
    live=st.booleans(),
)


def batch(rows: list[Heard]) -> ReadingBatch:
    names = ("device", "metric", "at", "value", "quality", "live")
    return batch_of(WORDS, **{name: [getattr(row, name) for row in rows] for name in names})


def twin(batches: list[list[Heard]]) -> dict[tuple[int, int], tuple[int, float]]:
    """By device and metric of its kind: the newest time, and the last value told for it."""
    known: dict[tuple[int, int], tuple[int, float]] = {}
    for row in (row for rows in batches for row in rows):
        if row.metric not in LISTED[KIND_OF[row.device]]:
            continue
        if row.live and row.quality is Quality.GOOD and row.at >= known.get((row.device, row.metric), (0, 0.0))[0]:
            known[row.device, row.metric] = (row.at, row.value)
    return known


@given(st.lists(st.lists(HEARD, max_size=12), max_size=4))
def test_any_batches_leave_what_one_reading_after_the_other_leaves(batches: list[list[Heard]]) -> None:
    latest = LatestValues(LAYOUT)
    for rows in batches:
        latest.update(batch(rows))
    known = twin(batches)
    for device in range(3):
        for metric, code in enumerate(WORDS.metrics):
            assert latest.of(device, code) == known.get((device, metric))


@given(st.lists(HEARD, max_size=12), st.sets(st.integers(0, 2)), st.integers(0, 8))
def test_the_mean_is_over_those_that_were_heard_lately(rows: list[Heard], devices: set[int], since: int) -> None:
    latest = LatestValues(LAYOUT)
    latest.update(batch(rows))
    known = twin([rows])
    lately = [known[device, 0][1] for device in devices if known.get((device, 0), (0, 0.0))[0] >= max(since, 1)]
    found = latest.mean("laeq", devices=sorted(devices), since=since)
    assert found == (pytest.approx(sum(lately) / len(lately)) if lately else None)


@given(st.lists(HEARD, max_size=12), st.sets(st.integers(0, 2)))
def test_the_newest_time_is_over_all_metrics_of_the_devices(rows: list[Heard], devices: set[int]) -> None:
    latest = LatestValues(LAYOUT)
    latest.update(batch(rows))
    times = [at for (device, _), (at, _) in twin([rows]).items() if device in devices]
    assert latest.newest(sorted(devices)) == max(times, default=0)


def test_devices_of_a_longer_vocabulary_are_passed_over() -> None:
    longer = Vocabulary(devices=(*WORDS.devices, "D"), metrics=(*WORDS.metrics, "pm10"))
    latest = LatestValues(LAYOUT)
    latest.update(batch_of(longer, device=[3, 0, 0], metric=[0, 2, 0], at=[5, 5, 5], value=[1, 2, 3]))
    assert latest.of(0, "laeq") == (5, 3.0)
    assert latest.newest([0, 1, 2]) == 5 and latest.newest([1, 2]) == 0
