"""`citybrain replay FILE`: recorded data through the whole chain, and what came out of it."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from citybrain.replay.report import report_of
from citybrain.replay.running import replay_through
from citybrain.replay.watching import WatchedRecording
from citybrain.settings import zone_of
from domain.places import NoiseZone
from runtime import logs
from runtime.stopping import Stop
from simulators.recordings.recording import RecordingFormat, RecordingOptions
from simulators.replay import open_recording


@click.command(name="replay")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--speed", type=click.FloatRange(0.1, 1_000_000), default=600.0, show_default=True, help="倍速")
@click.option(
    "--format", "kind", type=click.Choice([kind.value for kind in RecordingFormat]), help="default: by the file"
)
@click.option("--timezone", default="Asia/Shanghai", show_default=True, help="of local times in the file · 时区")
@click.option(
    "--zone", type=click.Choice([zone.value for zone in NoiseZone]), default="2", show_default=True, help="声功能区"
)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="keep the installation here · 保留数据")
@click.option("--json", "as_json", is_flag=True, help="one JSON object · 一个 JSON 对象")
def command(  # noqa: PLR0913  the options of a command line are its parameters
    *, file: Path, speed: float, kind: str | None, timezone: str, zone: str, data: Path | None, as_json: bool
) -> None:
    """回放实测数据 · Send recorded data through broker, engine and store in event time.

    FILE is a CSV of one-minute levels, an hourly CSV of an air station, or a capture of MQTT messages (NDJSON).
    """
    logs.configure(process="replay", level="WARNING")
    options = RecordingOptions(timezone=timezone, zone=NoiseZone(zone))
    recording = open_recording(file, format=RecordingFormat(kind) if kind else None, options=options)
    watched = WatchedRecording(recording, zone=zone_of(timezone))
    stop = Stop()
    stop.listen_to_signals()
    with tempfile.TemporaryDirectory(prefix="citybrain-replay-") as scratch:
        folder = data or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        report = report_of(replay_through(watched, folder, speed=speed, stop=stop))
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else _text(report))


def _text(report: Mapping[str, Any]) -> str:
    sent, answered, skipped = report["published"], report["acknowledged"], report["skipped"]
    lines = [
        f"发布 published {sent}，确认 acknowledged {answered}，跳过 skipped {skipped}",
        f"账本 ledger {'平衡 balanced' if report['balanced'] else '不平衡 DOES NOT BALANCE'}",
    ]
    lines += [f"告警 alerts  {rule}: {count}" for rule, count in sorted(report["alerts"].items())] or [
        "没有告警 no alerts"
    ]
    if report["noise_days"]:
        lines.append("日期 date     Ld dB(A)  Ln dB(A)  有效小时 valid hours (昼/夜)  超标小时 exceeded")
    for day in report["noise_days"]:
        ld, ln = (f"{level:8.1f}" if level is not None else "       –" for level in (day["ld"], day["ln"]))
        lines.append(
            f"{day['date']}  {ld}  {ln}  {day['day_hours']:>2}/{day['night_hours']}  {day['exceeded_hours']:>18}"
        )
    return "\n".join(lines)
