"""`citybrain devices import`: a file of devices against the registry, shown first and written when asked."""

from pathlib import Path

import click
from rich.console import Console

from citybrain.commands.devices_changing import Wish, change_options
from citybrain.commands.querying import settings_for
from citybrain.registry.changing import Ground
from citybrain.registry.importing import Manner, plan_import
from citybrain.registry.reloading import reload_engine
from domain.datums import Datum


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--replace", "manner", flag_value="replace", help="remove what FILE does not name · 整体替换")
@click.option(
    "--merge",
    "manner",
    flag_value="merge",
    default=True,
    help="keep what FILE does not mention (default) · 合并（缺省）",
)
@click.option(
    "--datum",
    type=click.Choice([datum.value for datum in Datum]),
    help="of FILE's positions, converted to WGS-84 · 坐标系，自动转换",
)
@click.option("--ignore-extra", is_flag=True, help="leave out unknown columns or properties · 忽略未知列")
@change_options
def importing(file: Path, manner: str, datum: str | None, ignore_extra: bool, wish: Wish) -> None:
    """导入设备（YAML、CSV 或 GeoJSON），先显示差异 · Import devices from FILE (.yaml, .csv or .geojson).

    Shows what would change, field by field, and every problem with its line. --apply writes the registry's file;
    the old one is kept beside it as .bak.
    """
    how = Manner(replace=manner == "replace", datum=Datum(datum) if datum else None, ignore_extra=ignore_extra)
    wish.carry_out(lambda: plan_import(file, Ground.of(wish.settings), how))


@click.command(name="reload")
@click.option("--data", type=click.Path(path_type=Path), help="data directory of a demo · 演示数据目录")
@click.option("--config", type=click.Path(path_type=Path), help="settings file · 设置文件")
def reloading(config: Path | None, data: Path | None) -> None:
    """让运行中的引擎重新读取台账、规则与目录 · Let the running engine read registry, rules and catalogue anew.

    It is ended in order and started again by its supervisor: a few seconds in which messages wait at the broker. With
    files that it could not start with, it goes on as it is.
    """
    with Console(stderr=True).status("等待引擎 waiting for the engine …"):
        reload_engine(settings_for(config, data))
    click.echo("引擎已重新读取 · the engine has read its files anew")
