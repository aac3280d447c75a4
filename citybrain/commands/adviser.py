"""`citybrain adviser`: which dead-band and hold time a rule should have, judged on what was measured."""

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from citybrain.backtest.advising import Question, advice_on, trials_table
from citybrain.backtest.words import local
from citybrain.commands.history import Asked, duration, history_options, open_history, progress_of
from citybrain.commands.querying import WIDTH_OF_PIPES


@click.command(name="adviser")
@click.option("--rule", required=True, help="规则编号 · id of the rule")
@click.option(
    "--rules",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="规则文件；缺省为本系统规则 · where it stands; default: the installation's own",
)
@click.option("--dead-bands", default="0,1,2,3", show_default=True, help="回差，按指标单位 · in the unit of the metric")
@click.option("--holds", default="0s,30s,60s,5m", show_default=True, help="保持时间 · hold times to try")
@click.option("--act", default="10m", show_default=True, help="处置所需时间 · alerts that last this long must be told")
@history_options
@click.option("--json", "as_json", is_flag=True, help="一个 JSON 对象 · one JSON object")
def command(
    *, rule: str, rules: tuple[Path, ...], dead_bands: str, holds: str, act: str, as_json: bool, **given: Any
) -> None:
    """回差与保持时间顾问 · Try dead-bands and hold times of a rule on stored readings, all in one pass."""
    question = Question(
        rule=rule,
        dead_bands=tuple(_number(text) for text in dead_bands.split(",")),
        holds=tuple(duration(text, "--holds") for text in holds.split(",")),
        act_s=duration(act, "--act"),
    )
    with open_history(Asked(**given)) as history, progress_of(history.period, "顾问 adviser") as progress:
        ruleset = history.subject.rules(rules)
        advice, row = advice_on(question, ruleset, history.subject, history.source, history.plan(), progress)
        zone = history.subject.registry.city.timezone
    if as_json:
        click.echo(json.dumps(row, ensure_ascii=False))
        return
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=WIDTH_OF_PIPES)
    begin, end = (local(row[name], zone) for name in ("since", "until"))
    console.print(f"{rule}（{row['unit']}）{begin} – {end}（{zone}），读数 readings {row['readings']:,}")
    console.print(trials_table(advice))
    console.print(row["reason"]["zh"], soft_wrap=True)
    console.print(row["reason"]["en"], soft_wrap=True)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError as exc:
        raise click.BadParameter(f"--dead-bands: {text!r} is not a number") from exc
    if not 0 <= number < float("inf"):
        raise click.BadParameter(f"--dead-bands: {text} must be 0 or more")
    return number
