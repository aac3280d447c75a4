"""`citybrain bench registry`: how fast a registry loads, and how much memory it takes."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

import click


@click.command(name="registry")
@click.option("--devices", type=click.IntRange(100, 1_000_000), default=50_000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="one JSON object · 一个 JSON 对象")
def registry(devices: int, as_json: bool) -> None:
    """台账：加载与核对，与 PyYAML 直接读取之比 · Loading and checking, against nothing but PyYAML's fast loader."""
    from citybrain.bench.registry import bench_registry

    with tempfile.TemporaryDirectory(prefix="citybrain-bench-") as folder:
        result = bench_registry(Path(folder), devices=devices, tell=lambda step: click.echo(f"… {step}", err=True))
    if as_json:
        click.echo(json.dumps(asdict(result)))
        return
    click.echo(f"{result.devices} devices, seconds of processor time with all checks")
    click.echo(f"  YAML as citybrain writes it  {result.own_yaml_s:>7.2f}   ratio {result.own_yaml_ratio:.2f}")
    click.echo(f"  CSV                          {result.csv_s:>7.2f}")
    click.echo(f"  GeoJSON                      {result.geojson_s:>7.2f}")
    click.echo(f"  YAML as people write it      {result.hand_yaml_s:>7.2f}   ratio {result.hand_yaml_ratio:.2f}")
    click.echo(f"  nothing but yaml.load of it  {result.yaml_load_s:>7.2f}")
    click.echo(f"  memory of the registry       {result.bytes_per_device:>7.0f} bytes a device")
