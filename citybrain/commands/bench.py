"""`citybrain bench …`: how fast, against what."""

import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from citybrain.commands.bench_backtest import backtest
from citybrain.commands.bench_registry import registry
from citybrain.commands.bench_rules import rules
from citybrain.commands.bench_store import store

if TYPE_CHECKING:
    from citybrain.bench.ingest import IngestResult


@click.group(name="bench")
def command() -> None:
    """基准测试，与同次运行的基线相比 · Speed as ratios against baselines of the same run."""


command.add_command(backtest)
command.add_command(registry)
command.add_command(rules)
command.add_command(store)


@command.command()
@click.option("--messages", type=click.IntRange(1_000, 5_000_000), default=200_000, show_default=True)
@click.option("--qos", type=click.Choice(["1"]), default="1", help="1: 不丢失 · nothing may be lost")
@click.option("--broker", type=click.Choice(["embedded", "mosquitto"]), default="embedded", show_default=True)
@click.option("--session", type=click.Choice(["bulk", "paho", "auto"]), default="auto", show_default=True)
@click.option("--store", type=click.Choice(["embedded", "influx"]), default="embedded", show_default=True)
@click.option("--influx-url", help="InfluxDB 1.x；缺省时自行启动 influxd · of a server; else one is started")
@click.option("--devices", type=click.IntRange(1, 100_000), default=1_000, show_default=True)
@click.option("--garbage", type=click.FloatRange(0.0, 0.9), default=0.0, help="坏报文的比例 · share of unreadable ones")
@click.option(
    "--rate", type=click.FloatRange(1.0), help="时延部分的速率（缺省：所达一半）· default half of what was reached"
)
@click.option("--json", "as_json", is_flag=True, help="一个 JSON 对象 · one JSON object")
def ingest(  # noqa: PLR0913, PLR0917  a command has as many parameters as options
    messages: int,
    qos: str,
    broker: str,
    session: str,
    store: str,
    influx_url: str | None,
    devices: int,
    garbage: float,
    rate: float | None,
    as_json: bool,
) -> None:
    """接入：真实引擎与裸会话、普通脚本之比 · The real engine against a bare session and the ordinary script."""
    from citybrain.bench.ingest import IngestOptions, bench_ingest
    from citybrain.bench.load import Load
    from citybrain.bench.site import cores
    from runtime import logs

    logs.configure(process="bench", level="WARNING")  # stdout belongs to the result
    options = IngestOptions(
        load=Load(messages=messages, devices=devices, garbage=garbage),
        broker=broker,
        session=session,
        store=store,
        influx_url=influx_url,
        rate=rate,
    )
    with tempfile.TemporaryDirectory(prefix="citybrain-bench-") as folder:
        result = bench_ingest(Path(folder), options, lambda step: click.echo(f"… {step}", err=True))
    if as_json:
        click.echo(
            json.dumps(
                {
                    **asdict(result),
                    "qos": int(qos),
                    "broker": broker,
                    "session": session,
                    "store": store,
                    "cores": cores(),
                }
            )
        )
    else:
        _tell(result, session=session, cores=cores())
    if not result.balanced:
        raise SystemExit(1)


def _tell(result: "IngestResult", *, session: str, cores: int) -> None:
    lines = [
        f"{result.messages} messages of about 200 bytes, 3 values each, {result.devices} devices, {result.garbage}"
        f" unreadable; QoS 1; {cores} cores with broker and load generator",
        f"  bare {session} session                      {result.bare_per_s:>9.0f} /s",
        f"  taken, journalled and acknowledged     {result.taken_per_s:>9.0f} /s   ratio {result.ratio_bare:.2f}",
        f"  ... judged, recorded and in the store  {result.engine_per_s:>9.0f} /s",
        f"  ordinary script                        {result.script_per_s:>9.0f} /s   ratio {result.ratio_script:.1f}",
        f"  processor µs a message: engine {result.engine_cpu_us}, broker {result.broker_cpu_us},"
        f" load generator {result.publisher_cpu_us}",
        f"  memory of the engine {result.engine_memory_mb} MB, at its highest {result.engine_peak_mb} MB",
        f"  publish to alert at {result.latency_rate_per_s:.0f} /s: p50 {result.publish_to_alert_p50_ms} ms,"
        f" p99 {result.publish_to_alert_p99_ms} ms",
        f"  ledger {'balanced' if result.balanced else 'DOES NOT BALANCE'}",
    ]
    if result.raw_readings_per_s is not None:
        lines.insert(
            5,
            f"  raw line protocol, readings            {result.raw_readings_per_s:>9.0f} /s   ratio {result.ratio_raw}",
        )
    click.echo("\n".join(lines))
