"""Minutes and hours beside the readings: trends from them are those of the readings, whatever happened in between."""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import Temporary
from domain.instants import to_micros
from domain.readings import Quality, ReadingBatch, Vocabulary, batch_of
from domain.series import ReadingQuery, TrendPoint, TrendQuery
from domain.settlements import Settlement
from runtime.clock import ManualClock
from store.journal import Journal
from store.series.levels import LeveledStore, Rolled, Stretch, stretches
from store.series.memory import MemorySeriesStore
from store.series.pump import SeriesPump
from store.series.roller import Roller
from store.series.rollups import Level
from store.settings import JournalSettings, RollupSettings, SeriesSettings
from tests.store import series_stores
from tests.store.series_stores import CATALOGUE
from tests.store.settlements import NOON

DEVICES = ("NM-0001", "NM-0002", "路灯 7")
METRICS = ("laeq", "temperature", "lamp_on", "wind_direction", "energy")
WORDS = Vocabulary(devices=DEVICES, metrics=METRICS)
RANGE = {
    "laeq": st.floats(10, 140),
    "temperature": st.floats(-60, 70),
    "wind_direction": st.integers(0, 7).map(lambda eighth: 45.0 * eighth),
    "lamp_on": st.sampled_from([0.0, 1.0]),
    "energy": st.integers(0, 1000).map(float),
}


class House:
    """A journal, a store, its pump and its roller, and beside them the readings in a slow twin without rollups."""

    def __init__(self, store: LeveledStore, directory: Path, given: SeriesSettings | None = None) -> None:
        self.store = store
        self.journal = Journal(directory / "journal", vocabulary=WORDS, settings=JournalSettings(segment_bytes=4096))
        self.pump = SeriesPump(journal=self.journal, store=store, clock=ManualClock(NOON))
        self.twin = MemorySeriesStore(CATALOGUE)
        self.settings = given or SeriesSettings()
        self.restart()

    def restart(self) -> None:
        """As after a kill: whatever the roller knew beyond the store is gone."""
        self.roller = Roller(journal=self.journal, store=self.store, catalogue=CATALOGUE, settings=self.settings)

    def take(self, batch: ReadingBatch, *, now: datetime) -> None:
        self.journal.append(Settlement(now=to_micros(now), readings=batch))
        self.twin.write(batch, through=None)
        self.pump.step()

    def ask(self, metric: str, start: datetime, end: datetime, *, bucket_s: int) -> tuple[list[TrendPoint], ...]:
        """The store's answer and the twin's."""
        query = TrendQuery(metric=metric, devices=(), start=start, end=end, bucket_s=bucket_s)
        return list(self.store.trend(query)), list(self.twin.trend(query))


def opened(kind: str, request: pytest.FixtureRequest, directory: Path) -> AbstractContextManager[LeveledStore]:
    if kind == "embedded":
        return series_stores.embedded(directory)
    if kind == "influx 1":
        return series_stores.influx(series_stores.influx_1(request.getfixturevalue("influxd")), directory)
    return series_stores.emptied(request.getfixturevalue("influxdb_2"), directory)


KINDS = [
    "embedded",
    pytest.param("influx 1", marks=pytest.mark.service),
    pytest.param("influx 2", marks=pytest.mark.service),
]


@pytest.fixture(params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with opened(request.param, request, tmp_path) as store:
        house = House(store, tmp_path)
        yield house
        house.journal.close()


def batch(metric: str, *rows: tuple[int, float, float], quality: Quality = Quality.GOOD) -> ReadingBatch:
    """Rows of (device, seconds after noon, value)."""
    return batch_of(
        WORDS,
        device=[device for device, _, _ in rows],
        metric=[METRICS.index(metric)] * len(rows),
        at=[to_micros(NOON) + round(s * 1e6) for _, s, _ in rows],
        value=[value for _, _, value in rows],
        quality=[quality] * len(rows),
    )


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def assert_same(found: list[TrendPoint], expected: list[TrendPoint], *, turn: float = math.inf) -> None:
    """`turn`: 360 for directions, where north is 0 as well as 360."""
    assert [(p.at, p.count) for p in found] == [(p.at, p.count) for p in expected]
    for point, other in zip(found, expected, strict=True):
        apart = abs(point.value - other.value)
        assert min(apart, abs(turn - apart)) <= 1e-6 + 1e-9 * abs(other.value), (point, other)


rows = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 14_400), st.integers(0, 2)), max_size=40, unique_by=lambda r: r[:2]
)


def check_against_the_twin(house: House, metric: str, data: st.DataObject) -> None:
    """Readings come early and late, rolled up and restarted in between, asked for over any range."""
    for _ in range(data.draw(st.integers(1, 3))):
        for device, s, quality in data.draw(rows):
            house.take(
                batch(metric, (device, s, data.draw(RANGE[metric])), quality=Quality(quality)), now=at(s / 60 + 1)
            )
        if data.draw(st.booleans()):
            house.restart()
        house.roller.run_once(at(data.draw(st.integers(0, 300))))
    house.restart()
    house.roller.run_once(at(data.draw(st.integers(240, 300))))
    start, end = sorted(data.draw(st.tuples(st.integers(-600, 15_000), st.integers(-600, 15_000))))
    for bucket_s in (60, 900, 3600, 7200, 90):
        found, expected = house.ask(
            metric, NOON + timedelta(seconds=start), NOON + timedelta(seconds=end), bucket_s=bucket_s
        )
        assert_same(found, expected, turn=360.0 if metric == "wind_direction" else math.inf)


@pytest.mark.thorough
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.data())
@pytest.mark.parametrize("metric", METRICS)
def test_trends_from_rollups_agree_with_the_slow_twin(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, metric: str, data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("house")
    with ExitStack() as stack:
        house = House(stack.enter_context(opened("embedded", request, directory)), directory)
        stack.callback(house.journal.close)
        check_against_the_twin(house, metric, data)


@pytest.mark.service
@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.data())
@pytest.mark.parametrize("metric", METRICS)
def test_trends_from_rollups_in_a_real_server_agree_with_the_slow_twin(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, metric: str, data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("house")
    with ExitStack() as stack:
        house = House(stack.enter_context(opened("influx 1", request, directory)), directory)
        stack.callback(house.journal.close)
        check_against_the_twin(house, metric, data)


def rolled_rows(house: House, level: Level, metric: str) -> list[dict[str, float]]:
    found = house.store.rollups(level, metric, (), to_micros(at(-600)), to_micros(at(6000)))
    order = np.lexsort((found.start, found.device))
    return [{name: round(float(column[n]), 4) for name, column in found.figures.items()} for n in order]


def test_a_minute_keeps_the_extremes_beside_the_energy_mean(house: House) -> None:
    house.take(batch("laeq", (0, 1, 50.0), (0, 2, 60.0), (0, 3, 40.0)), now=at(1))
    house.roller.run_once(at(3))
    [row] = rolled_rows(house, Level.MINUTE, "laeq")
    assert row == {"count": 3, "min": 40, "max": 60, "first": 50, "last": 40, "mean": 55.682}


def test_a_minute_of_wind_has_a_direction_and_its_vector(house: House) -> None:
    house.take(batch("wind_direction", (0, 1, 350.0), (0, 2, 30.0)), now=at(1))
    house.roller.run_once(at(3))
    [row] = rolled_rows(house, Level.MINUTE, "wind_direction")
    assert (row["mean"], row["east"], row["north"]) == (10, 0.1632, 0.9254)


def test_winds_that_cancel_out_have_no_direction_and_stop_nothing(house: House) -> None:
    house.take(batch("wind_direction", (0, 1, 90.0), (0, 2, 270.0)), now=at(1))
    house.roller.run_once(at(90))
    assert [math.isnan(row["mean"]) for row in rolled_rows(house, Level.HOUR, "wind_direction")] == [True]


def test_a_counter_grows_across_minutes_and_resets(house: House) -> None:
    house.take(batch("energy", (0, 1, 100.0), (0, 61, 104.0), (0, 62, 3.0), (0, 130, 5.0)), now=at(3))
    house.roller.run_once(at(90))
    assert [row["growth"] for row in rolled_rows(house, Level.MINUTE, "energy")] == [0, 3, 0]
    assert [row["growth"] for row in rolled_rows(house, Level.HOUR, "energy")] == [9]


def test_a_late_reading_makes_its_minute_and_its_hour_anew(house: House) -> None:
    house.take(batch("temperature", (0, 1, 10.0)), now=at(1))
    house.roller.run_once(at(90))
    house.take(batch("temperature", (0, 2, 30.0)), now=at(91))
    house.roller.run_once(at(95))
    assert [row["mean"] for row in rolled_rows(house, Level.MINUTE, "temperature")] == [20]
    assert [row["mean"] for row in rolled_rows(house, Level.HOUR, "temperature")] == [20]


def test_what_was_not_rolled_up_before_a_kill_is_rolled_up_after_it(house: House) -> None:
    house.take(batch("temperature", (0, 1, 10.0)), now=at(1))
    house.roller.run_once(at(1))  # read, but its minute is still open
    house.restart()
    house.take(batch("temperature", (0, 70, 30.0)), now=at(2))
    house.roller.run_once(at(90))
    assert [row["mean"] for row in rolled_rows(house, Level.HOUR, "temperature")] == [20]


def test_a_run_that_is_told_to_stop_leaves_the_rest_to_the_next_start(house: House) -> None:
    house.take(batch("temperature", (0, 1, 10.0)), now=at(1))
    house.roller.stop()
    assert (house.roller.run_once(at(90)), house.store.rolled()) == (0, None)
    house.restart()
    assert house.roller.run_once(at(90)) == 2


def test_nothing_is_made_twice_without_news(house: House) -> None:
    house.take(batch("temperature", (0, 1, 10.0)), now=at(1))
    made = [house.roller.run_once(at(minutes)) for minutes in (1, 3, 4, 61, 62, 63)]
    house.restart()
    assert (made, house.roller.run_once(at(64))) == ([0, 1, 0, 1, 0, 0], 0)


def test_after_a_restart_the_journal_is_read_from_the_first_hour_that_is_not_made(house: House) -> None:
    seen = []
    for minutes in (1, 61, 125):
        house.take(batch("temperature", (0, minutes * 60 - 1, 10.0)), now=at(minutes))
        house.roller.run_once(at(minutes + 2))
        rolled = house.store.rolled()
        seen.append(rolled.through if rolled else None)
    assert seen == [0, 1, 2]


def test_a_month_of_hours_is_read_from_hours(house: House) -> None:
    house.take(batch("temperature", (0, 1, 10.0)), now=at(1))
    house.roller.run_once(at(60 * 24 * 30))
    asked = TrendQuery(metric="temperature", devices=(), start=at(-7.5), end=at(60 * 24 * 30), bucket_s=3600)
    rolled = house.store.rolled()
    assert rolled is not None
    cut = [(piece.level, (piece.end - piece.start) / 6e7) for piece in stretches(asked, rolled)]
    assert cut == [(None, 0.5), (Level.MINUTE, 7), (Level.HOUR, 60 * 24 * 30 - 60), (Level.MINUTE, 59), (None, 1)]


def test_buckets_that_are_no_whole_minutes_are_answered_from_the_readings() -> None:
    query = TrendQuery(metric="laeq", devices=(), start=NOON, end=at(60), bucket_s=90)
    assert stretches(query, Rolled()) == [Stretch(None, to_micros(NOON), to_micros(at(60)))]


def test_readings_go_by_whole_hours_and_their_trend_stays(house: House) -> None:
    house.settings = SeriesSettings(keep=3600.0)
    house.restart()
    house.take(batch("laeq", (0, 1, 50.0), (1, 2, 60.0), (0, 3601, 70.0), (0, 7201, 80.0)), now=at(121))
    house.roller.run_once(at(185))
    house.roller.forget(at(185))
    left = house.store.readings(ReadingQuery(start=at(-60), end=at(600)))
    assert [one.value for one in left] == [80.0]
    found, expected = house.ask("laeq", at(0), at(180), bucket_s=3600)
    assert_same(found, expected)


def test_what_comes_after_its_readings_were_deleted_does_not_spoil_the_rollups(house: House) -> None:
    house.settings = SeriesSettings(keep=3600.0)
    house.restart()
    house.take(batch("temperature", (0, 1, 10.0)), now=at(1))
    house.roller.run_once(at(185))
    house.roller.forget(at(185))
    house.take(batch("temperature", (0, 2, 99.0)), now=at(186))
    house.roller.run_once(at(190))
    assert [row["mean"] for row in rolled_rows(house, Level.MINUTE, "temperature")] == [10]


def test_minutes_go_before_hours(house: House) -> None:
    house.settings = SeriesSettings(rollups=RollupSettings(keep_minutes=3600.0, keep_hours=7200.0))
    house.restart()
    house.take(batch("temperature", *((0, 3600.0 * hour, 20.0 + hour) for hour in range(4))), now=at(181))
    house.roller.run_once(at(242))
    house.roller.forget(at(242))
    minutes, hours = (rolled_rows(house, level, "temperature") for level in (Level.MINUTE, Level.HOUR))
    assert ([row["mean"] for row in minutes], [row["mean"] for row in hours]) == ([23], [22, 23])
    found, expected = house.ask("temperature", at(0), at(240), bucket_s=3600)
    assert_same(found, expected)  # what neither has any more comes from the readings


def test_rollups_begin_with_the_next_hour_where_the_journal_does_not_reach_back(house: House) -> None:
    for n in range(200):
        house.take(batch("temperature", *((0, n + s / 40, 20.0) for s in range(40))), now=NOON + timedelta(seconds=n))
    assert house.journal.prune(through=150, received_before=2**60) > 0
    house.take(batch("temperature", (0, 3601, 30.0)), now=at(61))
    house.roller.run_once(at(125))
    rolled = house.store.rolled()
    assert rolled is not None and rolled.minutes.begin == to_micros(at(60))
    found, expected = house.ask("temperature", at(0), at(125), bucket_s=3600)
    assert_same(found, expected)


class Away:
    """A store whose readings cannot be asked for as long as it is away."""

    def __init__(self, store: LeveledStore) -> None:
        self._store = store
        self.is_away = True

    def __getattr__(self, name: str) -> object:
        if name == "columns" and self.is_away:
            raise Temporary("away")
        return getattr(self._store, name)


def test_a_store_that_is_away_is_asked_again(tmp_path: Path) -> None:
    with series_stores.embedded(tmp_path) as store:
        house = House(store, tmp_path)
        away = Away(store)
        roller = Roller(journal=house.journal, store=away, catalogue=CATALOGUE)  # type: ignore[arg-type]  # by delegation
        house.take(batch("temperature", (0, 1, 10.0)), now=at(1))
        with pytest.raises(Temporary):
            roller.run_once(at(90))
        away.is_away = False
        assert roller.run_once(at(90)) == 2
        house.journal.close()
