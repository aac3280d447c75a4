"""Servers shared by the tests of the stores."""

import os
from collections.abc import Iterator

import pytest

from store.settings import InfluxSettings
from tests.services import Influxd1, influxd_1, influxd_2
from tests.store.series_stores import named_influx_2


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influxd1]:
    """One InfluxDB 1.x for all tests that do not stop it; each uses a database of its own."""
    with influxd_1(tmp_path_factory.mktemp("influxd")) as server:
        yield server


@pytest.fixture(scope="session")
def influxdb_2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxSettings]:
    """The server that the environment names, else our own, else NOT AVAILABLE."""
    if (named := named_influx_2(os.environ)) is not None:
        yield named
        return
    with influxd_2(tmp_path_factory.mktemp("influxd2")) as server:
        yield InfluxSettings.model_validate({"generation": 2, "url": server.url, "token": server.token})
