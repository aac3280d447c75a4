"""`citybrain simulate --config FILE`: the simulated city towards the broker of an installation."""

from pathlib import Path

import click

from citybrain.settings import load_settings
from citybrain.simulation import simulate_for
from runtime import logs
from runtime.stopping import Stop


@click.command(name="simulate")
@click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="settings of the installation: its broker, city and clock · 设置文件",
)
@click.option("--scenario", default="calm", show_default=True, help="demo, calm, storm, smog, blackout, or a file")
@click.option("--seed", type=int, default=1, show_default=True, help="same seed, same feed · 随机种子")
def command(config: Path, scenario: str, seed: int) -> None:
    """向代理发布模拟数据 · Publish simulated readings for the devices of an installation. Ctrl-C ends it.

    Never point it at a production broker: what it publishes looks real.
    """
    logs.configure(process="simulate")
    stop = Stop()
    stop.listen_to_signals()
    simulate_for(load_settings(config), scenario=scenario, seed=seed, stop=stop)
