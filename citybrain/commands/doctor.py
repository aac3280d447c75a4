"""`citybrain doctor`: one page on the health of an installation, with what to do."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from citybrain.assembly import assemble
from citybrain.commands.querying import settings_file_for
from citybrain.doctor.broker import examine_broker
from citybrain.doctor.feeds import examine_feeds
from citybrain.doctor.files import examine_files
from citybrain.doctor.findings import Finding, Level, Section
from citybrain.doctor.installation import examine_registry
from citybrain.doctor.machine import examine_machine
from citybrain.doctor.routes import examine_routes
from citybrain.doctor.stores import examine_stores
from citybrain.settings import load_settings
from runtime import logs
from runtime.clock import SystemClock
from runtime.texts import harmless

SIGNS = {Level.OK: ("✓", "green"), Level.NOTE: ("!", "yellow"), Level.BAD: ("✗", "red")}
TITLES = {
    Section.FILES: "文件 files",
    Section.BROKER: "代理 broker",
    Section.STORES: "存储 stores",
    Section.MACHINE: "主机 machine",
    Section.REGISTRY: "登记表 registry",
    Section.ROUTES: "通知 routes",
}


@click.command(name="doctor")
@click.option("--config", type=click.Path(path_type=Path), help="settings file · 设置文件")
@click.option("--data", type=click.Path(path_type=Path), help="data directory of a demo · 演示数据目录")
@click.option("--skip-broker", is_flag=True, help="send no probes through the broker · 不向代理发送探测报文")
@click.option("--json", "as_json", is_flag=True, help="NDJSON, one object per line · 每行一个 JSON 对象")
def command(config: Path | None, data: Path | None, skip_broker: bool, as_json: bool) -> None:
    """体检：代理、存储、时钟、磁盘、登记表、通知 · Examine broker, stores, clock, disk, registry and routes.

    Sends some thousand messages of its own to citybrain-doctor/… through the broker. Exit code 1 when something is bad.
    """
    file = settings_file_for(config, data)
    with Console(stderr=True).status("检查中 examining …"), logs.silenced():
        findings = list(_examine(file, skip_broker=skip_broker))
    if as_json:
        for finding in findings:
            click.echo(json.dumps(asdict(finding), ensure_ascii=False))
    else:
        _print(findings)
    if any(finding.level is Level.BAD for finding in findings):
        raise SystemExit(1)


def _examine(file: Path, *, skip_broker: bool) -> Iterator[Finding]:
    """Without sound files there is nothing further to look at."""
    findings = examine_files(file)
    yield from findings
    if any(finding.level is Level.BAD for finding in findings):
        return
    settings = load_settings(file)
    installation = assemble(settings)
    if not skip_broker:
        yield from examine_broker(settings.ingest.broker, SystemClock())
    yield from examine_feeds(settings.data)
    yield from examine_stores(settings)
    yield from examine_machine(settings.data)
    yield from examine_registry(installation.registry)
    yield from examine_routes(settings.notify)


def _print(findings: Sequence[Finding]) -> None:
    console = Console(highlight=False)
    for section, title in TITLES.items():
        mine = [finding for finding in findings if finding.section is section]
        if mine:
            console.print(Text(title, style="bold"))
        for finding in mine:
            _print_one(console, finding)


def _print_one(console: Console, finding: Finding) -> None:
    sign, colour = SIGNS[finding.level]
    both = finding.zh if finding.zh == finding.en else f"{finding.zh} · {finding.en}"
    console.print(Text.assemble(("  " + sign + " ", colour), harmless(both)))
    if finding.advice_en:
        console.print(Text(f"      → {finding.advice_zh}\n        {finding.advice_en}", style="dim"))
