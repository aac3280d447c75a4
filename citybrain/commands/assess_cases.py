"""`citybrain assess cases FILE`: the rates of a list of cases (案卷), with numerator, denominator and deadlines."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from citybrain.settings import zone_of
from domain.errors import Refused

if TYPE_CHECKING:
    from cases.method import Method
    from citybrain.casework.columns import Role
    from config.calendars import Calendar


@click.command(name="cases")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--since", help="时段起点，如 2026-11-01 · begin of the period; default: the beginning")
@click.option("--until", help="时段终点（不含）· its end, not included; default: the latest time of the file")
@click.option("--tz", default="Asia/Shanghai", show_default=True, help="本地时间的时区 · zone of local times")
@click.option("--calendar", default="cn", show_default=True, help="节假日历或其文件 · holidays: a name, or a YAML file")
@click.option("--hours", multiple=True, help="工作时间，可重复，如 08:30-12:00 · work hours; may be repeated")
@click.option(
    "--method", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="方法 YAML · a method file"
)
@click.option(
    "--codes",
    type=click.Choice(["gbt30428", "cjt214"]),
    default="gbt30428",
    show_default=True,
    help="代码版本 · generation of codes",
)
@click.option(
    "--column", "columns", multiple=True, help="指定列，如 disposed=办结时间 · name a column; may be repeated"
)
@click.option("--cases", is_flag=True, help="列出每个案卷及其截止时间 · every case with its deadline")
@click.option("--json", "as_json", is_flag=True, help="一个 JSON 对象 · one JSON object")
def cases(*, file: Path, cases: bool, as_json: bool, **asked: Any) -> None:
    """案卷指标 · Rates of a list of cases: disposed of and closed in time, rework; by department, with deadlines.

    \b
    citybrain assess cases cases.csv --since 2026-11-01 --until 2026-12-01
    citybrain assess cases cases.json --hours 09:00-12:00 --hours 13:30-17:30 --json

    FILE：CSV 或 JSON，每行一个案卷（编号、派遣、处置、时限等，表头中英文均可）。
    FILE is a CSV or JSON with a case in each row (id, dispatched, disposed, limit and so on); see
    docs/standards-cases.md.
    """
    from cases.codes import load_codes
    from citybrain.casework.assessing import CaseworkOptions, assess_list
    from citybrain.casework.report import report_of
    from citybrain.casework.text import print_report

    zone = _zone(asked["tz"])
    options = CaseworkOptions(
        method=_method(asked["method"], asked["hours"]),
        generation=asked["codes"],
        codes=load_codes().generations[asked["codes"]],
        calendar=_calendar(asked["calendar"]),
        zone=zone,
        since=_instant(asked["since"], "--since", zone),
        until=_instant(asked["until"], "--until", zone),
        columns=dict(_columns(asked["columns"])),
    )
    report = report_of(assess_list(file, options))
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, allow_nan=False))
    else:
        print_report(report, cases=cases)


def _method(file: Path | None, hours: Sequence[str]) -> "Method":
    """The file's, or what ships, with the hours that were asked for."""
    from cases.method import SHIPPED_METHOD, Method, load_method
    from config.loading import read_yaml

    path = file or SHIPPED_METHOD
    method = load_method(path)
    if not hours:
        return method
    try:
        return Method.model_validate({**read_yaml(path)[1], "hours": list(hours)})
    except ValueError as exc:
        raise click.BadParameter(f"--hours {' '.join(hours)}: {_advice(exc)}") from exc


def _advice(problem: ValueError) -> str:
    from pydantic import ValidationError

    if isinstance(problem, ValidationError):
        return str(problem.errors()[0]["msg"]).removeprefix("Value error, ")
    return str(problem)


def _calendar(name: str) -> "Calendar":
    from config.calendars import load_calendar, shipped_calendars

    shipped = shipped_calendars()
    if name not in shipped and not Path(name).is_file():
        raise click.BadParameter(f"--calendar {name}: neither {', '.join(shipped)} nor a file")
    return load_calendar(shipped.get(name) or Path(name))


def _zone(name: str) -> ZoneInfo:
    try:
        return zone_of(name)
    except ValueError as exc:
        raise click.BadParameter(f"--tz: {exc}") from exc


def _instant(text: str | None, option: str, zone: ZoneInfo) -> int | None:
    from citybrain.casework.reading import instant

    try:
        return None if text is None else instant(text, zone)
    except ValueError as exc:
        raise click.BadParameter(f"{option}: {exc}") from exc


def _columns(texts: Sequence[str]) -> "Iterator[tuple[Role, str]]":
    from citybrain.casework.columns import Role

    for text in texts:
        name, equals, header = text.partition("=")
        if not (equals and header and name in set(Role)):
            raise Refused(f"--column {text}: write ROLE=NAME; the roles are {', '.join(Role)}")
        yield Role(name), header
