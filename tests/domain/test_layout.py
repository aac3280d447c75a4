"""Every series of the city has a place of its own, and what nobody reports has none."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.devices import Device, DeviceKind, Registry
from domain.layout import NOWHERE, SeriesLayout, layout_of
from domain.places import City, Place
from domain.readings import Vocabulary

METRICS = ("m0", "m1", "m2", "m3")
HERE = Place(lon=112.5, lat=30.9)


def every_place(layout: SeriesLayout, *, devices: int, metrics: int) -> dict[tuple[int, int], int]:
    pairs = [(device, metric) for device in range(-1, devices) for metric in range(-1, metrics)]
    device, metric = np.array(pairs).T
    return dict(zip(pairs, layout.places(device.astype(np.int32), metric.astype(np.int16)).tolist(), strict=True))


@given(
    st.lists(st.lists(st.integers(0, 3), max_size=5), min_size=1, max_size=3).flatmap(
        lambda kinds: st.tuples(st.just(kinds), st.lists(st.integers(0, len(kinds) - 1), max_size=8))
    )
)
def test_series_that_are_reported_fill_the_column_and_all_others_are_nowhere(
    city: tuple[list[list[int]], list[int]],
) -> None:
    metrics_of, kind_of = city
    words = Vocabulary(devices=tuple(f"d{n}" for n in range(len(kind_of))), metrics=METRICS)
    layout = SeriesLayout(words, kind_of=kind_of, metrics_of=metrics_of)
    longer = every_place(layout, devices=len(kind_of) + 2, metrics=len(METRICS) + 2)
    reported = {pair: place for pair, place in longer.items() if place != NOWHERE}
    assert set(reported) == {(d, m) for d, kind in enumerate(kind_of) for m in set(metrics_of[kind])}
    assert sorted(reported.values()) == list(range(layout.size))


def test_one_metric_of_one_kind_lies_side_by_side() -> None:
    words = Vocabulary(devices=("a", "b", "c", "d"), metrics=METRICS)
    layout = SeriesLayout(words, kind_of=[0, 1, 0, 0], metrics_of=[[2, 0], [2]])
    places = layout.places(np.array([0, 2, 3], dtype=np.int32), np.full(3, 2, dtype=np.int16))
    assert np.diff(places).tolist() == [1, 1]


def test_the_registry_says_what_is_reported_by_its_kinds() -> None:
    kinds = {
        code: DeviceKind(code=code, zh=code, en=code, metrics=metrics, interval_s=60.0)
        for code, metrics in {"lamp": ("m3",), "meter": ("m1", "m0")}.items()
    }
    city = City(zh="城", en="City", timezone="Asia/Shanghai", centre=HERE)
    devices = {
        name: Device(id=name, kind=kind, zh=name, en=name, place=HERE, interval_s=60.0)
        for name, kind in {"x": "meter", "y": "lamp"}.items()
    }
    registry = Registry(city=city, kinds=kinds, devices=devices)
    layout = layout_of(registry, Vocabulary(devices=("y", "x"), metrics=METRICS))
    found = every_place(layout, devices=2, metrics=4)
    assert {pair for pair, place in found.items() if place != NOWHERE} == {(0, 3), (1, 0), (1, 1)}
