"""`citybrain capture FILE`: record what a broker carries, to be replayed."""

import os
from pathlib import Path

import click

from runtime import logs
from runtime.clock import SystemClock
from runtime.stopping import Stop
from simulators.capture import capture
from simulators.settings import BrokerAddress


@click.command(name="capture")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=1883, show_default=True)
@click.option("--protocol", type=click.Choice(["5", "3.1.1"]), default="5", show_default=True)
@click.option("--username")
@click.option("--password-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="密码文件")
@click.option(
    "--topic", "topics", multiple=True, default=["citybrain/v1/#"], show_default=True, help="may be repeated · 可重复"
)
@click.option("--limit", type=click.IntRange(1), help="stop after so many messages · 条数上限")
def command(  # noqa: PLR0913  the options of a command line are its parameters
    *,
    file: Path,
    host: str,
    port: int,
    protocol: str,
    username: str | None,
    password_file: Path | None,
    topics: tuple[str, ...],
    limit: int | None,
) -> None:
    """录制 MQTT 报文 · Record MQTT messages to FILE as NDJSON.

    Fields: topic, payload or payload_b64, qos, retain, received_at. Ends with Ctrl-C or at the limit.
    `citybrain replay FILE` plays it.
    """
    if password_file is not None and username is None:
        raise click.UsageError("--password-file without --username; give both")
    logs.configure(process="capture", level="WARNING")
    stop = Stop()
    stop.listen_to_signals()
    address = BrokerAddress.model_validate(
        {
            **{"host": host, "port": port, "protocol": protocol, "username": username},
            **{"password_file": password_file, "client_id": f"citybrain-capture-{os.getpid()}"},
        }
    )
    click.echo(f"录制中 recording {', '.join(topics)} at {host}:{port}，Ctrl-C 结束 to stop", err=True)
    report = capture(address, file, topics=topics, clock=SystemClock(), stop=stop, limit=limit)
    click.echo(
        f"{report.messages} 条 messages, {report.payload_bytes} bytes, {report.interruptions} 次中断 interruptions",
        err=True,
    )
