"""`citybrain bench backtest`: a month of a city judged again, against a plain loop of the same run."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

import click


@click.command(name="backtest")
@click.option("--devices", type=click.IntRange(15, 100_000), default=1_500, show_default=True)
@click.option("--days", type=click.IntRange(1, 366), default=3, show_default=True, help="天数 · of readings")
@click.option("--json", "as_json", is_flag=True, help="一个 JSON 对象 · one JSON object")
def backtest(devices: int, days: int, as_json: bool) -> None:
    """回测：与逐条循环之比 · Stored readings judged again by the shipped rules, against a plain loop."""
    from citybrain.bench.backtest import bench_backtest

    with tempfile.TemporaryDirectory(prefix="citybrain-bench-") as folder:
        result = bench_backtest(
            Path(folder), devices=devices, days=days, tell=lambda step: click.echo(f"… {step}", err=True)
        )
    if as_json:
        click.echo(json.dumps(asdict(result)))
    else:
        click.echo(
            f"{result.devices} devices, {result.days} days, {result.readings} readings, {result.rules} rules,"
            f" {result.alerts} alerts; one core\n"
            f"  backtest    {result.cpu_s:>8.2f} s of processor, {result.us_per_reading} µs a reading"
            f" (reading alone {result.read_cpu_s} s)\n"
            f"  thirty days {result.month_cpu_s:>8.1f} s\n"
            f"  plain loop  {result.loop_us_per_reading:>8.3f} µs a reading   ratio {result.ratio}"
            f"   {'same alerts' if result.agrees else 'OTHER ALERTS'}\n"
            f"  memory of this process at its highest {result.memory_mb} MB"
        )
    if not result.agrees:
        raise SystemExit(1)
