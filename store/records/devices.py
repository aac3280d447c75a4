"""A mirror of the registry, so that what was recorded can be joined with the devices it is about."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from domain.devices import NO_FIGURES, PLAIN, Device, Dialect
from domain.places import Place
from store.records.columns import columns_of
from store.records.tables import devices

_AT_ONCE = 1_000
"""Rows in one statement: all the devices of a large city at once would cost the engine 30 MB for good."""
_aliases = msgspec.json.Decoder(tuple[str, ...])
_dialect = msgspec.json.Decoder(Dialect)
_figures = msgspec.json.Decoder(dict[str, float])


class DeviceRecords:
    """The devices as one transaction sees them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def replace(self, registry: Iterable[Device]) -> None:
        """These and no others."""
        self._connection.execute(delete(devices))
        rest = iter(registry)
        while some := [_row(device) for device in islice(rest, _AT_ONCE)]:
            self._connection.execute(insert(devices), some)

    def list(self) -> Sequence[Device]:
        """In order of their ids."""
        rows = self._connection.execute(select(devices).order_by(devices.c.id))
        return [_device(**row._mapping) for row in rows]

    def get(self, device_id: str) -> Device | None:
        row = self._connection.execute(select(devices).where(devices.c.id == device_id)).first()
        return _device(**row._mapping) if row else None


def _row(device: Device) -> dict[str, Any]:
    columns = columns_of(device)
    place: Place = columns.pop("place")
    aliases = msgspec.json.encode(device.aliases).decode() if device.aliases else None
    dialect = None if device.dialect == PLAIN else msgspec.json.encode(device.dialect).decode()
    figures = msgspec.json.encode(device.figures).decode() if device.figures else None
    return {**columns, "lon": place.lon, "lat": place.lat, "aliases": aliases, "dialect": dialect, "figures": figures}


def _device(
    *, lon: float, lat: float, aliases: str | None, dialect: str | None, figures: str | None, **columns: Any
) -> Device:
    return Device(
        **columns,
        place=Place(lon=lon, lat=lat),
        aliases=_aliases.decode(aliases) if aliases else (),
        dialect=_dialect.decode(dialect) if dialect else PLAIN,
        figures=_figures.decode(figures) if figures else NO_FIGURES,
    )
