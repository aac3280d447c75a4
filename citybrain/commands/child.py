"""`citybrain child …`: the supervised processes. Each ends when its parent does, and on SIGTERM within its time."""

import os
import signal
from pathlib import Path

import click

from runtime import logs
from runtime.clock import SystemClock
from runtime.parentage import die_with_parent, keep_files_private
from runtime.stopping import Stop, leave
from runtime.supervision import PARENT_VARIABLE

CONFIG = click.option("--config", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)


@click.group(hidden=True)
def command() -> None:
    """Entry points of supervised processes."""
    keep_files_private()
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is not None:
        die_with_parent(parent=int(parent))


@command.command()
@CONFIG
def engine(config: Path) -> None:
    """Ingest, rules, alerts and notices over one data directory."""
    from citybrain.assembly import assemble
    from citybrain.engine.process import EngineProcess
    from citybrain.settings import load_settings

    logs.configure(process="engine")
    stop = Stop()
    stop.listen_to_signals()
    parent = os.environ.get(PARENT_VARIABLE)
    supervisor = None if parent is None else int(parent)
    process = EngineProcess(assemble(load_settings(config), file=config), pid=os.getpid(), supervisor=supervisor)
    signal.signal(signal.SIGHUP, lambda _number, _frame: process.reload_soon())
    leave(process.run(stop))


@command.command()
@CONFIG
def web(config: Path) -> None:
    """The wall and the pages around it."""
    from citybrain.settings import load_settings
    from dashboard.serving import serve

    logs.configure(process="web")
    settings = load_settings(config)
    log = logs.get(__name__)
    serve(
        settings.web,
        directory=settings.data,
        clock=SystemClock(),
        on_ready=lambda url: log.info("wall is served", url=url),
    )


@command.command()
@click.argument("configuration", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def broker(configuration: Path) -> None:
    """The embedded MQTT broker, from a rumqttd file."""
    from citybrain.demo.broker import run_broker

    run_broker(configuration)


@command.command()
@click.option("--scenario", required=True)
@click.option("--seed", type=int, required=True)
@CONFIG
def simulators(config: Path, scenario: str, seed: int) -> None:
    """The simulated city, publishing to the broker that the settings name."""
    from citybrain.settings import load_settings
    from citybrain.simulation import simulate_for

    logs.configure(process="simulators")
    stop = Stop()
    stop.listen_to_signals()
    simulate_for(load_settings(config), scenario=scenario, seed=seed, stop=stop)
