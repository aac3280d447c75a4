"""`citybrain rules reload`: lets the running engine take changed rule files, without a restart."""

from pathlib import Path

import click

from citybrain.commands.querying import settings_for
from citybrain.edge.client import EngineClient
from citybrain.registry.reloading import check_rules, running_engine
from domain.errors import Refused


@click.command(name="reload")
@click.option("--data", type=click.Path(path_type=Path), help="data directory of a demo · 演示数据目录")
@click.option("--config", type=click.Path(path_type=Path), help="settings file · 设置文件")
def reloading(config: Path | None, data: Path | None) -> None:
    """让运行中的引擎重新读取规则文件，不重启 · Let the running engine read its rule files anew, without a restart.

    Rules whose meaning did not change keep their timers and windows; changed ones start fresh, and their open alerts
    are closed. With faulty files nothing changes.
    """
    settings = settings_for(config, data)
    check_rules(settings)  # every problem with its line, before the engine is asked
    address = running_engine(settings.data)
    if address is None:
        raise Refused("no engine runs here; the next start of `citybrain up` takes the files as they are")
    with EngineClient(address) as engine:
        told = engine.command({"type": "reload-rules", "actor": "command line"})
    for word, zh in (("kept", "不变"), ("changed", "已变更"), ("added", "新增"), ("removed", "已移除")):
        names = told[word]
        if names:
            click.echo(f"{zh} {word}: {', '.join(names)}")
    closed = told["closed"]
    click.echo(f"规则已重新读取，关闭告警 {closed} 条 · the engine judges by the new rules; {closed} alert(s) closed")
