"""What the commands share that change the registry: options, one writer at a time, and the way to the engine."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from citybrain.commands.devices_showing import tell
from citybrain.commands.querying import settings_for
from citybrain.registry.changing import Plan
from citybrain.registry.reloading import reload_engine, running_engine
from citybrain.settings import Settings
from domain.errors import CitybrainError
from runtime.locking import DirectoryLock

LOCK = "registry"

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which installation, and what shall be done with a change that has no problem."""

    settings: Settings
    apply: bool
    reload: bool
    as_json: bool

    def carry_out(self, plan: Callable[[], Plan]) -> Mapping[str, Any]:
        """Make the plan, write it where that is wished and possible, and tell all of it. What was done.

        Two changes at once would undo each other: whoever writes is alone. Ends the command with 1 for problems.
        """
        lock = DirectoryLock(self.settings.data, LOCK) if self.apply else None
        try:
            with Console(stderr=True).status("读取与核对 reading and checking …"):
                found = plan()
            done = self._write(found)
        finally:
            if lock is not None:
                lock.release()
        tell(found, done, as_json=self.as_json)
        return done

    def _write(self, plan: Plan) -> Mapping[str, Any]:
        done: dict[str, Any] = {"applied": False, "kept": None, "engine": None}
        if not self.apply or plan.problems or plan.difference.is_empty:
            return done
        kept = plan.write()
        done |= {"applied": True, "kept": str(kept) if kept else None, "engine": "not-running"}
        if running_engine(self.settings.data) is not None:
            done["engine"] = "reload-needed"
            if self.reload:
                self._reload(plan, done)
                done["engine"] = "reloaded"
        return done

    def _reload(self, plan: Plan, done: Mapping[str, Any]) -> None:
        try:
            reload_engine(self.settings)
        except CitybrainError:
            tell(plan, done, as_json=self.as_json)  # it was written all the same
            raise


def change_options(command: Command) -> Callable[..., Any]:
    """`--apply`, `--reload`, `--config`, `--data` and `--json`, handed to the command as one `wish`."""

    @functools.wraps(command)
    def wished(
        *, config: Path | None, data: Path | None, apply: bool, reload: bool, as_json: bool, **others: Any
    ) -> Any:
        wish = Wish(settings=settings_for(config, data), apply=apply, reload=reload, as_json=as_json)
        return command(wish=wish, **others)

    for option in (
        click.option("--json", "as_json", is_flag=True, help="one JSON object · 一个 JSON 对象"),
        click.option("--data", type=click.Path(path_type=Path), help="data directory of a demo · 演示数据目录"),
        click.option("--config", type=click.Path(path_type=Path), help="settings file · 设置文件"),
        click.option("--reload", is_flag=True, help="let a running engine take it at once · 写入后立即生效"),
        click.option("--apply", is_flag=True, help="write it; without it only show · 写入，否则仅显示"),
    ):
        option(wished)
    return wished
