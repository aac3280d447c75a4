"""The command line. Commands are loaded when they are called, so that `--help` answers at once."""

import importlib
import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import click

from domain.errors import CitybrainError, Misconfigured

COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": ("citybrain.commands.demo", "模拟城市，一条命令 · a simulated city, one command"),
    "up": ("citybrain.commands.up", "按设置文件运行 · run what a settings file describes"),
    "check": ("citybrain.commands.check", "检查设置文件 · validate a settings file, all problems at once"),
    "doctor": ("citybrain.commands.doctor", "体检 · examine broker, stores, clock, disk, registry, routes"),
    "decode": ("citybrain.commands.decode", "试读报文 · what would come of a payload, and why not"),
    "simulate": ("citybrain.commands.simulate", "向代理发布模拟数据 · publish a simulated city to a broker"),
    "replay": ("citybrain.commands.replay", "回放实测数据 · send recorded data through the whole chain"),
    "capture": ("citybrain.commands.capture", "录制 MQTT 报文 · record MQTT messages as NDJSON"),
    "readings": ("citybrain.commands.readings", "查询读数 · query readings"),
    "alerts": ("citybrain.commands.alerts", "查询告警 · query alerts"),
    "backtest": ("citybrain.commands.backtest", "规则回测 · try rules on stored readings"),
    "adviser": (
        "citybrain.commands.adviser",
        "回差与保持时间顾问 · dead-band and hold time, judged on stored readings",
    ),
    "explain": (
        "citybrain.commands.explain",
        "告警依据 · why an alert: readings, limit, clause, way, judged once more",
    ),
    "devices": ("citybrain.commands.devices", "设备台账 · list, import and adopt devices"),
    "accounts": ("citybrain.commands.accounts", "监测墙账号 · who may log in at the wall"),
    "rules": ("citybrain.commands.rules", "规则即代码 · list, check, test and reload rules"),
    "quarantine": ("citybrain.commands.quarantine", "查询隔离区 · query what could not be used"),
    "ledger": ("citybrain.commands.ledger", "守恒账本 · the conservation ledger"),
    "assess": ("citybrain.commands.assess", "按标准评价 · judge recorded data by the standard's own method"),
    "aqi": ("citybrain.commands.aqi", "空气质量指数 · the air quality index of concentrations, written out"),
    "bench": ("citybrain.commands.bench", "基准测试 · speed as ratios against a baseline of the same run"),
}
INTERNAL: Mapping[str, str] = {"child": "citybrain.commands.child"}
"""Entry points of supervised processes; not for people."""


class LazyGroup(click.Group):
    """Knows the names and summaries of its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = COMMANDS[cmd_name][0] if cmd_name in COMMANDS else INTERNAL.get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(version("citybrain"), prog_name="citybrain")
def cli() -> None:
    """citybrain · 城市感知运行监测

    From the sensor over limits with their clause to the person on duty, and a live wall.
    """


def main(arguments: list[str] | None = None) -> Any:
    """The entry point of the console script. What we know how to say comes without a traceback; exit code 1."""
    try:
        return cli.main(args=arguments, prog_name="citybrain")
    except Misconfigured as exc:
        for problem in exc.problems:
            click.echo(f"citybrain: {problem}", err=True)
        if (count := len(exc.problems)) > 1:
            click.echo(f"{count} 个问题 · {count} problems", err=True)
    except CitybrainError as exc:
        click.echo(f"citybrain: {exc}", err=True)
    sys.exit(1)
