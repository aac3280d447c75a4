"""Wrong places, devices, metrics and targets cannot be built."""

import math
from typing import Any

import pytest

from domain.conditions import Target, TargetKind
from domain.devices import Device, DeviceKind, Registry
from domain.metrics import Catalogue, Metric
from domain.places import City, Place

HERE = Place(lon=112.5, lat=30.9)


def device(**changes: Any) -> Device:
    given: dict[str, Any] = {
        "id": "NM-1",
        "kind": "noise_meter",
        "zh": "甲",
        "en": "A",
        "place": HERE,
        "interval_s": 60.0,
    }
    return Device(**{**given, **changes})


@pytest.mark.parametrize(
    ("lon", "lat"), [(180.1, 0), (-181, 0), (0, 90.5), (0, -91), (math.nan, 0), (0, math.nan), (math.inf, 0)]
)
def test_a_place_off_the_earth_is_refused(lon: float, lat: float) -> None:
    with pytest.raises(ValueError, match=r"no such place on earth.*longitude first"):
        Place(lon=lon, lat=lat)


@pytest.mark.parametrize(("lon", "lat"), [(180, 90), (-180, -90), (0, 0)])
def test_the_edges_of_the_earth_are_places(lon: float, lat: float) -> None:
    assert Place(lon=lon, lat=lat).lon == lon


@pytest.mark.parametrize("interval_s", [0.0, -1.0, math.nan])
def test_a_device_that_never_reports_is_refused(interval_s: float) -> None:
    with pytest.raises(ValueError, match=r"device NM-1: interval_s .* must be above 0 seconds"):
        device(interval_s=interval_s)


@pytest.mark.parametrize("cell", ["12345678901234", "1234567890123456", "12345678901234x", ""])
def test_a_grid_cell_that_is_not_fifteen_digits_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="must have 15 digits"):
        device(grid_cell=cell)


def test_a_grid_cell_of_fifteen_digits_is_taken() -> None:
    assert device(grid_cell="990103033010021").grid_cell == "990103033010021"


@pytest.mark.parametrize("other", ["１２３４５６７８９０１２３４５", "¹²³⁴⁵⁶⁷⁸⁹¹²³⁴⁵⁶"])
def test_digits_of_other_scripts_are_no_grid_cell(other: str) -> None:
    with pytest.raises(ValueError, match="must have 15 digits"):
        device(grid_cell=other)


def test_the_registry_finds_devices_by_kind_and_by_parent() -> None:
    lamps = [device(id="LP-1", kind="lamp", parent="FC-1"), device(id="LP-2", kind="lamp")]
    kind = DeviceKind(code="lamp", zh="路灯", en="Street lamp", metrics=("lamp_on",), interval_s=300.0)
    city = City(zh="试城", en="Testville", timezone="Asia/Shanghai", centre=HERE)
    devices = {one.id: one for one in [*lamps, device(id="FC-1", kind="feeder_cabinet")]}
    registry = Registry(city=city, kinds={"lamp": kind}, devices=devices)
    assert registry.of_kind("lamp") == tuple(lamps)
    assert registry.children("FC-1") == (lamps[0],)
    assert len(registry) == 3


@pytest.mark.parametrize(("low", "high"), [(2.0, 1.0), (math.nan, 1.0), (0.0, math.nan)])
def test_a_metric_with_an_empty_range_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match=r"metric tilt: range .* is empty"):
        Metric(code="tilt", unit="°", zh="倾角", en="Tilt", low=low, high=high)


def test_the_catalogue_keeps_its_order_as_ordinals() -> None:
    metrics = {code: Metric(code=code, unit="1", zh=code, en=code, low=0, high=1) for code in ("b", "a")}
    catalogue = Catalogue(metrics)
    assert catalogue.codes == ("b", "a")
    assert "a" in catalogue and "c" not in catalogue
    assert [metric.code for metric in catalogue] == ["b", "a"]


@pytest.mark.parametrize("kind", TargetKind)
def test_a_target_is_read_back_as_it_is_spelled(kind: TargetKind) -> None:
    target = Target(kind=kind, id="NM:0012")
    assert Target.parse(str(target)) == target


@pytest.mark.parametrize("text", ["", "device", "device:", ":NM-1", "planet:earth", "Device:NM-1"])
def test_what_is_not_kind_and_id_is_no_target(text: str) -> None:
    with pytest.raises(ValueError, match="must read kind:id, such as device:NM-0012"):
        Target.parse(text)
