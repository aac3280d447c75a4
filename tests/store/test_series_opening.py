"""From the settings to a store."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from domain.errors import Misconfigured
from store.series.embedded import EmbeddedSeriesStore
from store.series.influx import InfluxSeriesStore
from store.series.opening import open_series_store
from store.settings import InfluxSettings, SeriesSettings
from tests.store.series_stores import CATALOGUE


def test_without_settings_the_readings_go_into_a_local_file(tmp_path: Path) -> None:
    store = open_series_store(SeriesSettings(), tmp_path, CATALOGUE)
    store.close()
    assert isinstance(store, EmbeddedSeriesStore) and (tmp_path / "readings.duckdb").exists()


def test_a_server_need_not_answer_when_its_store_is_opened(tmp_path: Path) -> None:
    asked = {"kind": "influxdb", "influxdb": {"generation": 1, "url": "http://127.0.0.1:9"}}
    store = open_series_store(SeriesSettings.model_validate(asked), tmp_path, CATALOGUE)
    store.close()
    assert isinstance(store, InfluxSeriesStore) and store.stored_through() == 0


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ({"kind": "influxdb"}, "section influxdb is missing"),
        ({"influxdb": {"generation": 2}}, "give token_file"),
        ({"influxdb": {"generation": 4}}, "generation"),
        ({"influxdb": {"generation": 1, "url": "influx:8086"}}, "url"),
        ({"influxdb": {"generation": 1, "token": "a", "token_file": "b"}}, "keep one of them"),
        ({"influxdb": {"generation": 1, "password": "a", "password_file": "b"}}, "keep one of them"),
        ({"embedded": {"memory_limit": "much"}}, "memory_limit"),
        ({"keep": "forever"}, "not a duration"),
        ({"kid": "embedded"}, "kid"),
    ],
)
def test_wrong_settings_are_refused_with_what_to_do(written: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        SeriesSettings.model_validate(written)


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    settings = InfluxSettings(generation=1, token_file=tmp_path / "nowhere")
    with pytest.raises(Misconfigured, match=r"nowhere.*No such file"):
        settings.read_token()
