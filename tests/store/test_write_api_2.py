"""What we send to the write API of InfluxDB 2, as an independent implementation of it has understood it."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from domain.instants import to_micros
from domain.readings import ReadingBatch, Vocabulary, batch_of
from store.series.rollups import Level, Rollups
from store.settings import InfluxSettings
from tests.services import VictoriaMetrics, victoria_metrics
from tests.store.series_stores import influx
from tests.store.settlements import NOON

pytestmark = pytest.mark.service

DEVICES = ("NM-0001", "NM-0002", 'a "strange", na=me of\'s', "路灯 7")
METRICS = ("laeq", "temperature", "pm2_5")
COUNT = 25_000
"""More than one request."""
FIGURES = {"count": 3.0, "min": 40.0, "max": 60.0, "first": 50.0, "last": 40.0, "mean": 55.682}


@pytest.fixture
def judge(tmp_path: Path) -> Iterator[VictoriaMetrics]:
    directory = tmp_path / "victoria"
    directory.mkdir()
    with victoria_metrics(directory) as server:
        yield server


def settings_for(judge: VictoriaMetrics) -> InfluxSettings:
    return InfluxSettings.model_validate({"generation": 2, "url": judge.url, "token": "any"})


def many_readings() -> ReadingBatch:
    """Every reading at a millisecond of its own; most values with as many digits as there are, of one size: the judge
    keeps the values of a block with one exponent for all.
    """
    chance = np.random.default_rng(7)
    value = chance.normal(55, 8, COUNT)
    at = to_micros(NOON) + np.arange(COUNT) * 1000
    return batch_of(
        Vocabulary(devices=DEVICES, metrics=METRICS),
        device=chance.integers(0, len(DEVICES), COUNT),
        metric=chance.integers(0, len(METRICS), COUNT),
        at=at,
        received=at + 123_456,
        value=np.where(chance.random(COUNT) < 0.3, np.round(value, 1), value),
        span=chance.choice([0.0, 60.0, 0.5], COUNT),
        quality=chance.integers(0, 3, COUNT),
        live=chance.random(COUNT) < 0.9,
    )


def by_series(batch: ReadingBatch) -> dict[tuple[str, str], dict[int, float]]:
    """As VictoriaMetrics names it: one series for each field, times in milliseconds."""
    found: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for field in ("value", "span", "quality", "received", "live"):
        for device, metric, at, figure in zip(
            batch.device, batch.metric, batch.at, getattr(batch, field).tolist(), strict=True
        ):
            found[f"{METRICS[metric]}_{field}", DEVICES[device]][int(at) // 1000] = float(figure)
    return found


def test_every_value_and_time_arrives(judge: VictoriaMetrics, tmp_path: Path) -> None:
    batch = many_readings()
    with influx(settings_for(judge), tmp_path) as store:
        store.write(batch, through=1)
    understood, sent = judge.understood(), by_series(batch)
    assert understood.keys() == sent.keys()
    for series, expected in sent.items():
        assert understood[series] == pytest.approx(expected, rel=1e-12, abs=0), series


def test_a_batch_that_is_written_again_changes_nothing(judge: VictoriaMetrics, tmp_path: Path) -> None:
    batch = many_readings()
    with influx(settings_for(judge), tmp_path) as store:
        store.write(batch, through=None)
        store.write(batch, through=1)
    assert sum(map(len, judge.understood().values())) == 5 * COUNT


def test_rollups_arrive_at_the_start_of_their_window(judge: VictoriaMetrics, tmp_path: Path) -> None:
    figures = {name: np.array([value]) for name, value in FIGURES.items()}
    with influx(settings_for(judge), tmp_path) as store:
        numbers = store._numbers(["NM-0001"])  # type: ignore[attr-defined]  # an answer of the server would name it
        rows = Rollups(device=numbers, start=np.array([to_micros(NOON)]), figures=figures)
        store.write_rollups(Level.MINUTE, "laeq", rows, start=to_micros(NOON), end=to_micros(NOON) + 60_000_000)
    at = to_micros(NOON) // 1000
    assert judge.understood() == {(f"laeq_1m_{name}", "NM-0001"): {at: value} for name, value in FIGURES.items()}
