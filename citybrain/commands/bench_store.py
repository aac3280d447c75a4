"""`citybrain bench store`: the series stores by themselves, against the usual ways of the same run."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from citybrain.bench.store import StoreFigures


@click.command()
@click.option("--readings", type=click.IntRange(20_000, 20_000_000), default=1_000_000, show_default=True)
@click.option("--influx-url", help="InfluxDB 1.x；缺省时自行启动 influxd · of a server; else one is started")
@click.option("--json", "as_json", is_flag=True, help="一个 JSON 对象 · one JSON object")
def store(readings: int, influx_url: str | None, as_json: bool) -> None:
    """时序存储：写入、汇总与查询 · The series stores: spelling, writing, rolling up, asking for a month."""
    from citybrain.bench.store import bench_store

    with tempfile.TemporaryDirectory(prefix="citybrain-bench-") as folder:
        result = bench_store(
            Path(folder), readings=readings, influx_url=influx_url, tell=lambda step: click.echo(f"… {step}", err=True)
        )
    if as_json:
        click.echo(json.dumps(asdict(result)))
        return
    click.echo(f"{result.readings} readings, every device and metric once a minute for a month")
    click.echo(
        f"  line protocol {result.line_us} µs a reading, point by point {result.point_us}: {result.line_ratio} times"
    )
    _tell("embedded file", result.embedded)
    if result.influxdb is not None:
        _tell("InfluxDB 1.x", result.influxdb)
        click.echo(f"    raw line protocol {result.raw_per_s:.0f} /s: ratio {result.influxdb_ratio}")
    click.echo(f"  memory of this process at its highest {result.memory_mb} MB")


def _tell(name: str, figures: "StoreFigures") -> None:
    click.echo(
        f"  {name}: {figures.readings_per_s:.0f} readings/s out of the journal, {figures.cpu_us} µs of processor each;"
        f" rolled up in {figures.rollup_s} s; a month by the hour {figures.month_from_readings_ms} ms from readings,"
        f" {figures.month_from_hours_ms} ms from hours"
    )
