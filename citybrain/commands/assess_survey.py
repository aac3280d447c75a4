"""`citybrain assess survey`: a city's noise grade after HJ 640 from a table of cells or roads."""

import json
from datetime import date, datetime
from pathlib import Path

import click

from citybrain.noise.survey import Surveyed, survey_of
from citybrain.settings import zone_of
from runtime.clock import SystemClock

CITY_ZONE = "Asia/Shanghai"


@click.command(name="survey")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--roads", is_flag=True, help="道路交通噪声，按路长加权 · road traffic, mean by length of road")
@click.option("--night", is_flag=True, help="夜间 · by night; default by day")
@click.option(
    "--date", "on", type=click.DateTime(["%Y-%m-%d"]), help="监测日期，决定版本 · of the survey; default today"
)
@click.option("--json", "as_json", is_flag=True, help="一个 JSON 对象 · one JSON object")
def survey(*, file: Path, roads: bool, night: bool, on: datetime | None, as_json: bool) -> None:
    """城市区域或道路交通声环境等级（HJ 640）· A city's noise grade: FILE is a CSV, a cell or road in each row.

    \b
    citybrain assess survey cells.csv             # leq
    citybrain assess survey roads.csv --roads     # leq, length
    """
    from rules.standards.noise.regional import Survey

    day = on.date() if on else SystemClock().now().astimezone(zone_of(CITY_ZONE)).date()
    found = survey_of(file, Survey.ROAD if roads else Survey.REGION, "night" if night else "day", on=day)
    click.echo(json.dumps(found.as_json(), ensure_ascii=False) if as_json else _page(found, day))


def _page(found: Surveyed, day: date) -> str:
    kind = (
        "道路交通，按路长加权 roads, by length"
        if found.length is not None
        else "区域，算术平均 region, arithmetic mean"
    )
    period = "昼间 day" if found.period == "day" else "夜间 night"
    lines = [
        f"{kind} · {period} · {day} · {found.grade.edition}",
        f"有效测点 points {found.points}" + (f"，总长 length {found.length:g}" if found.length is not None else ""),
        f"平均等效声级 mean {found.mean:.3f} → {found.grade.mean:.1f} dB(A)",
        f"等级 {found.grade.name.zh} · {found.grade.name.en}",
    ]
    lines += [f"  未采用 left out: 行 line {line}: {why}" for line, why in found.left_out]
    return "\n".join(lines)
