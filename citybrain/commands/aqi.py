"""`citybrain aqi NAME=VALUE …`: the index of given concentrations, with the arithmetic written out."""

import json
import sys
from datetime import date
from zoneinfo import ZoneInfo

import click
from rich.console import Console

from citybrain.air.concentrations import asked, folded
from citybrain.air.showing import headline, report_json, sub_table
from citybrain.commands.querying import WIDTH_OF_PIPES
from domain.errors import Refused
from rules.standards.air.editions import Edition, Editions, Rounding, load_editions
from rules.standards.air.limits import load_ambient
from rules.standards.air.reports import Period, pollutants_of, report
from runtime.clock import SystemClock

AUTO = "auto"
STANDARDS = (AUTO, "hj633-2026", "hj633-2012", "epa-2024")
CHINA = ZoneInfo("Asia/Shanghai")
REST = "rest"


@click.command(name="aqi")
@click.argument("concentrations", nargs=-1, required=True, metavar="NAME=VALUE…")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="观测日期，缺省今天 · of the observation")
@click.option("--hourly", is_flag=True, help="小时报，缺省日报 · the hourly report; default: the daily one")
@click.option("--standard", type=click.Choice(STANDARDS), default=AUTO, show_default=True, help="标准版本 · edition")
@click.option(
    "--not-monitored", multiple=True, metavar="NAME", help="不监测的污染物，可重复；rest 表示其余全部 · repeatable"
)
@click.option(
    "--rounding", type=click.Choice([how.value for how in Rounding]), help="浓度修约 · instead of the edition's"
)
@click.option("--json", "as_json", is_flag=True, help="one JSON object · 一个 JSON 对象")
def command(  # noqa: PLR0913  the options of a command line are its parameters
    *,
    concentrations: tuple[str, ...],
    day: date | None,
    hourly: bool,
    standard: str,
    not_monitored: tuple[str, ...],
    rounding: str | None,
    as_json: bool,
) -> None:
    """计算空气质量指数 · The air quality index of given concentrations.

    citybrain aqi pm2_5=61 o3_8h=170 · co=1.2mg/m3 · o3=60ppb. Without a unit µg/m³, CO mg/m³ (epa-2024: its own units).
    With a pollutant missing HJ 633-2026 publishes an AQI only above 100; say what is not monitored at all.
    """
    edition = _edition(load_editions(), standard, day)
    if rounding is not None:
        edition = edition.rounding(Rounding(rounding))
    period = Period.HOURLY if hourly else Period.DAILY
    given = asked(concentrations, edition, period, load_ambient())
    measured = {edition.indicators[name].pollutant for name in given.values}
    ignored = _ignored(not_monitored, pollutants_of(edition, period), measured)
    found = report(edition, period, given.values, not_monitored=ignored)
    if as_json:
        click.echo(json.dumps({**report_json(found), "remarks": list(given.remarks)}, ensure_ascii=False))
        return
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_PIPES)
    console.print(headline(found, edition))
    console.print(sub_table(found, edition))
    for remark in given.remarks:
        console.print(remark)


def _edition(editions: Editions, standard: str, day: date | None) -> Edition:
    if standard != AUTO:
        return editions[standard]
    # click gives a datetime at midnight: its date is what was written
    return editions.on(SystemClock().now().astimezone(CHINA).date() if day is None else date(*day.timetuple()[:3]))


def _ignored(names: tuple[str, ...], known: tuple[str, ...], measured: set[str]) -> set[str]:
    """Raises Refused for a name that is no pollutant here, or that has a value."""
    plain = {folded(name) for text in names for name in text.split(",")}
    if REST in plain:
        return set(known) - measured
    wrong = sorted((plain - set(known)) | (plain & measured))
    if wrong:
        raise Refused(f"--not-monitored {wrong[0]}: is no pollutant without a value; {', '.join(known)} are known")
    return plain
