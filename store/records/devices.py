"""A mirror of the registry, so that what was recorded can be joined with the devices it is about."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from domain.devices import Device
from domain.places import Place
from store.records.columns import columns_of
from store.records.tables import devices


class DeviceRecords:
    """The devices as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def replace(self, registry: Iterable[Device]) -> None:
        """These and no others."""
        rows = [_row(device) for device in registry]
        self._connection.execute(delete(devices))
        if rows:
            self._connection.execute(insert(devices), rows)

    def list(self) -> Sequence[Device]:
        """In order of their ids."""
        rows = self._connection.execute(select(devices).order_by(devices.c.id))
        return [_device(**row._mapping) for row in rows]


def _row(device: Device) -> dict[str, Any]:
    columns = columns_of(device)
    place: Place = columns.pop("place")
    return {**columns, "lon": place.lon, "lat": place.lat}


def _device(*, lon: float, lat: float, **columns: Any) -> Device:
    return Device(**columns, place=Place(lon=lon, lat=lat))
