"""`citybrain assess noise FILE`: levels of a file after the standard, hour by hour, day by day, with verdicts."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from config.durations import parse_duration
from domain.places import NoiseZone

if TYPE_CHECKING:
    from citybrain.noise.assessing import AssessOptions
    from rules.standards.noise.validity import Validity

_KINDS = ("ambient", "construction", "social", "industrial")
_OF_VALIDITY = ("minutes_of_hour", "hours_of_day", "hours_of_night", "rounding", "weather_margin")


@click.command(name="noise")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--kind",
    type=click.Choice(_KINDS),
    default="ambient",
    show_default=True,
    help="区域 / 施工 / 社会生活 / 厂界 · of which noise: the standard follows from it",
)
@click.option("--zone", "zones", multiple=True, help="声功能区 0…4b，缺省 2；某一点用 POINT=ZONE · class of the area")
@click.option(
    "--place", default="outdoor", show_default=True, help="outdoor, indoor, room-a, room-b, old-railway · 位置"
)
@click.option(
    "--tz", default="Asia/Shanghai", show_default=True, help="昼夜与本地时间的时区 · of local times and of days"
)
@click.option(
    "--stamp",
    type=click.Choice(["auto", "begin", "end"]),
    default="auto",
    show_default=True,
    help="时标为时段起点或终点 · which end of its interval a time names",
)
@click.option("--span", help="每个数据的时长，如 60s · how long each level lasted; default: the file's usual step")
@click.option("--time-format", help="时间格式，如 %m/%d/%Y %H:%M · strptime format of the times")
@click.option(
    "--column", "columns", multiple=True, help="指定列 time=NAME level=NAME lmax= wind= rain= … · name a column"
)
@click.option(
    "--validity", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="有效性设置 YAML · settings"
)
@click.option("--minutes-of-hour", type=float, help="有效小时所需分钟 · default 45")
@click.option("--hours-of-day", type=int, help="昼间所需有效小时 · default 12")
@click.option("--hours-of-night", type=int, help="夜间所需有效小时 · default 6")
@click.option("--rounding", type=click.Choice(["none", "integer"]), help="评价前修约 · default none")
@click.option("--weather-margin", help="恶劣天气前后剔除时长，如 5m · default 0s")
@click.option("--background", type=float, help="背景噪声 dB(A)，用于修正 · level to take off a source")
@click.option(
    "--peaks",
    type=click.Choice(["frequent", "occasional"]),
    default="frequent",
    show_default=True,
    help="夜间频发或偶发噪声（厂界）· how often loud moments come at night (industrial)",
)
@click.option("--hourly", is_flag=True, help="列出每小时 · show every hour")
@click.option("--json", "as_json", is_flag=True, help="一个 JSON 对象 · one JSON object")
def noise(file: Path, *, hourly: bool, as_json: bool, **asked: Any) -> None:
    """噪声评价 · Levels of FILE by the standard: Leq, Ld, Ln, L10…, validity, verdicts with clause and edition.

    \b
    citybrain assess noise levels.csv --zone 2
    citybrain assess noise levels.csv --zone 4a --hourly --json

    FILE：CSV，至少一列时间、一列声级（表头中英文均可），或 citybrain readings --json 的输出。
    FILE is a CSV with a column of times and one of levels, or lines of `citybrain readings --json`; see
    docs/standards-noise.md.
    """
    from citybrain.noise.assessing import assess_file
    from citybrain.noise.report import report_of
    from citybrain.noise.text import print_report

    options = _options(asked)
    with _progress(file, wanted=not as_json) as told:
        found = assess_file(file, options, told)
    report = report_of(found)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, allow_nan=False))
    else:
        print_report(report, hourly=hourly)


def _options(asked: Mapping[str, Any]) -> "AssessOptions":
    from citybrain.noise.assessing import AssessOptions
    from citybrain.noise.columns import Role
    from citybrain.noise.series import SeriesOptions, Stamp
    from rules.standards.noise.standards import Kind

    _check_timezone(asked["tz"])
    zone, zones = _zones(asked["zones"])
    return AssessOptions(
        kind=Kind(asked["kind"]),
        zone=zone,
        zones=zones,
        place=asked["place"],
        validity=_validity(asked),
        series=SeriesOptions(timezone=asked["tz"], stamp=Stamp(asked["stamp"]), span_s=_span(asked["span"])),
        time_format=asked["time_format"],
        columns={_chosen(Role, role, "--column"): name for role, name in _pairs(asked["columns"], "--column")},
        background=asked["background"],
        peaks=asked["peaks"],
    )


def _validity(asked: Mapping[str, Any]) -> "Validity":
    """The file's, or what ships, with what the options change."""
    from pydantic import ValidationError

    from config.loading import shape_faults
    from rules.standards.noise.validity import SHIPPED_VALIDITY, Validity, load_validity

    base = load_validity(asked["validity"] or SHIPPED_VALIDITY).model_dump()
    changed = {name: asked[name] for name in _OF_VALIDITY if asked[name] is not None}
    try:
        return Validity.model_validate({**base, **changed})
    except ValidationError as exc:
        faults = "; ".join(
            f"--{'.'.join(map(str, at)).replace('_', '-')}: {why}" for at, why in shape_faults(Validity, exc)
        )
        raise click.UsageError(faults) from exc


def _zones(texts: Sequence[str]) -> tuple[NoiseZone, dict[str, NoiseZone]]:
    plain = [text for text in texts if "=" not in text]
    if len(plain) > 1:
        raise click.BadParameter(f"{' and '.join(plain)}: one zone for all; for one point write POINT=ZONE")
    zones = {
        point: _chosen(NoiseZone, zone, "--zone") for point, zone in _pairs([t for t in texts if "=" in t], "--zone")
    }
    return _chosen(NoiseZone, plain[0] if plain else "2", "--zone"), zones


def _pairs(texts: Sequence[str], option: str) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, equals, value = text.rpartition("=") if option == "--zone" else text.partition("=")
        if not (name and equals and value):
            raise click.BadParameter(f"{option} {text!r} is no pair; write NAME=VALUE")
        yield name, value


def _chosen(words: Any, text: str, option: str) -> Any:
    try:
        return words(text.lower())
    except ValueError as exc:
        known = ", ".join(word.value for word in words)
        raise click.BadParameter(f"{option} {text!r} is none of {known}") from exc


def _span(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = parse_duration(text)
    except ValueError as exc:
        raise click.BadParameter(f"--span: {exc}") from exc
    if not 0 < seconds <= 3600:
        raise click.BadParameter(f"--span {text}: a level of an hour lasts more than nothing and at most 1h")
    return seconds


def _check_timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as exc:
        raise click.BadParameter(f"--tz {name!r} is not known; write a name such as Asia/Shanghai") from exc


@contextmanager
def _progress(file: Path, *, wanted: bool) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal's stderr while a long file is read; stdout stays the report's."""
    if not (wanted and sys.stderr.isatty()):
        yield lambda _passed: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("读取 reading", total=file.stat().st_size)
        yield lambda passed: progress.update(task, completed=passed)
