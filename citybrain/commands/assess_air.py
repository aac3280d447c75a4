"""`citybrain assess air FILE`: a station's hours by the standard: AQI, compliance, good days, what was missing."""

import json
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.console import Console

from citybrain.air.assessed import assessment_json
from citybrain.air.assessed_tables import tables
from citybrain.air.concentrations import folded
from citybrain.air.reading_files import read_samples
from citybrain.air.samples import hours_from
from citybrain.air.table_files import Reading
from citybrain.commands.querying import WIDTH_OF_PIPES
from domain.errors import Refused
from rules.standards.air.assessment import assess
from rules.standards.air.editions import load_editions
from rules.standards.air.limits import Ambient, load_ambient
from rules.standards.air.units import unit_of

AUTO = "auto"
STANDARDS = (AUTO, "hj633-2026", "hj633-2012", "epa-2024")


@click.command(name="air")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--standard", type=click.Choice(STANDARDS), default=AUTO, show_default=True, help="标准版本 · edition")
@click.option("--tz", default="Asia/Shanghai", show_default=True, help="时间与日界的时区 · of local times and of days")
@click.option(
    "--time-label", type=click.Choice(["start", "end"]), help="CSV 时间为时段起点或终点 · default: by the file"
)
@click.option("--unit", "units", multiple=True, metavar="NAME=UNIT", help="列的单位，可重复，如 co=µg/m³ · of a column")
@click.option("--not-monitored", multiple=True, metavar="NAME", help="不监测的污染物，可重复 · not measured at all")
@click.option("--zero-is-missing", is_flag=True, help="零值视为缺测 · a 0 is a placeholder")
@click.option("--device", help="多个站点中的一个 · one of several stations or devices")
@click.option("--days", "all_days", is_flag=True, help="列出每一天 · show every day")
@click.option("--json", "as_json", is_flag=True, help="one JSON object · 一个 JSON 对象")
def air(  # noqa: PLR0913  the options of a command line are its parameters
    *,
    file: Path,
    standard: str,
    tz: str,
    time_label: str | None,
    units: tuple[str, ...],
    not_monitored: tuple[str, ...],
    zero_is_missing: bool,
    device: str | None,
    all_days: bool,
    as_json: bool,
) -> None:
    """空气质量评价 · A station by the standard: hourly and daily AQI, GB 3095 compliance, percentiles.

    \b
    citybrain assess air station.csv
    citybrain assess air city.csv --device 东四 --days --json

    FILE：小时均值 CSV（表头中英文均可，不带单位时为 µg/m³，CO 为 mg/m³），或 citybrain readings --json 的输出。
    FILE is a CSV of hourly means (without units µg/m³, CO mg/m³), or the NDJSON of `citybrain readings --json`; see
    docs/standards-air.md.
    """
    editions, ambient = load_editions(), load_ambient()
    how = Reading(
        timezone=_zone(tz),
        units=_units(units, ambient),
        label=time_label,
        zero_is_missing=zero_is_missing,
        device=device,
    )
    samples = read_samples(file, how, ambient)
    hours = hours_from(samples, timezone=tz, minutes_of_hour=ambient.validity.minutes_of_hour)
    found = assess(
        hours,
        editions=editions,
        ambient=ambient,
        standard=None if standard == AUTO else standard,
        not_monitored=_pollutants(not_monitored, ambient),
    )
    if as_json:
        head = {"file": file.name, "standard": standard, "timezone": tz}
        click.echo(json.dumps({**head, **assessment_json(found, samples, editions)}, ensure_ascii=False))
        return
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_PIPES)
    for part in tables(found, samples, editions, timezone=tz, all_days=all_days):
        console.print(part)


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError) as exc:
        raise Refused(f"--tz {name}: is no zone of time; write a name such as Asia/Shanghai") from exc


def _units(given: tuple[str, ...], ambient: Ambient) -> dict[str, str]:
    found = {}
    for text in given:
        name, _, unit = text.partition("=")
        try:
            found[folded(name)] = unit_of(unit)
        except ValueError as exc:
            raise Refused(f"--unit {text}: {exc}") from exc
    _pollutants(tuple(found), ambient)
    return found


def _pollutants(names: tuple[str, ...], ambient: Ambient) -> frozenset[str]:
    plain = [folded(name) for text in names for name in text.split(",")]
    for name in plain:
        if name not in ambient.pollutants:
            raise Refused(f"{name!r} is no pollutant; known are {', '.join(ambient.pollutants)}")
    return frozenset(plain)
