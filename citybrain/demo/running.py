"""Runs a demo from the first line on the terminal to the closing summary."""

import json
import time
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from citybrain.demo.console import DemoConsole
from citybrain.demo.files import (
    LOCK,
    DemoFiles,
    claim_folder,
    earlier_city_time,
    empty_folder,
    make_city,
    write_files,
)
from citybrain.demo.story import story_begin
from citybrain.demo.summary import drained_statistics, summary_of
from citybrain.household import Household, Member, broker_member, engine_member, web_member
from domain.errors import Refused
from runtime.clock import Anchor, SystemClock
from runtime.locking import DirectoryLock
from runtime.parentage import keep_files_private
from runtime.ports import is_taken, next_free
from runtime.stopping import Stop

DEFAULT_PORT = 8050
DEFAULT_DATA = Path("demo-data")
SIMULATORS_END_WITHIN_S = 1.0
CURTAIN = timedelta(seconds=8)
DRAIN_WITHIN_S = 1.5
LONG_DRAIN_WITHIN_S = 30.0
"""With a summary asked for and nobody waiting at the keyboard."""
STILL_S, LONG_STILL_S = 0.6, 3.0
"""So long nothing new, and nothing is on the way any more; a slow disk may pause for a second or two."""
END_WITHIN_S = 10.0
"""Children end in a tenth of that. On a slow disk they may not, and one that is killed has more to read next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What `citybrain demo` was asked for; `port` and `data` None for the default. `exit_after_s` counts from when all
    is up; None for no end.
    """

    port: int | None
    data: Path | None
    seed: int
    speed: float
    scenario: str
    browser: bool
    exit_after_s: float | None


def run_demo(options: DemoOptions) -> None:
    """Until Ctrl-C, SIGTERM or the end of the time. Raises Refused with what to do when it cannot start."""
    keep_files_private()
    stop = Stop()
    stop.listen_to_signals()
    console = DemoConsole()
    port = _free_port(options.port, console)
    data = options.data or DEFAULT_DATA
    claim_folder(data)
    lock = DirectoryLock(data, LOCK)
    try:
        if options.data is None and empty_folder(data):
            console.say(f"清除上次演示：{data}", f"removed what the last demo left in {data}; keep it with --data")
        files = write_files(data, web_port=port, anchor=_anchor(options, data))
        summary = DemoRun(options, files, console).run(stop)
    finally:
        lock.release()
    if options.exit_after_s is not None:
        click.echo(json.dumps(summary))


class DemoRun:
    """One demo: its processes, what it tells, and what came of it."""

    def __init__(self, options: DemoOptions, files: DemoFiles, console: DemoConsole) -> None:
        self._options = options
        self._files = files
        self._console = console
        self._began = time.monotonic()
        self._restarts: dict[str, int] = {}
        self._household = Household(
            logs=files.settings.data / "logs",
            bound=files.settings.logs.bound,
            on_death=console.died,
            on_restart=self._note_restart,
            on_ready=lambda name: console.ready(name, after_s=self._age_s),
        )

    @property
    def _age_s(self) -> float:
        return time.monotonic() - self._began

    def run(self, stop: Stop) -> Mapping[str, Any]:
        """Returns the summary; every process has ended."""
        supervisor, end = self._household.supervisor, self._options.exit_after_s
        statistics = None
        try:
            self._start(stop)
            if not stop():
                self._welcome()
                self._household.watch(stop, for_s=end)
            self._console.say("正在结束…", "ending…")
            supervisor.stop(["simulators"], within_s=SIMULATORS_END_WITHIN_S)
            is_awaited = end is None or stop()
            within_s, still_s = (DRAIN_WITHIN_S, STILL_S) if is_awaited else (LONG_DRAIN_WITHIN_S, LONG_STILL_S)
            statistics = drained_statistics(self._files.settings.data, within_s=within_s, still_s=still_s)
        finally:
            for name in supervisor.stop(within_s=END_WITHIN_S):
                self._console.warn(f"{name} 未及时结束，已强制终止", f"{name} did not end in time and was killed")
        return summary_of(statistics, restarts=self._restarts, ran_s=self._age_s)

    def _start(self, stop: Stop) -> None:
        file, settings = self._files.file, self._files.settings
        broker = broker_member(settings)
        if broker is not None:
            self._household.start([broker], stop)
        self._household.start([engine_member(settings, file), web_member(settings, file)], stop)
        scenario, seed = self._options.scenario, str(self._options.seed)
        simulators = Member(
            name="simulators",
            arguments=["simulators", "--config", str(file), "--scenario", scenario, "--seed", seed],
            is_ready=lambda: self._household.supervisor.is_alive("simulators"),
        )
        self._household.start([simulators], stop)

    def _welcome(self) -> None:
        url = f"http://127.0.0.1:{self._files.settings.web.port}"
        self._console.welcome(url, self._files.accounts)
        if self._options.browser and not webbrowser.open(url):
            self._console.say("没有可用的浏览器，请打开上面的地址", "no browser here; open the address above")

    def _note_restart(self, name: str, pid: int) -> None:
        self._restarts[name] = self._restarts.get(name, 0) + 1
        self._console.restarted(name, pid)


def _free_port(asked: int | None, console: DemoConsole) -> int:
    port = asked or DEFAULT_PORT
    if not is_taken(port):
        return port
    free = next_free(port)
    if asked is not None:
        raise Refused(f"端口 {port} 已被占用，可改用 --port {free} · port {port} is taken; --port {free} is free")
    console.warn(f"端口 {port} 已被占用，改用 {free}", f"port {port} is taken; using {free}")
    return free


def _anchor(options: DemoOptions, data: Path) -> Anchor:
    """A new demo begins at the scenario's hour; one that goes on with its data goes on with its clock.

    The story begins when the wall is likely to be up, so that nobody misses its first seconds.
    """
    real = SystemClock().now() + CURTAIN
    earlier = earlier_city_time(data, real=real)
    begin = story_begin(options.scenario, city_folder=make_city(data, seed=options.seed), real=real)
    return Anchor(real=real, city=earlier or begin, speed=options.speed)
