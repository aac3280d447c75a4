"""`citybrain up --config FILE`: an installation under one supervisor, for systemd or a terminal."""

from pathlib import Path

import click

from citybrain.checking import check_everything
from citybrain.household import Household, broker_member, engine_member, web_member
from citybrain.settings import load_settings
from domain.errors import Misconfigured
from runtime import logs
from runtime.locking import DirectoryLock
from runtime.parentage import keep_files_private
from runtime.ports import is_taken, next_free
from runtime.stopping import Stop
from runtime.supervision import ChildDied

END_WITHIN_S = 8.0


@click.command(name="up")
@click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="settings file; see examples/production.yaml · 设置文件",
)
def command(config: Path) -> None:
    """按设置文件运行：引擎与监测墙 · Run the engine and the wall that a settings file describes.

    Children that die are started again. SIGTERM or Ctrl-C ends everything in order.
    """
    keep_files_private()
    settings = load_settings(config)
    settings.data.mkdir(parents=True, exist_ok=True)
    report = check_everything(config)
    if report.problems:
        raise Misconfigured(report.problems)
    logs.configure(process="supervisor")
    log = logs.get(__name__)
    lock = DirectoryLock(settings.data, "supervisor")
    if is_taken(settings.web.port, host=settings.web.host):
        free = next_free(settings.web.port, host=settings.web.host)
        raise click.ClickException(f"port {settings.web.port} is taken; set web.port to a free one, such as {free}")
    stop = Stop()
    stop.listen_to_signals()

    def on_death(death: ChildDied) -> None:
        log.error("child died", child=death.name, pid=death.pid, how=death.how, restart_in_s=death.restart_in_s)

    household = Household(
        logs=settings.logs.folder,
        bound=settings.logs.bound,
        on_death=on_death,
        on_restart=lambda name, pid: log.info("child started again", child=name, pid=pid),
        on_ready=lambda name: log.info("child ready", child=name),
        on_slow=lambda names: log.warning("still not ready, waiting on", children=names),
    )
    broker = broker_member(settings)
    try:
        if broker is not None:
            household.start([broker], stop)
        household.start([engine_member(settings, config), web_member(settings, config)], stop)
        log.info("citybrain is up", wall=f"http://{settings.web.host}:{settings.web.port}")
        household.watch(stop)
    finally:
        killed = household.supervisor.stop(within_s=END_WITHIN_S)
        log.info("citybrain is down", killed=killed)
        lock.release()
