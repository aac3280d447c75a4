"""The little city of a case: devices by their short entries, on roads that they name."""

from collections.abc import Mapping

from config.suggestions import did_you_mean
from domain.devices import Device, DeviceKind
from domain.places import City, Named, Place, Road, RoadGrade
from rules.casebooks.entries import CaseEntry, CityEntry, DeviceEntry
from rules.casebooks.notation import parse_names


def shared_devices(entries: Mapping[str, DeviceEntry], case: CaseEntry) -> Mapping[str, DeviceEntry]:
    """Of the casebook's own devices, those that the case speaks of. Raises ValueError for a bad name."""
    spoken = {name for series in case.series for name in parse_names(series.device)}
    targets = [*(one.target for one in case.expect), *(one.target for one in case.checks)]
    spoken |= {target.removeprefix("device:") for target in targets}
    return {pattern: entry for pattern, entry in entries.items() if not spoken.isdisjoint(parse_names(pattern))}


def city_of(place: CityEntry | str, case: CaseEntry, devices: Mapping[str, DeviceEntry]) -> City:
    """With the roads and districts that the devices name. Raises ValueError for a place that is not on earth."""
    assert isinstance(place, CityEntry), "a city of a file is read, not made"
    grades = {**place.roads, **case.roads}
    roads = dict.fromkeys([*grades, *(device.road for device in devices.values() if device.road)])
    districts = dict.fromkeys(device.district for device in devices.values() if device.district)
    return City(
        zh="试城",
        en="Testville",
        timezone=place.timezone,
        centre=Place(lon=place.lon, lat=place.lat),
        roads=tuple(Road(id=road, zh=road, en=road, grade=grades.get(road, RoadGrade.BRANCH)) for road in roads),
        districts=tuple(Named(id=name, zh=name, en=name) for name in districts),
    )


def devices_of(entries: Mapping[str, DeviceEntry], city: City, kinds: Mapping[str, DeviceKind]) -> Mapping[str, Device]:
    """Devices by id; `L{1..3}` is three. Raises ValueError for an unknown kind or a bad name."""
    return {
        name: _device(name, entry, city, kinds) for pattern, entry in entries.items() for name in parse_names(pattern)
    }


def _device(name: str, entry: DeviceEntry, city: City, kinds: Mapping[str, DeviceKind]) -> Device:
    if entry.kind not in kinds:
        raise ValueError(f"device {name}: {entry.kind!r} is no kind of device{did_you_mean(entry.kind, kinds)}")
    return Device(
        id=name,
        kind=entry.kind,
        zh=name,
        en=name,
        place=Place(
            lon=city.centre.lon if entry.lon is None else entry.lon,
            lat=city.centre.lat if entry.lat is None else entry.lat,
        ),
        interval_s=kinds[entry.kind].interval_s if entry.interval is None else entry.interval,
        zone=entry.zone,
        district=entry.district,
        road=entry.road,
        parent=entry.parent,
        figures=entry.figures,
    )
