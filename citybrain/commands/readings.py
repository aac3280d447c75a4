"""`citybrain readings`: from the running engine, or straight from the store when none runs."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from citybrain.commands.querying import moment, query_options, settings_for, show
from citybrain.edge.address import EngineAddress
from citybrain.edge.api import reading_json
from citybrain.edge.client import EngineClient
from citybrain.settings import Settings
from config.catalogue import SHIPPED, load_catalogue
from domain.instants import EPOCH
from domain.series import ReadingQuery
from store.series.opening import open_series_store

COLUMNS = {
    "at": "时间 at",
    "device": "设备 device",
    "metric": "指标 metric",
    "value": "值 value",
    "quality": "质量 quality",
}


@click.command(name="readings")
@click.option("--device", "devices", multiple=True, help="may be given several times · 可重复")
@click.option("--metric", "metrics", multiple=True, help="may be given several times · 可重复")
@click.option("--since", help="time with zone, or a duration such as 2h · 起始时间")
@click.option("--until", help="time with zone, or a duration such as 1h · 截止时间")
@click.option("--limit", type=click.IntRange(min=1), default=1000, show_default=True)
@click.option("--newest", is_flag=True, help="newest first · 最新在前")
@query_options
def command(  # noqa: PLR0913  the options of a command line are its parameters
    *,
    devices: tuple[str, ...],
    metrics: tuple[str, ...],
    since: str | None,
    until: str | None,
    limit: int,
    newest: bool,
    config: Path | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """查询读数 · Query readings, in order of event time."""
    settings = settings_for(config, data)
    now = settings.make_clock().now()
    query = ReadingQuery(
        start=moment(since, now=now) or EPOCH,
        end=moment(until, now=now) or now + timedelta(days=366),
        devices=devices,
        metrics=metrics,
        limit=limit,
        newest_first=newest,
    )
    show(_rows(settings, query), as_json=as_json, columns=COLUMNS)


def _rows(settings: Settings, query: ReadingQuery) -> Iterator[Mapping[str, Any]]:
    address = EngineAddress.read(settings.data)
    if address is not None and address.is_running:
        with EngineClient(address) as engine:
            # the number of a dead engine may belong to a stranger by now: only one that knows the token is ours
            if engine.is_ready():
                yield from engine.readings(query)
                return
    catalogue, _ = load_catalogue(settings.catalogue or SHIPPED)
    store = open_series_store(settings.series, settings.data, catalogue)
    try:
        for reading in store.readings(query):
            yield reading_json(reading)
    finally:
        store.close()
