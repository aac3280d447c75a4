"""What `backtest` and `adviser` share: which readings are meant, and the bar that shows how far they are judged."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from citybrain.backtest.running import Plan
from citybrain.backtest.source import Source
from citybrain.backtest.subject import Period, Subject, installed, listed, period_of, readings_in, readings_of
from citybrain.commands.querying import DEFAULT_FILES, settings_for
from citybrain.settings import Settings
from config.durations import parse_duration
from domain.instants import MICROS_PER_S
from rules.history.driving import SHORTEST_GAP_US

Command = TypeVar("Command", bound=Callable[..., Any])
USUAL_GAP_S = 3600.0
SHORTEST_GAP_S = SHORTEST_GAP_US / MICROS_PER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options that say which readings, of which city, from when until when."""

    config: Path | None
    data: Path | None
    readings: Path | None
    devices: Path | None
    since: str | None
    until: str | None
    gap: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """An open source of readings, the city it belongs to, and the time that is meant."""

    subject: Subject
    source: Source
    period: Period
    gap_s: float | None
    records: Settings | None
    """Whose records tell what people were really told; None for a file of readings."""

    def plan(self, warm_up_us: int = 0) -> Plan:
        return Plan(period=self.period, gap_s=self.gap_s, warm_up_us=warm_up_us)


def history_options(command: Command) -> Command:
    """The options of `Asked`; a command takes them as `**given` and passes them to it."""
    path = click.Path(path_type=Path)
    file = click.Path(path_type=Path, exists=True, dir_okay=False)
    for option in (
        click.option(
            "--gap", help="全市静默超过此时长不算离线，0s 不用，缺省 1h · so much silence of all is a pause; 0s: none"
        ),
        click.option("--until", help="截止 · a time with zone, or a duration back from the end"),
        click.option("--since", help="起始 · a time with zone, or a duration such as 30d"),
        click.option("--devices", type=file, help="设备台账 · registry for --readings"),
        click.option("--readings", type=file, help="NDJSON 或 CSV 读数文件 · readings of a file, not of a store"),
        click.option("--data", type=path, help="演示数据目录 · data directory of a demo"),
        click.option("--config", type=path, help="设置文件 · settings file"),
    ):
        command = option(command)
    return command


@contextmanager
def open_history(asked: Asked) -> Iterator[History]:
    """Closes what it opened. Raises Misconfigured, Refused, and click.BadParameter for what is no time."""
    gap_s = None if asked.gap is None else _gap(asked.gap)
    with ExitStack() as stack:
        settings = _settings(asked)
        if asked.readings is not None:
            subject, records = _subject_of_file(asked, settings), None
            scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="citybrain-backtest-"))
            source, now = stack.enter_context(readings_in(asked.readings, Path(scratch))), None
        else:
            settings = settings or settings_for(asked.config, asked.data)
            subject, records, now = installed(settings), settings, settings.make_clock().now()
            source = stack.enter_context(readings_of(settings, subject.catalogue))
        try:
            period = period_of(asked.since, asked.until, source=source, now=now)
        except ValueError as exc:
            raise click.BadParameter(str(exc)) from exc
        if asked.gap is None:
            gap_s = _usual_gap(subject)
        yield History(subject=subject, source=source, period=period, gap_s=gap_s, records=records)


@contextmanager
def progress_of(period: Period, what: str) -> Iterator[Callable[[int], None]]:
    """A bar on stderr where that is a terminal; the callable hears event times in microseconds."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=period.end - period.start)
        yield lambda at: bar.update(task, completed=max(0, at - period.start))


def duration(text: str, option: str) -> float:
    """Seconds. Raises click.BadParameter."""
    try:
        return parse_duration(text)
    except ValueError as exc:
        raise click.BadParameter(f"{option}: {exc}") from exc


def _gap(text: str) -> float | None:
    seconds = duration(text, "--gap")
    if 0 < seconds < SHORTEST_GAP_S:
        raise click.BadParameter(f"--gap {text} is too short; write at least {SHORTEST_GAP_S / 60:g}m, or 0s for never")
    return seconds or None


def _usual_gap(subject: Subject) -> float:
    """A city of hourly stations does not pause every hour."""
    quickest = min((device.interval_s for device in subject.registry), default=0.0)
    return max(USUAL_GAP_S, 3 * quickest)


def _settings(asked: Asked) -> Settings | None:
    """Those that are named, or found here; None where a file of readings needs none."""
    named = asked.config is not None or asked.data is not None
    if asked.readings is not None and not named and not any(file.is_file() for file in DEFAULT_FILES):
        return None
    return settings_for(asked.config, asked.data)


def _subject_of_file(asked: Asked, settings: Settings | None) -> Subject:
    if asked.devices is not None:
        return listed(asked.devices, settings)
    if settings is None:
        raise click.UsageError("--readings needs to know the devices: give --devices FILE, --config FILE or --data DIR")
    return installed(settings)
