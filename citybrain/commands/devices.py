"""`citybrain devices`: the registry as the engine took it at its last start, and the ways to change its file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from citybrain.commands.devices_adopt import adopting
from citybrain.commands.devices_import import importing, reloading
from citybrain.commands.grouping import ListingGroup
from citybrain.commands.querying import books_of, query_options, settings_for, show
from domain.devices import PLAIN, Device, Dialect
from domain.errors import Refused
from domain.names import folded
from runtime.texts import harmless

COLUMNS = {
    "id": "编号 id",
    "kind": "类别 kind",
    "zh": "名称",
    "en": "name",
    "road": "道路 road",
    "interval_s": "周期 s",
    "aliases": "别名 aliases",
}


@click.group(name="devices", cls=ListingGroup)
def command() -> None:
    """设备台账：查询、导入、收编 · The registry: list, show, import, adopt unknown devices."""


@command.command(name="list")
@click.option("--kind", help="only this kind, such as noise_meter · 仅此类别")
@query_options
def listing(kind: str | None, config: Path | None, data: Path | None, as_json: bool) -> None:
    """查询设备 · Query devices."""
    with books_of(settings_for(config, data)) as books:
        chosen = [device for device in books.devices.list() if kind in (None, device.kind)]
    rows = (_row(device) for device in chosen)
    show(rows if as_json else [_for_people(row) for row in rows], as_json=as_json, columns=COLUMNS)


@command.command(name="show")
@click.argument("name")
@query_options
def showing(name: str, config: Path | None, data: Path | None, as_json: bool) -> None:
    """查看一台设备（编号或别名） · Show one device, by its id or one of its aliases."""
    with books_of(settings_for(config, data)) as books:
        device = books.devices.get(name) or _of_alias(name, books.devices.list())
    if device is None:
        raise Refused(f"no device is called {name!r}; `citybrain devices` lists those there are")
    row = _row(device)
    if as_json:
        click.echo(json.dumps(row, ensure_ascii=False))
        return
    for field, value in row.items():
        if value not in (None, [], {}):
            words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            click.echo(f"{field:<12} {harmless(words)}")


def _of_alias(name: str, devices: Any) -> Device | None:
    wanted = folded(name)
    return next((d for d in devices if wanted in {folded(d.id), *map(folded, d.aliases)}), None)


def _row(device: Device) -> Mapping[str, Any]:
    return {
        **{"id": device.id, "kind": device.kind, "zh": device.zh, "en": device.en},
        **{"lon": device.place.lon, "lat": device.place.lat},
        **{"district": device.district, "road": device.road, "zone": device.zone, "grid_cell": device.grid_cell},
        **{"department": device.department, "parent": device.parent, "interval_s": device.interval_s},
        "aliases": list(device.aliases),
        "dialect": _said(device.dialect),
        "figures": dict(device.figures),
    }


def _said(dialect: Dialect) -> dict[str, Any]:
    """What the dialect says, without what it leaves to the format."""
    whole, plain = msgspec.to_builtins(dialect), msgspec.to_builtins(PLAIN)
    return {name: value for name, value in whole.items() if value != plain[name]}


def _for_people(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**row, "aliases": ", ".join(row["aliases"]) or None}


command.add_command(importing)
command.add_command(adopting)
command.add_command(reloading)
