"""Servers shared by the tests of the stores."""

import os
from collections.abc import Iterator

import pytest

from store.settings import InfluxSettings
from tests.services import Influxd1, influxd_1, influxd_2, influxd_generation
from tests.store.series_stores import influx_2


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd1]:
    """One InfluxDB 1.x for all tests that do not stop it; each uses a database of its own."""
    with influxd_1(tmp_path_factory.mktemp("influxd")) as server:
        yield server


@pytest.fixture(scope="session")
def influxdb_2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxSettings]:
    """The server that the environment names, else our own if `influxd` is of generation 2, else NOT AVAILABLE."""
    if "CITYBRAIN_TEST_INFLUX_URL" not in os.environ and influxd_generation() == 2:
        with influxd_2(tmp_path_factory.mktemp("influxd2")) as server:
            yield InfluxSettings.model_validate({"generation": 2, "url": server.url, "token": server.token})
    else:
        yield influx_2()
