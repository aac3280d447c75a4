"""Trends of the local stores against loops over single readings."""

import math
from collections import defaultdict
from datetime import datetime, timedelta
from statistics import fmean

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.instants import EPOCH
from domain.metrics import Averaging
from domain.readings import Quality, Reading
from tests.store import series_stores
from tests.store.series_stores import CATALOGUE
from tests.store.settlements import NOON
from tests.store.test_series_contract import DEVICES, METRICS, batch, trend

values_of = {
    "laeq": st.floats(10, 140),
    "temperature": st.floats(-60, 70),
    "wind_direction": st.integers(0, 7).map(lambda eighth: 45.0 * eighth),
    "lamp_on": st.sampled_from([0.0, 1.0]),
    "energy": st.integers(0, 1000).map(float),
}
rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 7200), st.integers(0, 2)), max_size=40, unique_by=lambda r: r[:2]
)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.data())
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("kind", ["memory", "embedded"])
def test_trends_agree_with_the_slow_twin(
    tmp_path_factory: pytest.TempPathFactory, kind: str, metric: str, data: st.DataObject
) -> None:
    readings = [
        Reading(
            device=DEVICES[device],
            metric=metric,
            at=NOON + timedelta(seconds=s),
            value=data.draw(values_of[metric]),
            quality=Quality(quality),
        )
        for device, s, quality in data.draw(rows)
    ]
    with {"memory": series_stores.memory, "embedded": series_stores.embedded}[kind](tmp_path_factory.mktemp("s")) as s:
        s.write(batch(*readings), through=1)
        fast = trend(s, metric, bucket_s=600)
    slow = slow_trend(readings, CATALOGUE[metric].averaging, bucket_s=600)
    assert [(p.at, p.count) for p in fast] == [(at, count) for at, _, count in slow]
    turn = 360 if CATALOGUE[metric].averaging is Averaging.VECTOR else math.inf
    for point, (_, value, _) in zip(fast, slow, strict=True):
        apart = abs(point.value - value)
        assert point.value < turn and min(apart, turn - apart) <= max(1e-6, 1e-9 * abs(value))


def slow_trend(readings: list[Reading], averaging: Averaging, *, bucket_s: int) -> list[tuple[datetime, float, int]]:
    """The same by loops over single readings."""
    buckets: dict[datetime, list[float]] = defaultdict(list)
    places: dict[datetime, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    last: dict[tuple[datetime, str], float] = {}
    before: dict[str, float] = {}
    for one in sorted((r for r in readings if r.quality is Quality.GOOD), key=lambda r: r.at):
        bucket = EPOCH + (one.at - EPOCH) // timedelta(seconds=bucket_s) * timedelta(seconds=bucket_s)
        if averaging is Averaging.COUNTER:
            if one.device in before:
                step = one.value - before[one.device]
                buckets[bucket].append(step if step >= 0 else one.value)
            before[one.device] = one.value
        elif averaging is Averaging.LAST:
            last[bucket, one.device] = one.value
        elif averaging is Averaging.ENERGY:
            places[bucket][one.device].append(one.value)
        else:
            buckets[bucket].append(one.value)
    if averaging is Averaging.ENERGY:
        return [(at, fmean(map(level, by.values())), sum(map(len, by.values()))) for at, by in sorted(places.items())]
    for (bucket, _), value in last.items():
        buckets[bucket].append(value)
    combined = ((bucket, combine(averaging, values), len(values)) for bucket, values in sorted(buckets.items()))
    return [(bucket, value, count) for bucket, value, count in combined if value is not None]


def level(values: list[float]) -> float:
    return 10 * math.log10(fmean(10 ** (value / 10) for value in values))


def combine(averaging: Averaging, values: list[float]) -> float | None:
    match averaging:
        case Averaging.COUNTER:
            return sum(values)
        case Averaging.VECTOR:
            vector = sum(complex(math.cos(math.radians(v)), math.sin(math.radians(v))) for v in values)
            angle = math.degrees(math.atan2(vector.imag, vector.real)) if abs(vector) > 1e-6 else None
            return angle if angle is None else (0.0 if abs(angle) < 1e-6 else angle % 360)
        case Averaging.MEAN | Averaging.LAST:
            return sum(values) / len(values)
