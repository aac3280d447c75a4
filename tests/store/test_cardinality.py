"""The number of series is bounded by the registry, and known before anything is written."""

import pytest

from domain.devices import Device, DeviceKind, Registry
from domain.errors import Misconfigured
from domain.places import City, Place
from store.series.cardinality import check_series, possible_series
from store.settings import InfluxSettings, RollupSettings, SeriesKind, SeriesSettings

HERE = Place(lon=120.0, lat=30.0)
CITY = City(zh="某市", en="Somewhere", timezone="Asia/Shanghai", centre=HERE)


def registry_of(lamps: int) -> Registry:
    kind = DeviceKind(code="lamp", zh="路灯", en="Lamp", metrics=("lamp_on", "energy"), interval_s=300.0)
    devices = {
        name: Device(id=name, kind="lamp", zh="灯", en="Lamp", place=HERE, interval_s=300.0)
        for name in (f"LP-{n}" for n in range(lamps))
    }
    return Registry(city=CITY, kinds={"lamp": kind}, devices=devices)


def settings_of(max_series: int, *, rollups: bool = True) -> SeriesSettings:
    return SeriesSettings(
        kind=SeriesKind.INFLUXDB,
        influxdb=InfluxSettings(generation=1, max_series=max_series),
        rollups=RollupSettings(enabled=rollups),
    )


def test_every_device_counts_with_the_metrics_of_its_kind_and_their_rollups() -> None:
    registry = registry_of(5)
    assert [possible_series(registry, with_rollups=given) for given in (False, True)] == [10, 30]


def test_a_registry_that_may_exceed_the_bound_is_refused_with_both_numbers() -> None:
    with pytest.raises(Misconfigured, match=r"5 devices may come to 30 series, more than max_series 29"):
        check_series(settings_of(29), registry_of(5))


@pytest.mark.parametrize("settings", [settings_of(30), settings_of(10, rollups=False), SeriesSettings()])
def test_a_registry_within_the_bound_is_fine(settings: SeriesSettings) -> None:
    check_series(settings, registry_of(5))
