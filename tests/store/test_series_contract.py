"""What the port domain.ports.SeriesStore promises, of every store."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from domain.errors import Refused
from domain.instants import EPOCH, to_micros
from domain.ports import SeriesStore
from domain.readings import COLUMNS, Quality, Reading, ReadingBatch, Vocabulary, batch_of
from domain.series import BatchQuery, ReadingQuery, TrendPoint, TrendQuery
from tests.store import series_stores
from tests.store.settlements import NOON

DEVICES = ("NM-0001", "NM-0002", 'a "strange", na=me \\ of\'s', "路灯 7")
METRICS = ("laeq", "temperature", "lamp_on", "wind_direction", "energy")
WORDS = Vocabulary(devices=DEVICES, metrics=METRICS)


@pytest.fixture(
    params=[
        "memory",
        "embedded",
        pytest.param("influx 1", marks=pytest.mark.service),
        pytest.param("influx 2", marks=pytest.mark.service),
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SeriesStore]:
    if request.param == "memory":
        opened = series_stores.memory(tmp_path)
    elif request.param == "embedded":
        opened = series_stores.embedded(tmp_path)
    elif request.param == "influx 1":
        opened = series_stores.influx(series_stores.influx_1(request.getfixturevalue("influxd")), tmp_path)
    else:
        opened = series_stores.emptied(request.getfixturevalue("influxdb_2"), tmp_path)
    with opened as empty:
        yield empty


def reading(device: str = "NM-0001", metric: str = "laeq", *, s: float = 0, value: float = 50.0) -> Reading:
    return Reading(device=device, metric=metric, at=NOON + timedelta(seconds=s), value=value)


def batch(*readings: Reading, live: bool = True) -> ReadingBatch:
    return batch_of(
        WORDS,
        device=[WORDS.device_ordinal[r.device] for r in readings],
        metric=[WORDS.metric_ordinal[r.metric] for r in readings],
        at=[to_micros(r.at) for r in readings],
        value=[r.value for r in readings],
        quality=[r.quality for r in readings],
        span=[r.span_s for r in readings],
        live=[live] * len(readings),
    )


def everything(store: SeriesStore, **asked: object) -> list[Reading]:
    whole = {"start": NOON - timedelta(days=9), "end": NOON + timedelta(days=9)}
    return list(store.readings(ReadingQuery(**(whole | asked))))  # type: ignore[arg-type]  # the test names real fields


def trend(store: SeriesStore, metric: str, *, devices: tuple[str, ...] = (), bucket_s: int = 3600) -> list[TrendPoint]:
    start, end = NOON - timedelta(days=1), NOON + timedelta(days=1)
    return list(store.trend(TrendQuery(metric=metric, devices=devices, start=start, end=end, bucket_s=bucket_s)))


def test_a_fresh_store_has_nothing(store: SeriesStore) -> None:
    assert (everything(store), trend(store, "laeq"), store.stored_through()) == ([], [], 0)


def test_a_reading_comes_back_as_it_was(store: SeriesStore) -> None:
    odd = Reading(
        device=DEVICES[2],
        metric="temperature",
        at=NOON + timedelta(microseconds=123_457),
        value=-12.300000000000001,
        quality=Quality.UNCERTAIN,
        span_s=0.5,
    )
    store.write(batch(odd), through=1)
    assert everything(store) == [odd]


def test_giving_memory_back_changes_nothing(store: SeriesStore) -> None:
    before, after = reading(s=1), reading(s=2)
    store.write(batch(before), through=1)
    store.give_back()
    store.write(batch(before, after), through=2)
    assert (everything(store), store.stored_through()) == ([before, after], 2)


def test_numbers_of_any_size_come_back_to_the_last_bit(store: SeriesStore) -> None:
    odd = [0.1 + 0.2, 1e300, -1e-7, 5e-324, 1e16, 2**53 + 2.0, -0.0, 123456.789012345678]
    store.write(batch(*(reading(metric="temperature", s=s, value=value) for s, value in enumerate(odd))), through=1)
    assert [one.value for one in everything(store)] == odd


def test_history_sent_on_purpose_is_stored_too(store: SeriesStore) -> None:
    store.write(batch(reading(), live=False), through=1)
    assert everything(store) == [replace(reading(), live=False)]


def columns(store: SeriesStore, **asked: object) -> list[ReadingBatch]:
    whole = {"start": NOON - timedelta(days=9), "end": NOON + timedelta(days=9)}
    found = list(store.batches(BatchQuery(**(whole | asked))))  # type: ignore[arg-type]  # the test names real fields
    moments = [(int(one.at[0]), int(one.at[-1])) for one in found]
    assert all(np.all(np.diff(one.at) >= 0) for one in found)
    assert all(before[1] < after[0] for before, after in pairwise(moments))
    return found


def test_whole_columns_say_all_that_is_known_of_a_reading(store: SeriesStore) -> None:
    at = to_micros(NOON) + 123_457
    told = {"at": [at, at + 1, at + 1], "value": [0.1 + 0.2, -1e-7, 5.0], "span": [0.5, 60, 0], "quality": [0, 1, 2]}
    store.write(
        batch_of(WORDS, device=[2, 0, 1], metric=[1, 0, 0], received=[at + 9] * 3, live=[False, True, True], **told),
        through=1,
    )
    rows = [
        (one.vocabulary.devices[device], one.vocabulary.metrics[metric], *rest)
        for one in columns(store)
        for device, metric, *rest in zip(*(getattr(one, name).tolist() for name in COLUMNS), strict=True)
    ]
    assert sorted(rows) == sorted(
        [
            (DEVICES[2], "temperature", at, at + 9, 0.1 + 0.2, 0.5, 0, False),
            (DEVICES[0], "laeq", at + 1, at + 9, -1e-7, 60.0, 1, True),
            (DEVICES[1], "laeq", at + 1, at + 9, 5.0, 0.0, 2, True),
        ]
    )


def test_whole_columns_come_in_pieces_of_bounded_size(store: SeriesStore) -> None:
    store.write(
        batch(*(reading(d, m, s=s) for s in range(0, 7200, 60) for d in DEVICES for m in METRICS[:2])), through=1
    )
    found = columns(store, at_once=100)
    assert sum(len(one) for one in found) == 120 * 8
    assert max(len(one) for one in found) <= 100


def test_whole_columns_of_some_devices_and_metrics_within_a_time(store: SeriesStore) -> None:
    store.write(batch(*(reading(d, m, s=s) for s in range(4) for d in DEVICES for m in METRICS)), through=1)
    asked = {"start": NOON + timedelta(seconds=1), "end": NOON + timedelta(seconds=3)}
    found = columns(store, devices=(DEVICES[2], "NOBODY"), metrics=("laeq", "energy"), **asked)
    assert sorted((r.device, r.metric, r.at - NOON) for one in found for r in one.rows()) == [
        (DEVICES[2], metric, timedelta(seconds=s)) for metric in ("energy", "laeq") for s in (1, 2)
    ]
    assert columns(store, devices=("NOBODY",)) == [] == columns(store, metrics=("humidity",))


def test_the_cursor_is_that_of_the_last_write(store: SeriesStore) -> None:
    store.write(batch(reading()), through=7)
    store.write(batch(), through=9)
    assert store.stored_through() == 9


def test_a_write_that_was_stored_before_changes_nothing(store: SeriesStore) -> None:
    store.write(batch(reading(s=1)), through=5)
    store.write(batch(reading(s=1), reading(s=2)), through=5)
    assert (everything(store), store.stored_through()) == ([reading(s=1)], 5)


def test_the_same_reading_in_a_later_write_is_stored_once(store: SeriesStore) -> None:
    store.write(batch(reading(s=1)), through=1)
    store.write(batch(reading(s=1), reading(s=2)), through=2)
    assert everything(store) == [reading(s=1), reading(s=2)]


def test_the_same_reading_twice_in_one_write_is_stored_once(store: SeriesStore) -> None:
    store.write(batch(reading(), reading()), through=1)
    assert everything(store) == [reading()]


def test_a_part_leaves_the_cursor_and_the_whole_completes_it(store: SeriesStore) -> None:
    store.write(batch(reading(s=1)), through=None)
    assert (everything(store), store.stored_through()) == ([reading(s=1)], 0)
    store.write(batch(reading(s=1), reading(s=2)), through=1)
    assert (everything(store), store.stored_through()) == ([reading(s=1), reading(s=2)], 1)


def test_the_range_begins_with_its_start_and_ends_before_its_end(store: SeriesStore) -> None:
    store.write(batch(*(reading(s=s) for s in range(4))), through=1)
    found = everything(store, start=NOON + timedelta(seconds=1), end=NOON + timedelta(seconds=3))
    assert found == [reading(s=1), reading(s=2)]


def test_devices_and_metrics_choose(store: SeriesStore) -> None:
    all_of = [reading(device, metric) for device in DEVICES for metric in METRICS]
    store.write(batch(*all_of), through=1)
    found = everything(store, devices=(DEVICES[3], DEVICES[2]), metrics=("laeq", "energy"))
    assert {(r.device, r.metric) for r in found} == {(d, m) for d in DEVICES[2:] for m in ("laeq", "energy")}


def test_devices_that_never_reported_have_no_readings(store: SeriesStore) -> None:
    store.write(batch(reading()), through=1)
    assert everything(store, devices=("NOBODY",)) == [] == trend(store, "laeq", devices=("NOBODY",))


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 3, 5, 8, 100])
def test_order_is_by_time_then_device_then_metric_also_at_the_limit(
    store: SeriesStore, newest_first: bool, limit: int
) -> None:
    written = [reading(d, m, s=s) for s in (2, 0, 1) for d in reversed(DEVICES[:2]) for m in ("temperature", "laeq")]
    store.write(batch(*written), through=1)
    sign = -1 if newest_first else 1
    expected = sorted(written, key=lambda r: (sign * (r.at - EPOCH), r.device, r.metric))[:limit]
    assert everything(store, newest_first=newest_first, limit=limit) == expected


def test_levels_average_by_energy(store: SeriesStore) -> None:
    store.write(batch(reading(value=50), reading(s=1, value=60)), through=1)
    (point,) = trend(store, "laeq")
    assert (point.at, round(point.value, 4), point.count) == (NOON, 57.4036, 2)


def test_levels_of_several_places_have_the_plain_mean_however_often_each_speaks(store: SeriesStore) -> None:
    store.write(batch(reading(value=50), reading(s=1, value=60), reading(DEVICES[1], value=40)), through=1)
    (point,) = trend(store, "laeq")
    assert (point.at, round(point.value, 4), point.count) == (NOON, round((57.4036 + 40) / 2, 4), 3)


@pytest.mark.parametrize(("winds", "mean"), [((350, 30), 10.0), ((45, 315), 0.0)])
def test_directions_average_across_north_which_is_never_360(store: SeriesStore, winds: list[int], mean: float) -> None:
    store.write(batch(*(reading(metric="wind_direction", s=v, value=v) for v in winds)), through=1)
    (point,) = trend(store, "wind_direction")
    apart = abs(point.value - mean)
    assert point.value < 360 and min(apart, 360 - apart) < 1e-9 and point.count == 2


def test_opposite_directions_have_no_mean(store: SeriesStore) -> None:
    store.write(batch(*(reading(metric="wind_direction", s=v, value=v) for v in (90, 270))), through=1)
    assert trend(store, "wind_direction") == []


def test_states_average_the_last_of_each_device(store: SeriesStore) -> None:
    first, second = DEVICES[:2]
    lamps = [(first, 0, 1.0), (first, 60, 0.0), (second, 30, 1.0)]
    store.write(batch(*(reading(device, "lamp_on", s=s, value=value) for device, s, value in lamps)), through=1)
    assert trend(store, "lamp_on") == [TrendPoint(at=NOON, value=0.5, count=2)]


def test_counters_grow_by_difference_and_survive_a_reset(store: SeriesStore) -> None:
    first, second = DEVICES[:2]
    meters = [(first, 0, 100.0), (first, 60, 104.0), (first, 120, 3.0), (second, 0, 7.0), (second, 3600, 9.0)]
    store.write(batch(*(reading(device, "energy", s=s, value=value) for device, s, value in meters)), through=1)
    assert trend(store, "energy") == [
        TrendPoint(at=NOON, value=7.0, count=2),
        TrendPoint(at=NOON + timedelta(hours=1), value=2.0, count=1),
    ]


def test_a_metric_that_nobody_described_has_no_trend(store: SeriesStore) -> None:
    with pytest.raises(Refused, match="not in the catalogue"):
        trend(store, "loudness")


def test_only_good_readings_count_in_a_trend(store: SeriesStore) -> None:
    bad = Reading(device="NM-0002", metric="temperature", at=NOON, value=99.0, quality=Quality.BAD)
    store.write(batch(reading(metric="temperature", value=20.0), bad), through=1)
    assert trend(store, "temperature") == [TrendPoint(at=NOON, value=20.0, count=1)]


def test_buckets_stand_on_the_epoch_and_empty_ones_are_left_out(store: SeriesStore) -> None:
    store.write(batch(*(reading(metric="temperature", s=s, value=s) for s in (-1, 0, 899, 2700))), through=1)
    buckets = [(point.at - NOON, point.value, point.count) for point in trend(store, "temperature", bucket_s=900)]
    minutes = [(-15, -1.0, 1), (0, 449.5, 2), (45, 2700.0, 1)]
    assert buckets == [(timedelta(minutes=m), value, count) for m, value, count in minutes]


def test_deleting_drops_what_is_older_and_nothing_else(store: SeriesStore) -> None:
    store.write(batch(*(reading(s=s) for s in (-2, -1, 0, 1))), through=3)
    assert store.delete_before(NOON) in (2, -1)
    assert (everything(store), store.stored_through()) == ([reading(s=0), reading(s=1)], 3)


def test_names_that_come_later_are_new_names(store: SeriesStore) -> None:
    other = Vocabulary(devices=["NM-0002", "LATER"], metrics=["temperature", "laeq"])
    store.write(batch(reading("NM-0001"), reading("NM-0002")), through=1)
    at = [to_micros(NOON) + 1] * 2
    store.write(batch_of(other, device=[0, 1], metric=[1, 1], at=at, value=[1, 2]), through=2)
    assert [r.device for r in everything(store)] == ["NM-0001", "NM-0002", "LATER", "NM-0002"]


def test_others_may_read_while_it_is_written(store: SeriesStore) -> None:
    counts: list[int] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            counts.append(len(everything(store)))

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(20):
        store.write(batch(*(reading(s=n * 10 + s) for s in range(10))), through=n + 1)
    done.set()
    for reader in readers:
        reader.join()
    assert len(everything(store)) == 200
    assert counts and {count % 10 for count in counts} == {0}
