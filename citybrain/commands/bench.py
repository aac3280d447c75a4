"""`citybrain bench …`: how fast, against what."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

import click


@click.group(name="bench")
def command() -> None:
    """基准测试，与同次运行的基线相比 · Speed as ratios against a baseline of the same run."""


@command.command()
@click.option("--messages", type=click.IntRange(1_000, 5_000_000), default=50_000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="one JSON object · 一个 JSON 对象")
def ingest(messages: int, as_json: bool) -> None:
    """接入：真实引擎与裸会话之比 · The real engine against a bare paho session, QoS 1, embedded broker and store."""
    from citybrain.bench.ingest import bench_ingest, cores

    with tempfile.TemporaryDirectory(prefix="citybrain-bench-") as folder:
        result = bench_ingest(Path(folder), messages=messages)
    if as_json:
        click.echo(json.dumps({**asdict(result), "cores": cores()}))
        return
    click.echo(f"{result.messages} messages of about 200 bytes, QoS 1, MQTT 5, {cores()} cores with the load generator")
    click.echo(f"  bare paho session, acknowledged by hand   {result.bare_per_s:>8.0f} /s")
    click.echo(f"  the engine: rules, ledger, journal, store {result.engine_per_s:>8.0f} /s   ratio {result.ratio:.2f}")
    click.echo(f"  processor time {result.engine_cpu_us} µs a message, memory {result.engine_memory_mb} MB")
    click.echo(f"  ledger {'balanced' if result.balanced else 'DOES NOT BALANCE'}")
    if not result.balanced:
        raise SystemExit(1)
