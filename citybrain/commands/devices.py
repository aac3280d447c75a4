"""`citybrain devices`: the registry as the engine took it at its last start."""

from pathlib import Path

import click

from citybrain.commands.querying import books_of, query_options, settings_for, show

COLUMNS = {
    "id": "编号 id",
    "kind": "类别 kind",
    "zh": "名称",
    "en": "name",
    "road": "道路 road",
    "interval_s": "周期 s",
}


@click.command(name="devices")
@click.option("--kind", help="only this kind, such as noise_meter · 仅此类别")
@query_options
def command(kind: str | None, config: Path | None, data: Path | None, as_json: bool) -> None:
    """查询设备 · Query devices."""
    with books_of(settings_for(config, data)) as books:
        chosen = [device for device in books.devices.list() if kind in (None, device.kind)]
    rows = (
        {
            **{"id": d.id, "kind": d.kind, "zh": d.zh, "en": d.en, "lon": d.place.lon, "lat": d.place.lat},
            **{"district": d.district, "road": d.road, "zone": d.zone, "grid_cell": d.grid_cell},
            **{"department": d.department, "parent": d.parent, "interval_s": d.interval_s},
        }
        for d in chosen
    )
    show(rows, as_json=as_json, columns=COLUMNS)
