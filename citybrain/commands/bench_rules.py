"""`citybrain bench rules`: how fast the rules judge."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from citybrain.bench.rules import RulesResult


@click.command(name="rules")
@click.option("--devices", type=click.IntRange(100, 1_000_000), default=100_000, show_default=True)
@click.option("--readings", type=click.IntRange(1_000, 20_000_000), default=1_000_000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="one JSON object · 一个 JSON 对象")
def rules(devices: int, readings: int, as_json: bool) -> None:
    """规则：每个读数十条规则，与同次运行的普通循环之比 · Ten rules on each reading, against the ordinary loop.

    Both must come to the same transitions, or the exit code is 1.
    """
    from citybrain.bench.rules import bench_rules

    with tempfile.TemporaryDirectory(prefix="citybrain-bench-") as folder:
        result = bench_rules(
            Path(folder), devices=devices, readings=readings, tell=lambda step: click.echo(f"… {step}", err=True)
        )
    click.echo(json.dumps(asdict(result)) if as_json else _text(result))
    if not result.equal:
        raise SystemExit(1)


def _text(result: "RulesResult") -> str:
    lines = [
        f"{result.devices} devices, {result.readings} readings, {result.rules_a_reading} rules look at each,"
        f" {100 * result.violated_share:.1f} % violated, {result.transitions} transitions; seconds of the processor",
        f"  ordinary loop        {result.plain_per_s:>9.0f} readings/s",
    ]
    lines += [
        f"  batches of {batch.size:<8}  {batch.readings_per_s:>9.0f} readings/s   ratio {batch.ratio_plain:.1f}"
        f"   evaluated alone {batch.evaluated_per_s:>9.0f} /s"
        f"   {batch.us_a_batch:.0f} µs a batch, {batch.us_a_tick:.0f} µs a tick"
        for batch in result.batches
    ]
    lines += [
        f"  memory {result.bytes_a_series:.0f} bytes a series with its ten rules",
        f"  snapshot {result.snapshot_mb:.1f} MB, written in {result.snapshot_dump_s:.2f} s,"
        f" read in {result.snapshot_load_s:.2f} s",
        f"  transitions {'equal' if result.equal else 'DIFFER'}: {result.batches[0].digest}",
    ]
    return "\n".join(lines)
